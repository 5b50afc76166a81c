import {setTimeout as pause} from 'node:timers/promises';
import {describe, expect, it} from 'vitest';
import type {ClusterNode} from '../../../src/cluster/cluster.js';
import {COMPONENTS} from '../../../src/components/index.js';
import {PromptAwareLimits} from '../../../src/host/prompt-aware-limits.js';
import type {SchedulerState} from '../../../src/scheduler-api/state.js';
import {collectStatus} from '../../../src/status/collect.js';
import {healthFacts} from '../../../src/status/health-facts.js';
import {ConnectError} from '../../../src/support/errors.js';
import {FakeHost} from '../../support/fake-host.js';
import {checkJsonOutput} from '../../support/json-output.js';
import {clusterOf} from '../components/situation.js';

const cluster = clusterOf();

const table = (self: string): string =>
  cluster.nodes
    .filter(({name}) => name !== self)
    .map(({address}) => `| ${address} | node-to-node mesh | up | 23:30:04 | Established |`)
    .join('\n');

const scheduler = (isLeader: boolean, more: Partial<SchedulerState> = {}): SchedulerState => ({
  apiVersion: 1,
  framework: {
    id: 'F-1',
    connected: isLeader,
    connection: '',
    leader: 'node0',
    isLeader,
    master: '198.18.0.10:5050',
    isCurrent: true,
  },
  tasks: cluster.framework.tasks.map((task, index) => ({
    name: task.name,
    taskId: `${task.name}.1`,
    state: 'running' as const,
    healthy: true,
    isConfirmed: true,
    node: `node${index % 3}`,
    agentId: `S${index % 3}`,
    address: task.address,
    image: `${task.image}:tag`,
    restarts: 0,
    containerId: 'c',
    message: '',
    since: '2026-01-01T00:00:00Z',
    failing: null,
    flapping: false,
    isOutdated: false,
  })),
  ...more,
});

/** What a healthy node answers, in the order of the facts; `changes` by name. */
function node(one: ClusterNode, changes: Record<string, {stdout: string; code: number}> = {}): FakeHost {
  const installed: Record<string, string> = {
    docker: '20.10.24 etcd://x',
    calico: table(one.name),
    network: 'calico',
    state: JSON.stringify(scheduler(one.name === 'node0')),
  };
  const answers = [...Object.keys(healthFacts(COMPONENTS, cluster, one)), 'state'].map((name, index) => {
    const {stdout, code} = changes[name] ?? {stdout: installed[name] ?? 'loaded active running\nanswers', code: 0};
    return `${index} ${code} ${Buffer.from(stdout).toString('base64')}`;
  });
  const {stdout, code} = changes['policies'] ?? {stdout: '[]\n', code: 0};
  const policies = `0 ${code} ${Buffer.from(stdout).toString('base64')}`;
  return new FakeHost(one.name).on(['sh', '-s'], ({stdin}) =>
    stdin.includes('calicoctl get policy') ? `${policies}\n` : `${answers.join('\n')}\n`,
  );
}

const DOWN = {stdout: '', code: 1};

function collect(
  changes: Record<string, Record<string, {stdout: string; code: number}> | Error | 'unresponsive'> = {},
  limitMs = 5000,
) {
  const hosts: FakeHost[] = [];
  return {
    hosts,
    status: collectStatus(
      cluster,
      COMPONENTS,
      async (one) => {
        const change = changes[one.name];
        if (change instanceof Error) throw change;
        const host =
          change === 'unresponsive' ? new FakeHost(one.name).on(['sh', '-s'], () => new Promise(() => {})) : node(one, change);
        hosts.push(host);
        return host;
      },
      limitMs,
    ).then((status) => {
      checkJsonOutput(['status', '--json'], JSON.stringify(status));
      return status;
    }),
  };
}

