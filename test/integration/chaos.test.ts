import {beforeAll, describe, expect, test} from 'vitest';
import {
  clusterStatus,
  containers,
  etcdLeader,
  except,
  failedOver,
  ids,
  LIMIT_MS,
  leaderNotOnMaster,
  NODES,
  of,
  oneEach,
  pingAfterBirdIsKilled,
  recovered,
  registeredAgents,
  task,
  waitForPings,
  without,
} from '../support/chaos.js';
import {ensureCluster, hw5, inMachine, LAB} from '../support/lab.js';

/**
 * Makes the emulator's plugin behave as upstream's, which is in a container that dockerd starts itself: dockerd waits 15 s for it at each endpoint of
 * a container that died. Nothing has to be done where upstream Calico runs.
 */
async function pluginWaitsForDocker(node: string, isOn: boolean): Promise<void> {
  const file = '/etc/calico/hw5-lab.after-docker';
  await inMachine(
    node,
    `if systemctl is-enabled -q calico-libnetwork 2>/dev/null; then ${isOn ? `touch ${file}` : `rm -f ${file}`}; systemctl restart calico-libnetwork; fi`,
  );
}

describe('the cluster survives', () => {
  beforeAll(async () => {
    await ensureCluster();
  });

  test('a killed scheduler: one subscribes again with the same id, no task is touched', async () => {
    const before = await containers();
    const {leader} = (await clusterStatus()).framework;
    await failedOver('leading scheduler killed', NODES, () =>
      inMachine(leader!, 'systemctl kill --kill-who=main -s KILL hw5-scheduler'),
    );
    await recovered('leading scheduler killed');
    expect(ids(await containers())).toEqual(ids(before));
  });

  test('a leader that is stopped for good: another node leads', async () => {
    const before = await containers();
    const {leader} = (await clusterStatus()).framework;
    const others = NODES.filter((node) => node !== leader);
    try {
      await failedOver('leading scheduler stopped', others, () => inMachine(leader!, 'systemctl stop hw5-scheduler'));
      expect((await clusterStatus()).framework).toMatchObject({
        state: 'healthy',
        leader: expect.stringMatching(others.join('|')),
      });
    } finally {
      await inMachine(leader!, 'systemctl start hw5-scheduler');
    }
    await recovered('leading scheduler stopped and started');
    expect(ids(await containers())).toEqual(ids(before));
  });

  test("the leading scheduler's node cut off from the network: another one leads, no task is touched", async () => {
    const victim = await leaderNotOnMaster();
    const others = NODES.filter((node) => node !== victim);
    const before = await containers();
    const cable = (verb: '-I' | '-D') =>
      inMachine(
        victim,
        ['INPUT -i', 'OUTPUT -o', 'FORWARD -i', 'FORWARD -o'].map((way) => `iptables ${verb} ${way} host0 -j DROP`).join(' && '),
      );
    try {
      await failedOver('leading scheduler cut off', others, () => cable('-I'));
      expect((await clusterStatus()).framework).toMatchObject({
        state: 'healthy',
        leader: expect.stringMatching(others.join('|')),
      });
      expect(ids(await containers())).toEqual(ids(before));
    } finally {
      await cable('-D');
    }
    await recovered('leading scheduler cut off');
    expect(ids(await containers())).toEqual(ids(before));
  });

  test('a killed Mesos master whose agents wait for its pings: nothing is reported as healthy before they are back', async () => {
    const before = await containers();
    try {
      await waitForPings(true);
      await recovered('Mesos agents restarted');
      const samples: {readonly healthy: boolean; readonly confirmed: number; readonly registered: number}[] = [];
      const isRecovered = async (): Promise<boolean> => {
        const {healthy, tasks} = await clusterStatus();
        // counted after the status: it only increases, so a status that is healthy with too few of them is wrong
        const registered = await registeredAgents();
        samples.push({healthy, confirmed: tasks.filter(({isConfirmed}) => isConfirmed).length, registered});
        return healthy;
      };
      await inMachine('node0', 'systemctl kill --kill-who=main -s KILL hw5-mesos-master');
      await Promise.all([
        recovered('Mesos master killed, agents that wait for its pings', isRecovered),
        (async () => {
          await expect
            .poll(async () => (await clusterStatus()).framework.connected, {timeout: LIMIT_MS, interval: 500})
            .toBe(true);
          expect((await task('restart', 'ssh-1')).all).toMatch(
            /^ssh-1\.\d+ on node\d will be ended, .* as soon as the agent on node\d is registered/,
          );
          expect((await task('release', 'ssh-2', 1)).all).toMatch(
            /ssh-2 may be running: the agent on node\d has another \d+ s to register/,
          );
          expect((await hw5(['--lab-name', LAB.name, 'why', 'ssh-3'])).exitCode).toBe(3);
          expect((await hw5(['--lab-name', LAB.name, 'plan'])).all).toContain('mesos-agent to register with the Mesos master');
          await pingAfterBirdIsKilled(before);
        })(),
      ]);
      expect(samples.filter(({registered}) => registered < NODES.length)).not.toEqual([]);
      expect(samples.filter(({healthy, registered}) => healthy && registered < NODES.length)).toEqual([]);
      expect(samples.filter(({confirmed, registered}) => confirmed > 0 && registered === 0)).toEqual([]);
    } finally {
      await waitForPings(false);
    }
    await recovered('Mesos agents restarted');
    const after = await oneEach();
    expect(ids(of(after, 'ssh-1'))).not.toEqual(ids(of(before, 'ssh-1')));
    expect(ids(except(after, 'ssh-1'))).toEqual(ids(except(before, 'ssh-1')));
  });

  test('a killed Mesos agent: its containers keep running', async () => {
    const before = await containers();
    await inMachine('node1', 'systemctl kill --kill-who=main -s KILL hw5-mesos-agent');
    await recovered('Mesos agent killed');
    expect(ids(await containers())).toEqual(ids(before));
  });

  test('a killed container: started again at its address, the others untouched', async () => {
    const before = await containers();
    const victim = before.find(({task}) => task === 'ssh-2')!;
    await inMachine(victim.node, `docker kill ${victim.id}`);
    await expect
      .poll(async () => (await containers()).find(({task}) => task === 'ssh-2')?.id ?? victim.id, {timeout: LIMIT_MS})
      .not.toBe(victim.id);
    await recovered('container killed');
    const after = await oneEach();
    expect(ids(except(after, 'ssh-2'))).toEqual(ids(except(before, 'ssh-2')));
  });

  test("etcd's own leader killed: no task is touched", async () => {
    const before = await containers();
    await inMachine(await etcdLeader(), 'systemctl kill --kill-who=main -s KILL hw5-etcd');
    await recovered("etcd's leader killed");
    expect(ids(await containers())).toEqual(ids(before));
  });

  test('a killed dockerd: what ran there runs again at its addresses, the other nodes are untouched', async () => {
    const before = await containers();
    await pluginWaitsForDocker('node1', true);
    try {
      await inMachine('node1', 'kill -9 $(pgrep -x dockerd)');
      await expect
        .poll(async () => (await clusterStatus()).healthy, {timeout: 30_000, interval: 200})
        .toBe(false)
        .catch(() => undefined);
      await recovered('dockerd killed');
      const after = await oneEach();
      expect(ids(without(after, 'node1').filter(({id}) => before.some((one) => one.id === id)))).toEqual(
        ids(without(before, 'node1')),
      );
    } finally {
      await pluginWaitsForDocker('node1', false);
    }
  });

  test("the leading scheduler's machine without power: another one leads; after its return no address is held twice", async () => {
    const victim = await leaderNotOnMaster();
    const others = NODES.filter((node) => node !== victim);
    const before = await containers();
    try {
      await failedOver("leading scheduler's machine off", others, () => hw5(['lab', 'power', 'off', '--name', LAB.name, victim]));
      expect((await clusterStatus()).framework).toMatchObject({
        state: 'healthy',
        leader: expect.stringMatching(others.join('|')),
      });
      const meanwhile = await containers(others);
      expect(ids(meanwhile)).toEqual(ids(without(before, victim)));
    } finally {
      await hw5(['lab', 'power', 'on', '--name', LAB.name, victim]);
    }
    await recovered('machine off and on');
    const after = await oneEach();
    expect(ids(after)).toEqual(expect.arrayContaining(ids(without(before, victim))));
    await expect.poll(async () => (await hw5(['--lab-name', LAB.name, 'plan'])).exitCode, {timeout: LIMIT_MS}).toBe(0);
  });
});
