import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {MesosClient} from '../../../src/framework/client.js';
import {Election} from '../../../src/framework/election.js';
import {Instance} from '../../../src/framework/instance.js';
import {FrameworkStore} from '../../../src/framework/key-values.js';
import {LeaderMonitor} from '../../../src/framework/leader-monitor.js';
import {emptyState} from '../../../src/framework/model.js';
import {defaultSettings} from '../../../src/framework/settings.js';
import {tearDown} from '../../../src/framework/teardown.js';
import {viewOf} from '../../../src/framework/view.js';
import type {Command} from '../../../src/scheduler-api/commands.js';
import type {TaskSpec} from '../../../src/scheduler-api/task.js';
import {FakeMesosMaster} from '../../support/fake-mesos-master.js';
import {taskSpec} from '../../support/framework-world.js';
import {ManualClock} from '../../support/manual-clock.js';
import {MemoryKeyValues} from '../../support/memory-key-values.js';

const tasks = [taskSpec('ssh-1', '192.168.0.101'), taskSpec('ssh-2', '192.168.0.102')];
const framework = {user: 'root', name: 'hw5', failover_timeout: 10, checkpoint: true, roles: ['*'], capabilities: []};
let master: FakeMesosMaster;
let kv: MemoryKeyValues;
let running: {stop: AbortController; done: Promise<void>}[] = [];
let lines: string[] = [];
let clock: ManualClock;

beforeEach(async () => {
  master = await FakeMesosMaster.start();
  clock = new ManualClock();
  kv = new MemoryKeyValues(clock.monotonic);
  running = [];
  lines = [];
});

afterEach(async () => {
  kv.isDown = false;
  for (const {stop} of running) stop.abort();
  await clock.during(Promise.all(running.map(({done}) => done)));
  await master[Symbol.asyncDispose]();
});

function parts(node: string, store = kv) {
  return {
    node,
    name: 'hw5',
    kv: store,
    client: new MesosClient({master: master.host, framework}),
    settings: {...defaultSettings, gatherSeconds: 0, reviveSeconds: 0.2},
    leaseSeconds: 3,
    clock,
    explainEnd: async () => undefined,
    freeAddress: async () => ({ok: true, message: ''}),
    log: (_level: string, message: string) => lines.push(`${node}: ${message}`),
  };
}

function start(
  node: string,
  desired: readonly TaskSpec[] = tasks,
  at = 1,
  store = kv,
  client = parts(node).client,
): Instance & {stop(): Promise<void>} {
  const instance = new Instance({...parts(node, store), client}, {tasks: desired, at});
  const stop = new AbortController();
  const done = instance.run(stop.signal);
  running.push({stop, done});
  return Object.assign(instance, {
    stop: async () => {
      stop.abort();
      await clock.during(done);
    },
  });
}

const until = (check: () => unknown) => clock.until(check);
const runsAll = (instance: Instance, count = 2) =>
  until(async () => {
    const state = await instance.state();
    expect(state.tasks.map((task) => task.state)).toEqual(Array(count).fill('running'));
  });
const ids = () => [...master.tasks.keys()].sort();

