import {appendFile} from 'node:fs/promises';
import {beforeAll, describe, expect, test} from 'vitest';
import {isEstablished} from '../../src/components/calico/node-status.js';
import type {ClusterStatus} from '../../src/status/status.js';
import {ADDRESSES, ensureCluster, hw5, inMachine, LAB, onLab} from '../support/lab.js';

const NODES = ['node0', 'node1', 'node2'] as const;
/** Far more than any recovery takes, also on a busy host. */
const LIMIT_MS = 240_000;

/** A container of a task that runs, as its machine's Docker shows it. */
interface Running {
  readonly task: string;
  readonly node: string;
  readonly id: string;
  readonly ip: string;
}

async function clusterStatus(): Promise<ClusterStatus> {
  const result = await hw5(['--lab-name', LAB.name, 'status', '--json']);
  return JSON.parse(result.stdout as string) as ClusterStatus;
}

/** All tasks' containers on the machines that are on. */
async function containers(nodes: readonly string[] = NODES): Promise<Running[]> {
  const lists = await Promise.all(
    nodes.map(async (node) => {
      const text = await inMachine(
        node,
        `ids=$(docker ps -q --no-trunc --filter name=^/mesos-); [ -z "$ids" ] || docker inspect -f '{{.Config.Hostname}} {{.Id}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' $ids`,
      );
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => {
          const [task, id, ip] = line.split(' ') as [string, string, string];
          return {task, node, id, ip};
        });
    }),
  );
  return lists.flat();
}

/** `hw5 task ACTION NAME` on the lab. */
const task = (action: string, name: string, exitCode = 0) => onLab(['task', action, name], exitCode);

/** The agents that the Mesos master has as active. */
async function registeredAgents(): Promise<number> {
  const text = await inMachine('node0', `curl -s -m 5 http://${ADDRESSES[0]}:5050/slaves || true`);
  const {slaves = []} = (text === '' ? {} : JSON.parse(text)) as {slaves?: {active: boolean}[]};
  return slaves.filter(({active}) => active).length;
}

/** Whether the emulator's agents notice a restart of their master as late as upstream ones, which wait for its pings. */
async function waitForPings(isLate: boolean): Promise<void> {
  const directory = '/run/systemd/system/hw5-mesos-agent.service.d';
  const change = isLate
    ? `mkdir -p ${directory} && printf '[Service]\\nEnvironment=MESOS_HW5_WAITS_FOR_PINGS=1\\n' >${directory}/chaos.conf`
    : `rm -rf ${directory}`;
  await Promise.all(
    NODES.map((node) => inMachine(node, `${change} && systemctl daemon-reload && systemctl restart hw5-mesos-agent`)),
  );
}

/** Kills BIRD on a node; containers still reach each other, because the routes stay in the kernel. */
async function pingAfterBirdIsKilled(running: readonly Running[]): Promise<void> {
  const from = running.find((one) => one.task === 'ssh-2')!;
  const to = running.find(({task: name, node}) => node !== from.node && name !== 'ssh-1')!;
  await inMachine(from.node, 'kill -9 $(pgrep -x bird)');
  await inMachine(from.node, `docker exec ${from.id} ping -c 5 -i 0.5 -W 2 ${to.ip}`);
  await recovered('BIRD killed', async () => {
    const {nodes} = await clusterStatus();
    return nodes.every(({components, peers}) => components['calico']?.state === 'healthy' && peers.every(isEstablished));
  });
}

/** Waits until the cluster is healthy again, and appends the seconds that took to $HW5_CHAOS_REPORT, for docs/reliability.md. */
async function recovered(failure: string, isRecovered = async () => (await clusterStatus()).healthy): Promise<void> {
  const started = performance.now();
  await expect.poll(isRecovered, {timeout: LIMIT_MS, interval: 500, message: `healthy after: ${failure}`}).toBe(true);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  if (process.env['HW5_CHAOS_REPORT']) await appendFile(process.env['HW5_CHAOS_REPORT'], `| ${failure} | ${seconds} s |\n`);
}

/** When schedulers subscribed at the master, by their journals: seconds since 1970. */
async function subscriptions(nodes: readonly string[]): Promise<number[]> {
  const journals = await Promise.all(
    nodes.map((node) => inMachine(node, "journalctl -u hw5-scheduler -o short-unix --no-pager | grep 'subscribed as ' || true")),
  );
  return journals.flatMap((journal) =>
    journal
      .split('\n')
      .filter(Boolean)
      .map((line) => Number(line.split(' ')[0])),
  );
}