describe('the status of a cluster', () => {
  it('excludes the time in which the user is prompted', async () => {
    const limits = new PromptAwareLimits();
    const password = async (): Promise<void> => {
      limits.promptOpened();
      await pause(500);
      limits.promptAnswered();
    };
    let answered: Promise<void> = Promise.resolve();
    const connect = async (one: ClusterNode) => {
      // one question after the other
      answered = answered.then(password);
      await answered;
      return node(one);
    };
    const {nodes} = await collectStatus(cluster, COMPONENTS, connect, 1000, limits);
    expect(nodes.map(({reachable}) => reachable)).toEqual([true, true, true]);
  });

  it('is healthy when all is, from one observation per node', async () => {
    const {status, hosts} = collect();
    const {healthy, nodes, network, framework, tasks, notebook} = await status;
    expect(healthy).toBe(true);
    expect(nodes.map(({name, reachable, peers}) => [name, reachable, peers.length])).toEqual([
      ['node0', true, 2],
      ['node1', true, 2],
      ['node2', true, 2],
    ]);
    expect(network).toEqual({name: 'calico_net', subnet: '192.168.0.0/16', state: 'healthy', nodes: ['node0', 'node1', 'node2']});
    expect(framework).toEqual({state: 'healthy', id: 'F-1', leader: 'node0', connected: true, master: '198.18.0.10:5050'});
    expect(tasks[0]).toEqual({
      name: 'jupyter',
      state: 'running',
      healthy: true,
      isConfirmed: true,
      node: 'node0',
      ip: '192.168.0.100',
      image: 'jupyter:tag',
      restarts: 0,
      message: '',
    });
    expect(notebook.urls[0]).toBe('http://198.18.0.10:8888/');
    expect(hosts.map((host) => host.commands)).toEqual([['# sh -s'], ['# sh -s'], ['# sh -s']]);
  });

  it('reports a dead node and all others', async () => {
    const {healthy, nodes, network} = await collect({node2: new ConnectError('node2', 'no route to node2', {hint: 'is it up?'})})
      .status;
    expect(healthy).toBe(false);
    expect(nodes[2]).toEqual({
      name: 'node2',
      address: '198.18.0.12',
      reachable: false,
      error: 'no route to node2',
      hint: 'is it up?',
      components: {},
      peers: [],
    });
    expect(nodes[0]!.components['etcd']).toEqual({state: 'healthy', detail: 'answers'});
    expect(network).toMatchObject({state: 'unhealthy', nodes: ['node0', 'node1']});
  });

  it('reports a component that hangs as unhealthy', async () => {
    const hangs = {stdout: '', code: 124};
    const {nodes} = await collect({node1: {docker: hangs, etcd: hangs, calico: hangs, state: hangs}}).status;
    const {docker, etcd, calico, proxy} = nodes[1]!.components;
    expect(docker).toEqual({state: 'unhealthy', detail: 'dockerd does not answer, or has no cluster store (it hangs)'});
    expect(etcd).toEqual({state: 'unhealthy', detail: 'no quorum (it hangs)'});
    expect([calico!.state, proxy!.state, nodes[1]!.peers]).toEqual(['unhealthy', 'healthy', []]);
  });

  it('is not delayed by a node that does not answer', async () => {
    const {nodes} = await collect({node1: 'unresponsive'}, 50).status;
    expect(nodes.map(({reachable}) => reachable)).toEqual([true, false, true]);
    expect(nodes[1]!.error).toMatch(/no answer within 0.05 s|interrupted/);
  });

  it('is not delayed by a node that does not accept the connection', async () => {
    const status = await collectStatus(
      cluster,
      COMPONENTS,
      (one) => (one.name === 'node1' ? new Promise(() => {}) : Promise.resolve(node(one))),
      50,
    );
    expect(status.nodes.map(({error}) => error)).toEqual([undefined, 'no answer within 0.05 s', undefined]);
  });

  it.each<[string, Parameters<typeof collect>[0]]>([
    ['a component', {node1: {proxy: {stdout: 'loaded active running\nHTTP 503', code: 1}}}],
    ['a component that is not there', {node1: {etcd: {stdout: 'not-found', code: 4}}}],
    ['the network on one node', {node2: {network: DOWN}}],
    [
      'an agent that is not registered with the master',
      {node1: {'mesos-agent': {stdout: 'loaded active running\nnot registered with the Mesos master at m', code: 1}}},
    ],
    ['all schedulers', {node0: {state: DOWN}, node1: {state: DOWN}, node2: {state: DOWN}}],
  ])('is not healthy without %s', async (_, changes) => {
    expect((await collect(changes).status).healthy).toBe(false);
  });

  describe('while a proxy does not reach the notebook', () => {
    const proxy = {stdout: 'loaded active running\nHTTP 503', code: 1};
    const policy = {kind: 'policy', apiVersion: 'v1', metadata: {name: 'one-node'}, spec: {order: 100, selector: 'all()'}};
    const policies = {stdout: JSON.stringify([policy]), code: 0};
    const failing = {stdout: 'Failed to get resources: client: etcd cluster is unavailable\n', code: 1};
    const hanging = {stdout: '', code: 124};

    it('has the policies of Calico, which may cut it off, from any node whose calicoctl answers', async () => {
      const {healthy, notebook} = await collect({
        node0: {policies: failing},
        node1: {proxy, policies: hanging},
        node2: {policies},
      }).status;
      expect(healthy).toBe(false);
      expect(notebook.policies).toEqual([{name: 'one-node', selector: 'all()'}]);
    });

    it('has no policies if there are none, and null if calicoctl does not answer', async () => {
      const found = async (answer: typeof failing) =>
        (await collect({node0: {policies: answer}, node1: {proxy, policies: answer}, node2: {policies: answer}}).status).notebook
          .policies;
      expect(await found({stdout: '[]\n', code: 0})).toEqual([]);
      expect(await found(failing)).toBeNull();
      expect(await found(hanging)).toBeNull();
      expect(await found({stdout: 'not JSON', code: 0})).toBeNull();
    });

    it('reads no policies while its task does not run: that is the reason', async () => {
      const {tasks} = scheduler(true);
      const state = {
        stdout: JSON.stringify(scheduler(true, {tasks: tasks.map((task) => ({...task, state: 'staging' as const}))})),
        code: 0,
      };
      const {status, hosts} = collect({node0: {state}, node1: {proxy, policies}});
      expect((await status).notebook).not.toHaveProperty('policies');
      expect(hosts.every((host) => host.commands.length === 1)).toBe(true);
    });
  });

  it('is not healthy while a task is not confirmed, and shows what is wrong with an agent', async () => {
    const {tasks} = scheduler(true);
    const unconfirmed = tasks.map((task, index) => ({...task, isConfirmed: index !== 0, healthy: index === 0 ? null : true}));
    const leader = {stdout: JSON.stringify(scheduler(true, {tasks: unconfirmed})), code: 0};
    const status = await collect({node0: {state: leader}}).status;
    expect([status.healthy, status.tasks[0]!.isConfirmed]).toEqual([false, false]);
    const lost = {stdout: 'loaded active running\nnot registered with the Mesos master at m', code: 1};
    const {nodes} = await collect({node1: {'mesos-agent': lost}}).status;
    expect(nodes[1]!.components['mesos-agent']).toEqual({
      state: 'unhealthy',
      detail: 'not registered with the Mesos master at m',
    });
  });

  it('shows the state of the leading scheduler, or of another if that does not answer', async () => {
    const framework = {
      id: 'F-2',
      connected: false,
      connection: 'away',
      leader: null,
      isLeader: false,
      master: 'm',
      isCurrent: true,
    };
    const other = scheduler(false, {framework});
    const stale = {stdout: JSON.stringify(other), code: 0};
    const {tasks} = scheduler(true);
    const led = scheduler(true, {tasks: tasks.map((task) => ({...task, restarts: 3}))});
    const answers = {node0: {state: stale}, node1: {state: {stdout: JSON.stringify(led), code: 0}}, node2: {state: stale}};
    expect((await collect(answers).status).tasks[0]!.restarts).toBe(3);
    const without = await collect({node0: {state: DOWN}, node1: {state: stale}, node2: {state: DOWN}}).status;
    expect(without.framework).toEqual({state: 'unhealthy', id: 'F-2', leader: null, connected: false, master: 'm'});
  });

  it("is not healthy without a leader, although others still publish a dead leader's state", async () => {
    const outdated = scheduler(false, {framework: {...scheduler(true).framework, isLeader: false}});
    const standby = {stdout: JSON.stringify(outdated), code: 0};
    const {healthy, framework} = await collect({node0: {state: DOWN}, node1: {state: standby}, node2: {state: standby}}).status;
    expect(framework).toMatchObject({state: 'unhealthy', leader: 'node0', connected: true});
    expect(healthy).toBe(false);
  });

  it('shows the tasks of the cluster file when no scheduler answers', async () => {
    const {framework, tasks} = await collect({node0: {state: DOWN}, node1: {state: DOWN}, node2: {state: DOWN}}).status;
    expect(framework).toMatchObject({state: 'absent', id: null, master: '198.18.0.10:5050'});
    expect(tasks.map(({name, state, ip, message}) => [name, state, ip, message])[1]).toEqual([
      'ssh-1',
      'unknown',
      '192.168.0.101',
      'no scheduler answers',
    ]);
  });

  it.each([
    ['an older', {apiVersion: undefined}, 'speaks version 0 of its API, and this hw5 version 1', '`hw5 up` installs'],
    [
      'a newer',
      {apiVersion: 2},
      'speaks version 2 of its API, and this hw5 version 1',
      'use the version of hw5 that installed it',
    ],
    ['a broken', {tasks: [{}]}, 'its answer is not understood: tasks.0.name: ', 'hw5 logs scheduler'],
  ])('reports %s scheduler as such, and how to proceed', async (_, change, message, hint) => {
    const state = {stdout: JSON.stringify({...scheduler(true), ...change}), code: 0};
    const {framework, tasks, healthy} = await collect({node0: {state}, node1: {state}, node2: {state}}).status;
    expect(framework).toMatchObject({
      state: 'unhealthy',
      error: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    expect(tasks[0]).toMatchObject({state: 'unknown', message: framework.error});
    expect(healthy).toBe(false);
  });

  it('is not healthy while a task is not', async () => {
    for (const change of [
      {state: 'staging' as const},
      {healthy: false},
      {healthy: null, message: 'its health check has not passed yet'},
    ]) {
      const {tasks} = scheduler(true);
      const state = scheduler(true, {tasks: tasks.map((task, index) => (index === 0 ? {...task, ...change} : task))});
      const {healthy} = await collect({node0: {state: {stdout: JSON.stringify(state), code: 0}}}).status;
      expect(healthy).toBe(false);
    }
  });

  it('names the master even if the scheduler is not subscribed to it', async () => {
    const state = scheduler(true);
    const away = {...state, framework: {...state.framework, connected: false, master: null}};
    const {framework} = await collect({node0: {state: {stdout: JSON.stringify(away), code: 0}}}).status;
    expect(framework).toMatchObject({state: 'unhealthy', connected: false, master: '198.18.0.10:5050'});
  });

  it('shows tasks that the scheduler still has although the cluster file has none of them', async () => {
    const {tasks} = scheduler(true);
    const state = scheduler(true, {tasks: [...tasks, {...tasks[1]!, name: 'ssh-9', state: 'killing'}]});
    const status = await collect({node0: {state: {stdout: JSON.stringify(state), code: 0}}}).status;
    expect(status.tasks.at(-1)).toMatchObject({name: 'ssh-9', state: 'killing'});
  });
});