describe('an instance', () => {
  it('subscribes, runs the desired tasks, and reports them', async () => {
    const instance = start('node0');
    await runsAll(instance);
    expect((await instance.state()).framework).toMatchObject({
      id: 'F1',
      connected: true,
      leader: 'node0',
      isLeader: true,
      master: master.host,
    });
    expect(await instance.why('ssh-1')).toEqual([expect.stringContaining('has run on node0')]);
    expect(await instance.why('ssh-9')).toBeUndefined();
    expect([...master.tasks.values()].map((info) => info.container.docker.parameters[0]!.value).sort()).toEqual([
      '192.168.0.101',
      '192.168.0.102',
    ]);
  });

  it('leaves the tasks running when it is stopped, and keeps its id when it is started again', async () => {
    const first = start('node0');
    await runsAll(first);
    const before = ids();
    await first.stop();
    expect(ids()).toEqual(before);
    expect(master.calls.some((call) => call.type === 'TEARDOWN' || call.type === 'KILL')).toBe(false);
    const again = start('node0');
    await until(async () => expect((await again.state()).framework.connected).toBe(true));
    await runsAll(again);
    expect(ids()).toEqual(before);
    expect(master.calls.filter((call) => call.type === 'SUBSCRIBE').at(-1)).toMatchObject({framework_id: {value: 'F1'}});
  });

  it('subscribes again when the stream breaks', async () => {
    const instance = start('node0');
    await runsAll(instance);
    const before = ids();
    master.breakStream();
    await until(() => expect(master.calls.filter((call) => call.type === 'SUBSCRIBE')).toHaveLength(2));
    await until(async () => expect((await instance.state()).framework.connected).toBe(true));
    expect(ids()).toEqual(before);
  });

  it('subscribes again when a call is rejected', async () => {
    const instance = start('node0');
    await runsAll(instance);
    master.rejectNext = 403;
    await clock.during(instance.command({action: 'restart', name: 'ssh-1', at: clock.now()}));
    await until(() => expect(master.calls.filter((call) => call.type === 'SUBSCRIBE')).toHaveLength(2));
    expect(lines).toContainEqual(expect.stringMatching(/^node0: not subscribed: [A-Z]+ was rejected by .* HTTP 403/));
    await until(() => expect(ids()).not.toContain('ssh-1.0'));
    await runsAll(instance);
  });

  it('is not affected when the clock is set', async () => {
    const instance = start('node0');
    await runsAll(instance);
    clock.set(-3_600_000);
    await clock.during(instance.command({action: 'restart', name: 'ssh-1', at: clock.now()}));
    await until(() => expect(ids()).not.toContain('ssh-1.0'));
    await runsAll(instance);
    master.send({
      type: 'UPDATE',
      update: {
        status: {task_id: {value: 'ssh-2.1'}, agent_id: {value: 'S0'}, state: 'TASK_UNREACHABLE', source: 'SOURCE_MASTER'},
      },
    });
    await until(async () => expect((await instance.state()).tasks[1]).toMatchObject({name: 'ssh-2', state: 'unreachable'}));
    clock.set(7_200_000);
    await clock.during(instance.command({action: 'restart', name: 'ssh-1', at: clock.now()}));
    await until(async () =>
      expect((await instance.state()).tasks[0]).toMatchObject({name: 'ssh-1', taskId: 'ssh-1.3', state: 'running'}),
    );
    expect((await instance.state()).tasks[1]).toMatchObject({name: 'ssh-2', state: 'unreachable', taskId: 'ssh-2.1'});
  });

  it('does not register a new framework next to the tasks of an older one with its name', async () => {
    master.others = [{id: 'OLD', name: 'hw5', tasks: [{}]}];
    const instance = start('node0');
    await until(async () =>
      expect((await instance.state()).framework.connection).toContain('the framework OLD of the same name still has tasks'),
    );
    expect(master.calls).toEqual([]);
    master.others = [{id: 'OLD', name: 'hw5', tasks: []}];
    await runsAll(instance);
  });

  it('uses the newer one of two configurations', async () => {
    const first = start('node0', tasks, 100);
    await runsAll(first);
    await first.stop();
    // A node that was unreachable during a change has an old file.
    const stale = start('node1', tasks.slice(0, 1), 50);
    await runsAll(stale, 2);
    stale.updateConfiguration(tasks.slice(0, 1), 200);
    await until(() => expect(ids()).toEqual([expect.stringMatching(/^ssh-1/)]));
  });
});

describe('two instances', () => {
  it('have one leader; the other one answers from the store and passes commands on', async () => {
    const first = start('node0');
    await runsAll(first);
    const second = start('node1');
    await runsAll(second);
    expect((await second.state()).framework).toMatchObject({leader: 'node0', isLeader: false, connected: true, isCurrent: true});
    // its own file has another list, which the leader does not have
    second.updateConfiguration([], 0);
    expect((await second.state()).framework.isCurrent).toBe(false);
    const command = (given: Command) => clock.during(second.command(given));
    expect(await command({action: 'restart', name: 'ssh-1', at: clock.now()})).toMatchObject({ok: true});
    await until(() => expect(ids()).not.toContain('ssh-1.0'));
    expect(await command({action: 'release', name: 'ssh-2', at: clock.now()})).toMatchObject({ok: false});
    expect(await command({action: 'desired', tasks: tasks.slice(0, 1), at: clock.now()})).toMatchObject({ok: true});
    await until(() => expect(ids()).toEqual([expect.stringMatching(/^ssh-1/)]));
  });

  it('do not report the subscription of the previous leader as that of the new one', async () => {
    await runsAll(start('node0'));
    const second = start('node1');
    await runsAll(second);
    const [key] = await kv.list('/hw5/framework/hw5/leader');
    await kv.commit(
      [],
      [
        {op: 'delete', key: key!.key},
        {op: 'put', key: key!.key, value: 'node2'},
      ],
    );
    const {framework: leading, tasks: known} = await second.state();
    expect(leading).toMatchObject({leader: 'node2', connected: false});
    expect(known.map(({isConfirmed}) => isConfirmed)).toEqual([false, false]);
  });

  it('start again on the node of a leader that was killed without waiting for its lease', async () => {
    const killed = new Election({
      kv,
      key: '/hw5/framework/hw5/leader',
      node: 'node0',
      ttlSeconds: 1000,
      clock,
      log: () => undefined,
    });
    const former = await killed.campaign(new AbortController().signal);
    await runsAll(start('node0'));
    await former!.resign();
  });

  it('change the leader when only the other one reaches the master', async () => {
    const cut = new MesosClient({master: '127.0.0.1:9', framework});
    const first = start('node0', tasks, 1, kv, cut);
    await until(async () => expect((await first.state()).framework).toMatchObject({isLeader: true, connected: false}));
    const second = start('node1');
    await until(async () =>
      expect((await second.state()).framework).toMatchObject({leader: 'node1', isLeader: true, connected: true}),
    );
    await runsAll(second);
    expect(lines).toContain('node0: another instance reaches the Mesos master: resigning');
  });

  it('do not change the leader when neither reaches the master, or the master answers the leader', async () => {
    const monitor = (client: MesosClient, isMasterUnresponsive: boolean) => {
      const store = new FrameworkStore(kv, 'hw5');
      const one = new LeaderMonitor({store, client, unresponsiveSeconds: 3, clock});
      return async () => {
        await store.put('view', {...viewOf(emptyState(), 0), apiVersion: 1, master: null, leader: 'node0', isMasterUnresponsive});
        for (const passing of [0, 2900, 200]) {
          await clock.advance(passing);
          await one.check().catch(() => undefined);
        }
        return (await store.load('commands/')).size;
      };
    };
    expect(await monitor(new MesosClient({master: '127.0.0.1:9', framework}), true)()).toBe(0);
    expect(await monitor(parts('node1').client, false)()).toBe(0);
    expect(await monitor(parts('node1').client, true)()).toBe(1);
  });

  it('change the leader when it cannot reach the store: the id stays, and no task restarts', async () => {
    const cut = new CutOff(kv);
    const first = start('node0', tasks, 1, cut as unknown as MemoryKeyValues);
    await runsAll(first);
    const before = ids();
    const second = start('node1');
    cut.isCut = true;
    await until(async () =>
      expect((await second.state()).framework).toMatchObject({leader: 'node1', isLeader: true, connected: true}),
    );
    await runsAll(second);
    expect(ids()).toEqual(before);
    await until(() => expect(lines).toContainEqual(expect.stringMatching(/^node0: no longer leading/)));
  });
});