/**
 * Causes a failure of the leading scheduler and waits until one has subscribed again; the time in between is recorded. The status does not
 * suffice: until the lease of the failed one expires it reports the last subscription.
 */
async function failedOver(what: string, nodes: readonly string[], cause: () => Promise<unknown>): Promise<void> {
  const {id} = (await clusterStatus()).framework;
  const since = Date.now() / 1000;
  await cause();
  const later = async () => (await subscriptions(nodes)).filter((time) => time > since);
  await expect.poll(later, {timeout: LIMIT_MS, interval: 500, message: `another subscription after: ${what}`}).not.toEqual([]);
  const seconds = (Math.min(...(await later())) - since).toFixed(1);
  if (process.env['HW5_CHAOS_REPORT'])
    await appendFile(process.env['HW5_CHAOS_REPORT'], `| ${what}: subscribed again | ${seconds} s |\n`);
  await expect
    .poll(async () => (await clusterStatus()).framework, {timeout: LIMIT_MS, interval: 500})
    .toMatchObject({state: 'healthy', connected: true, id});
}

/** The node whose etcd member leads the quorum. */
async function etcdLeader(): Promise<string> {
  for (const node of NODES) {
    const text = await inMachine(node, 'ETCDCTL_API=3 etcdctl --endpoints http://127.0.0.1:2379 endpoint status -w json');
    const [{Status: status}] = JSON.parse(text) as [{Status: {leader: number; header: {member_id: number}}}];
    if (status.leader === status.header.member_id) return node;
  }
  throw new Error('no etcd member leads');
}

/** The node whose scheduler leads. It is moved away from the Mesos master's node, so that a failure of the node does not affect the master. */
async function leaderNotOnMaster(): Promise<string> {
  const leader = async () => (await clusterStatus()).framework.leader;
  if ((await leader()) === 'node0') {
    await inMachine('node0', 'systemctl stop hw5-scheduler');
    await expect.poll(leader, {timeout: LIMIT_MS, interval: 500}).toMatch(/node[12]/);
    await inMachine('node0', 'systemctl start hw5-scheduler');
    await recovered('leading scheduler moved away');
  }
  return (await leader())!;
}

const TASKS = [
  'jupyter 192.168.0.100',
  'ssh-1 192.168.0.101',
  'ssh-2 192.168.0.102',
  'ssh-3 192.168.0.103',
  'ssh-4 192.168.0.104',
];

/**
 * Waits until each task runs once. The status is not enough: the end of a container whose machine was switched off is reported only when the agent
 * is back. No address may be in use twice in the meantime.
 */
async function oneEach(): Promise<readonly Running[]> {
  let running: readonly Running[] = [];
  const twice: string[] = [];
  const names = async (): Promise<string[]> => {
    running = await containers();
    twice.push(...running.map(({ip}) => ip).filter((ip, index, all) => all.indexOf(ip) !== index));
    return running.map(({task, ip}) => `${task} ${ip}`).sort();
  };
  await expect.poll(names, {timeout: LIMIT_MS, interval: 500}).toEqual(TASKS);
  expect(twice).toEqual([]);
  return running;
}

const ids = (running: readonly Running[]): string[] => running.map(({task, id}) => `${task} ${id}`).sort();
const of = (running: readonly Running[], name: string): Running[] => running.filter((one) => one.task === name);
const except = (running: readonly Running[], name: string): Running[] => running.filter((one) => one.task !== name);
const without = (running: readonly Running[], node: string): Running[] => running.filter((one) => one.node !== node);

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
        await expect.poll(async () => (await clusterStatus()).framework.connected, {timeout: LIMIT_MS, interval: 500}).toBe(true);
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
    await waitForPings(false);
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
    // As upstream's plugin, whose container dockerd starts itself: 15 s are lost for each container that died.
    await inMachine('node1', 'touch /etc/calico/hw5-lab.after-docker && systemctl restart calico-libnetwork');
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
    await inMachine('node1', 'rm /etc/calico/hw5-lab.after-docker && systemctl restart calico-libnetwork');
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
