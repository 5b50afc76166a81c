import {existsSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from '../support/cluster.js';
import {eventually} from '../support/eventually.js';
import {type Event, shellTask, type TestFramework} from '../support/framework.js';
import {JSON_HEADERS, sendRequest} from '../support/http.js';
import {comparableUpdates, readEvents} from '../support/transcripts.js';

/** Transcripts 5xx: three frameworks (with checkpoint, without, and with PARTITION_AWARE) with a task each lose their agent. */

let cluster: TestCluster;
let master: RunningMaster;
let ck: TestFramework;
let nock: TestFramework;
let pa: TestFramework;

beforeEach(() => {
  cluster = new TestCluster();
});
afterEach(() => cluster.close());

/** With the default flags, an agent has missed all its pings after so many seconds. */
const ALL_PINGS_MISSED = 76;
const multiRole = [{type: 'MULTI_ROLE'}];

async function startTasks(): Promise<void> {
  const one = async (name: string, info: object): Promise<TestFramework> => {
    const framework = await cluster.framework(master).subscribe({name, failover_timeout: 120, ...info});
    await framework.launchAndFilter(3600, await framework.offer(), shellTask(`t-${name}`, 'sleep 1000'));
    await framework.status(`t-${name}`, 'TASK_RUNNING');
    await framework.call('SUPPRESS');
    return framework;
  };
  ck = await one('ck', {});
  nock = await one('nock', {checkpoint: false});
  pa = await one('pa', {capabilities: [...multiRole, {type: 'PARTITION_AWARE'}]});
}

/** Compares the updates of the frameworks with the recorded ones. */
function expectUpdates(series: string, frameworks: readonly TestFramework[] = [ck, nock, pa]): void {
  for (const framework of frameworks) {
    const name = framework === ck ? 'ck' : framework === nock ? 'nock' : 'pa';
    const recorded = readEvents(`${series}-subscribe-${name}`);
    expect(comparableUpdates(framework.events, `t-${name}`)).toEqual(comparableUpdates(recorded, `t-${name}`));
  }
}

const failures = (framework: TestFramework): number => framework.events.filter((event) => event.type === 'FAILURE').length;

async function reconcile(framework: TestFramework, taskId: string, agentId: Event): Promise<void> {
  await framework.call('RECONCILE', {reconcile: {tasks: [{task_id: {value: taskId}, agent_id: agentId}]}});
}

describe('an agent that is lost', () => {
  it('has its tasks reported as lost or unreachable, and as running when it returns', async () => {
    master = await cluster.master();
    const agent = await cluster.agentProcess(master);
    await startTasks();
    await ck.call('REVIVE');
    const heldOffer = await ck.offer();
    agent.kill('SIGKILL');
    await ck.event((event) => event.rescind?.offer_id.value === heldOffer.id.value);
    await nock.status('t-nock', 'TASK_LOST');
    cluster.clock.advance(ALL_PINGS_MISSED);
    await ck.status('t-ck', 'TASK_LOST');
    await pa.status('t-pa', 'TASK_UNREACHABLE');
    for (const framework of [ck, nock, pa]) await eventually(() => failures(framework)).toBe(1);
    for (const [framework, id] of [
      [ck, 't-ck'],
      [nock, 't-nock'],
      [pa, 't-pa'],
    ] as const) {
      await reconcile(framework, id, heldOffer.agent_id);
      await framework.call('KILL', {kill: {task_id: {value: id}, agent_id: heldOffer.agent_id}});
    }
    await cluster.agentProcess(master);
    await ck.status('t-ck', 'TASK_RUNNING', (status) => status.reason === 'REASON_AGENT_REREGISTERED');
    await pa.status('t-pa', 'TASK_RUNNING', (status) => status.reason === 'REASON_AGENT_REREGISTERED');
    for (const framework of [ck, nock, pa]) await framework.call('RECONCILE', {reconcile: {tasks: []}});
    await pa.status('t-pa', 'TASK_RUNNING', (status) => status.reason === 'REASON_RECONCILIATION');
    expectUpdates('520');
  });

  it('keeps the tasks of frameworks with checkpoint when it returns in time', async () => {
    master = await cluster.master();
    const agent = await cluster.agentProcess(master);
    await startTasks();
    agent.kill('SIGKILL');
    await nock.status('t-nock', 'TASK_LOST');
    await cluster.agentProcess(master);
    await ck.call('REVIVE');
    const offer = await ck.event((event) =>
      event.offers?.offers[0].resources.some((r: Event) => r.name === 'cpus' && r.scalar.value === 1.8),
    );
    expect(offer).toBeDefined();
    for (const framework of [nock, pa]) await framework.call('RECONCILE', {reconcile: {tasks: []}});
    await pa.status('t-pa', 'TASK_RUNNING', (status) => status.reason === 'REASON_RECONCILIATION');
    expectUpdates('500', [nock, pa]);
    await ck.call('KILL', {kill: {task_id: {value: 't-ck'}}});
    expect((await ck.status('t-ck', 'TASK_KILLED')).message).toBe('Command terminated with signal Terminated');
  });

  it('learns how a task exited while the agent was down', async () => {
    master = await cluster.master();
    const agent = await cluster.agentProcess(master);
    ck = await cluster.framework(master).subscribe();
    const go = join(cluster.directory, 'go');
    await ck.launch(await ck.offer(), shellTask('t', `until [ -e ${go} ]; do sleep 0.02; done; exit 4`));
    await ck.status('t', 'TASK_RUNNING');
    agent.kill('SIGKILL');
    writeFileSync(go, '');
    const containers = join(cluster.directory, 'run', 'containers');
    await eventually(() => existsSync(join(containers, readdirSync(containers)[0]!, 'exit'))).toBe(true);
    await cluster.agentProcess(master);
    expect((await ck.status('t', 'TASK_FAILED')).message).toBe('Command exited with status 4');
  });

  it('reports a task as failed when its executor is killed', async () => {
    master = await cluster.master();
    await cluster.agent(master);
    ck = await cluster.framework(master).subscribe();
    await ck.launch(await ck.offer(), shellTask('t-ck', 'sleep 1000'));
    const running = await ck.status('t-ck', 'TASK_RUNNING');
    process.kill(running.container_status!.executor_pid!, 'SIGKILL');
    await ck.status('t-ck', 'TASK_FAILED');
    const recorded = readEvents('500-subscribe-ck');
    expect(comparableUpdates(ck.events, 't-ck')).toEqual(comparableUpdates(recorded, 't-ck'));
  });

  it('and unregisters (SIGUSR1) has its tasks lost immediately', async () => {
    master = await cluster.master();
    const agent = await cluster.agentProcess(master);
    await startTasks();
    const exited = new Promise((resolve) => agent.once('exit', resolve));
    agent.kill('SIGUSR1');
    for (const [framework, id] of [
      [ck, 't-ck'],
      [nock, 't-nock'],
      [pa, 't-pa'],
    ] as const)
      await framework.status(id, 'TASK_LOST');
    await pa.event((event) => event.type === 'FAILURE');
    expectUpdates('530');
    await exited;
  });

  it('and is marked gone by an operator has its tasks gone, and is shut down', async () => {
    master = await cluster.master();
    const agent = await cluster.agentProcess(master);
    await startTasks();
    const exited = new Promise((resolve) => agent.once('exit', resolve));
    const {agent_id} = pa.events.find((event) => event.type === 'OFFERS').offers.offers[0];
    const body = JSON.stringify({type: 'MARK_AGENT_GONE', mark_agent_gone: {agent_id}});
    const answer = await sendRequest(master.port, 'POST', '/api/v1', JSON_HEADERS, body);
    expect(answer.status).toBe(200);
    await pa.status('t-pa', 'TASK_GONE_BY_OPERATOR');
    await ck.status('t-ck', 'TASK_LOST');
    await nock.status('t-nock', 'TASK_LOST');
    expectUpdates('540');
    await exited;
  });
});

describe('a master that restarts', () => {
  it('without a registry reports running tasks as lost until the agent returns', async () => {
    master = await cluster.master();
    const {port} = master;
    const agent = await cluster.agentProcess(master);
    await startTasks();
    const agentId = pa.events.find((event) => event.type === 'OFFERS').offers.offers[0].agent_id;
    const old = [ck, nock, pa];
    // The agent must not register again before all three frameworks have reconciled.
    agent.kill('SIGSTOP');
    await master.stop();
    master = await cluster.master(`--port=${port}`);
    const infos = [{}, {checkpoint: false}, {capabilities: [...multiRole, {type: 'PARTITION_AWARE'}]}];
    const back: TestFramework[] = [];
    for (const [index, name] of ['ck', 'nock', 'pa'].entries()) {
      const framework = await cluster
        .framework(master)
        .subscribe({name, id: {value: old[index]!.id}, failover_timeout: 120, ...infos[index]});
      await reconcile(framework, `t-${name}`, agentId);
      await framework.event((event) => event.update?.status.reason === 'REASON_RECONCILIATION');
      back.push(framework);
    }
    agent.kill('SIGCONT');
    for (const [index, name] of ['ck', 'nock', 'pa'].entries()) {
      const framework = back[index]!;
      await framework.status(`t-${name}`, 'TASK_RUNNING');
      await framework.call('RECONCILE', {reconcile: {tasks: []}});
      await framework.status(`t-${name}`, 'TASK_RUNNING', (status) => status.reason === 'REASON_RECONCILIATION');
      const recorded = readEvents(`552-resubscribe-${name}`);
      expect(comparableUpdates(framework.events, `t-${name}`)).toEqual(comparableUpdates(recorded, `t-${name}`));
    }
  });

  it('with a registry reports no tasks until their agent returns', async () => {
    const registry = ['--registry=replicated_log', `--work_dir=${join(cluster.directory, 'master')}`];
    master = await cluster.master(...registry);
    const {port} = master;
    const agent = await cluster.agentProcess(master);
    ck = await cluster.framework(master).subscribe();
    const offer = await ck.offer();
    await ck.launch(offer, shellTask('t-rl', 'sleep 1000'));
    await ck.status('t-rl', 'TASK_RUNNING');
    agent.kill('SIGKILL');
    await master.stop();
    master = await cluster.master(`--port=${port}`, ...registry);
    const again = await cluster.framework(master).subscribe({id: {value: ck.id}});
    await reconcile(again, 't-rl', offer.agent_id);
    await reconcile(again, 't-never', undefined);
    await again.call('RECONCILE', {reconcile: {tasks: []}});
    const recovered = await sendRequest(port, 'POST', '/api/v1', JSON_HEADERS, '{"type": "GET_AGENTS"}');
    expect(JSON.parse(recovered.text).get_agents).toMatchObject({agents: [], recovered_agents: [{id: offer.agent_id}]});
    expect(again.states('t-rl')).toEqual([]);
    await cluster.agentProcess(master);
    await again.offer();
    await reconcile(again, 't-rl', offer.agent_id);
    // The agent may also repeat the update if its acknowledgement was lost with the master.
    const status = await again.status('t-rl', 'TASK_RUNNING', ({reason}) => reason === 'REASON_RECONCILIATION');
    expect(status.message).toBe('Reconciliation: Latest task state');
    expect(again.states('t-never')).toEqual([]);
  });

  it('is noticed by an agent with --hw5_waits_for_pings when it has missed the pings', async () => {
    const registry = ['--registry=replicated_log', `--work_dir=${join(cluster.directory, 'master')}`];
    const count = async () => {
      const {text} = await sendRequest(master.port, 'GET', '/slaves');
      const {slaves, recovered_slaves} = JSON.parse(text) as {slaves: object[]; recovered_slaves: object[]};
      return {registered: slaves.length, recovered: recovered_slaves.length};
    };
    master = await cluster.master(...registry);
    const {port} = master;
    const agent = await cluster.agent(master, '--hw5_waits_for_pings');
    await eventually(count).toEqual({registered: 1, recovered: 0});
    await master.stop();
    master = await cluster.master(`--port=${port}`, ...registry);
    await eventually(() => cluster.log.some((line) => line.includes('Master disconnected!'))).toBe(true);
    cluster.clock.advance(60);
    expect(await count()).toEqual({registered: 0, recovered: 1});
    // like an upstream agent, it believes that it is registered
    const metrics = await sendRequest(agent.port, 'GET', '/metrics/snapshot');
    expect(JSON.parse(metrics.text)).toMatchObject({'slave/registered': 1});
    cluster.clock.advance(15);
    await eventually(count).toEqual({registered: 1, recovered: 0});
  });

  it('marks agents unreachable that do not return in time', async () => {
    const registry = ['--registry=replicated_log', `--work_dir=${join(cluster.directory, 'master')}`];
    master = await cluster.master(...registry);
    const agent = await cluster.agentProcess(master);
    ck = await cluster.framework(master).subscribe();
    const offer = await ck.offer();
    agent.kill('SIGKILL');
    await master.stop();
    master = await cluster.master(...registry);
    const again = await cluster.framework(master).subscribe({id: {value: ck.id}});
    cluster.clock.advance(601);
    await again.event((event) => event.failure?.agent_id.value === offer.agent_id.value);
    await reconcile(again, 't', offer.agent_id);
    expect((await again.status('t', 'TASK_LOST')).message).toBe('Reconciliation: Task is unreachable');
  });
});

describe('an agent whose resources have changed', () => {
  it('does not start, and its error explains the remedy', async () => {
    master = await cluster.master();
    const agent = await cluster.agent(master);
    ck = await cluster.framework(master).subscribe();
    const offer = await ck.offer();
    await agent.stop();
    await expect(cluster.agent(master, '--resources=cpus:1;mem:2048;disk:2048;ports:[31000-32000]')).rejects.toThrow(
      /Incompatible agent info.*latest/s,
    );
    await cluster.agent(master);
    const again = await ck.offer();
    expect(again.agent_id).toEqual(offer.agent_id);
  });
});