describe('without the store', () => {
  it('an instance answers with the last known state, and why there is no newer one', async () => {
    await runsAll(start('node0'));
    const second = start('node1');
    await runsAll(second);
    kv.isDown = true;
    const state = await second.state();
    expect(state.framework).toMatchObject({leader: null, connected: false, connection: 'no member answers'});
    expect(state.tasks.map(({name, isConfirmed, message}) => [name, isConfirmed, message])).toEqual([
      ['ssh-1', false, expect.stringContaining('last known state: no member answers')],
      ['ssh-2', false, expect.stringContaining('last known state: no member answers')],
    ]);
  });

  it('no instance leads and the tasks keep running, until the store answers again', async () => {
    const instance = start('node0');
    await runsAll(instance);
    const before = ids();
    kv.isDown = true;
    await until(async () => expect((await instance.state()).framework.isLeader).toBe(false));
    expect(ids()).toEqual(before);
    kv.isDown = false;
    await until(async () => expect((await instance.state()).framework).toMatchObject({isLeader: true, connected: true}));
    expect(ids()).toEqual(before);
  });
});

describe('tearing down', () => {
  const limits = {limitSeconds: 8};

  it('ends the tasks, then removes the framework, then the records', async () => {
    const instance = start('node0');
    await runsAll(instance);
    await instance.stop();
    await clock.during(tearDown({...parts('node0'), ...limits}));
    expect(ids()).toEqual([]);
    const order = master.calls.map((call) => call.type);
    expect(order.lastIndexOf('KILL')).toBeLessThan(order.indexOf('TEARDOWN'));
    expect(master.completed).toEqual(['F1']);
    expect(await kv.list('/hw5/framework/')).toEqual([]);
  });

  it('does nothing a second time', async () => {
    await clock.during(tearDown({...parts('node0'), ...limits}));
    expect(master.calls).toEqual([]);
  });

  it('removes the records of a framework that the master has removed already', async () => {
    const instance = start('node0');
    await runsAll(instance);
    await instance.stop();
    master.completed.push('F1');
    master.tasks.clear();
    await clock.during(tearDown({...parts('node0'), limitSeconds: 2}));
    expect(await kv.list('/hw5/framework/')).toEqual([]);
  });

  it('fails while another instance leads', async () => {
    await runsAll(start('node0'));
    await expect(clock.during(tearDown({...parts('node1'), limitSeconds: 1}))).rejects.toMatchObject({
      message: 'the framework is still led by node0',
      hint: 'stop hw5-scheduler on every node first',
    });
    expect(ids()).toHaveLength(2);
  });
});

/** One instance's connection to the store, which can be cut. */
class CutOff {
  isCut = false;
  readonly #kv: MemoryKeyValues;

  constructor(kv: MemoryKeyValues) {
    this.#kv = kv;
    const guarded =
      <A extends unknown[], R>(method: (...args: A) => Promise<R>) =>
      (...args: A): Promise<R> =>
        this.isCut ? Promise.reject(new Error('cut off')) : method.apply(this.#kv, args);
    for (const name of ['list', 'commit', 'deleteAll', 'grantLease', 'renewLease', 'revokeLease'] as const) {
      Object.assign(this, {[name]: guarded(this.#kv[name] as (...args: unknown[]) => Promise<unknown>)});
    }
  }
}
