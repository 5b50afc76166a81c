import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from '../support/cluster.js';
import {eventually} from '../support/eventually.js';
import {type Event, exchange, shellTask, type TestFramework} from '../support/framework.js';
import {comparableUpdates, readEvents} from '../support/transcripts.js';

/** Series 5xx of the transcripts: three frameworks (checkpoint, none, PARTITION_AWARE) with a task each, and an agent that goes away. */

let cluster: TestCluster;
let master: RunningMaster;
let ck: TestFramework;
let nock: TestFramework;
let pa: TestFramework;

beforeEach(() => {
  cluster = new TestCluster();
});
afterEach(() => cluster.close());

/** An agent on a busy computer may be silent for a second. */
const PINGS = ['--agent_ping_timeout=1secs', '--max_agent_ping_timeouts=3'];
const multiRole = [{type: 'MULTI_ROLE'}];

async function startTasks(): Promise<void> {
  const one = async (name: string, info: object): Promise<TestFramework> => {
    const framework = await cluster.framework(master).subscribe({name, failover_timeout: 120, ...info});
    await framework.launchAndRefuse(3600, await framework.offer(), shellTask(`t-${name}`, 'sleep 1000'));
    await framework.status(`t-${name}`, 'TASK_RUNNING');
    await framework.call('SUPPRESS');
    return framework;
  };
  ck = await one('ck', {});
  nock = await one('nock', {checkpoint: false});
  pa = await one('pa', {capabilities: [...multiRole, {type: 'PARTITION_AWARE'}]});
}

/** What was recorded of the three, from the event on that ends the quiet part. */
function expectUpdates(series: string, which: readonly TestFramework[] = [ck, nock, pa]): void {
  for (const framework of which) {
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
  it('has its tasks reported lost or unreachable, and running again when it comes back', async () => {
    master = await cluster.master(...PINGS);
    const agent = await cluster.agentProcess(master);
    await startTasks();
    await ck.call('REVIVE');
    const held = await ck.offer();
    agent.kill('SIGKILL');
    await ck.event((event) => event.rescind?.offer_id.value === held.id.value);
    await nock.status('t-nock', 'TASK_LOST');
    await ck.status('t-ck', 'TASK_LOST');
    await pa.status('t-pa', 'TASK_UNREACHABLE');
    for (const framework of [ck, nock, pa]) await eventually(() => failures(framework)).toBe(1);
    for (const [framework, id] of [
      [ck, 't-ck'],
      [nock, 't-nock'],
      [pa, 't-pa'],
    ] as const) {
      await reconcile(framework, id, held.agent_id);
      await framework.call('KILL', {kill: {task_id: {value: id}, agent_id: held.agent_id}});
    }
    await cluster.agentProcess(master);
    await ck.status('t-ck', 'TASK_RUNNING', (status) => status.reason === 'REASON_AGENT_REREGISTERED');
    await pa.status('t-pa', 'TASK_RUNNING', (status) => status.reason === 'REASON_AGENT_REREGISTERED');
    for (const framework of [ck, nock, pa]) await framework.call('RECONCILE', {reconcile: {tasks: []}});
    await pa.status('t-pa', 'TASK_RUNNING', (status) => status.reason === 'REASON_RECONCILIATION');
    expectUpdates('520');
  });

  it('keeps the tasks of frameworks with checkpoint when it is back before the pings run out', async () => {
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

  it('learns how a task ended while it was away', async () => {
    master = await cluster.master();
    const agent = await cluster.agentProcess(master);
    ck = await cluster.framework(master).subscribe();
    await ck.launch(await ck.offer(), shellTask('t', 'sleep 0.5; exit 4'));
    await ck.status('t', 'TASK_RUNNING');
    agent.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 700));
    await cluster.agentProcess(master);
    expect((await ck.status('t', 'TASK_FAILED')).message).toBe('Command exited with status 4');
  });

  it('says so when the executor of a task was killed', async () => {
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

  it('that unregisters (SIGUSR1) has its tasks lost at once', async () => {
    master = await cluster.master();
    const agent = await cluster.agentProcess(master);
    await startTasks();
    const gone = new Promise((resolve) => agent.once('exit', resolve));
    agent.kill('SIGUSR1');
    for (const [framework, id] of [
      [ck, 't-ck'],
      [nock, 't-nock'],
      [pa, 't-pa'],
    ] as const)
      await framework.status(id, 'TASK_LOST');
    await pa.event((event) => event.type === 'FAILURE');
    expectUpdates('530');
    await gone;
  });

  it('that an operator marks gone has its tasks gone, and may not come back', async () => {
    master = await cluster.master();
    const agent = await cluster.agentProcess(master);
    await startTasks();
    const gone = new Promise((resolve) => agent.once('exit', resolve));
    const {agent_id} = pa.events.find((event) => event.type === 'OFFERS').offers.offers[0];
    const body = JSON.stringify({type: 'MARK_AGENT_GONE', mark_agent_gone: {agent_id}});
    const answer = await exchange(master.port, 'POST', '/api/v1', {'Content-Type': 'application/json'}, body);
    expect(answer.status).toBe(200);
    await pa.status('t-pa', 'TASK_GONE_BY_OPERATOR');
    await ck.status('t-ck', 'TASK_LOST');
    await nock.status('t-nock', 'TASK_LOST');
    expectUpdates('540');
    await gone;
  });
});

describe('a master that restarts', () => {
  it('without a registry believes running tasks lost until the agent is back', async () => {
    master = await cluster.master();
    const {port} = master;
    const agent = await cluster.agentProcess(master);
    await startTasks();
    const agentId = pa.events.find((event) => event.type === 'OFFERS').offers.offers[0].agent_id;
    const old = [ck, nock, pa];
    // It does not come back before all three have asked.
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

  it('with a registry is silent about tasks until the agent is back, and tells of them then', async () => {
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
    const recovered = await exchange(port, 'POST', '/api/v1', {'Content-Type': 'application/json'}, '{"type": "GET_AGENTS"}');
    expect(JSON.parse(recovered.text).get_agents).toMatchObject({agents: [], recovered_agents: [{id: offer.agent_id}]});
    expect(again.states('t-rl')).toEqual([]);
    await cluster.agentProcess(master);
    await again.offer();
    await reconcile(again, 't-rl', offer.agent_id);
    // An update whose acknowledgement got lost with the master comes again, beside the answer.
    const status = await again.status('t-rl', 'TASK_RUNNING', ({reason}) => reason === 'REASON_RECONCILIATION');
    expect(status.message).toBe('Reconciliation: Latest task state');
    expect(again.states('t-never')).toEqual([]);
  });

  it('gives agents up that do not come back in time', async () => {
    const registry = ['--registry=replicated_log', `--work_dir=${join(cluster.directory, 'master')}`];
    master = await cluster.master(...registry);
    const agent = await cluster.agentProcess(master);
    ck = await cluster.framework(master).subscribe();
    const offer = await ck.offer();
    agent.kill('SIGKILL');
    await master.stop();
    master = await cluster.master(...registry, '--agent_reregister_timeout=300ms');
    const again = await cluster.framework(master).subscribe({id: {value: ck.id}});
    await again.event((event) => event.failure?.agent_id.value === offer.agent_id.value);
    await reconcile(again, 't', offer.agent_id);
    expect((await again.status('t', 'TASK_LOST')).message).toBe('Reconciliation: Task is unreachable');
  });
});

describe('an agent with other resources than before', () => {
  it('does not start, and says how to mend it', async () => {
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
