import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from '../support/cluster.js';
import {eventually} from '../support/eventually.js';
import {type Event, exchange, shellTask, type TestFramework} from '../support/framework.js';
import {amounts} from '../support/state-machine.js';
import {comparableUpdates, readEvents, readTasks} from '../support/transcripts.js';

/** Series 1xx of the transcripts: what a framework was told of each task, replayed with the same tasks in the same order. */

const recorded = readEvents('100-subscribe-A');
let cluster: TestCluster;
let master: RunningMaster;
let framework: TestFramework;

beforeAll(async () => {
  cluster = new TestCluster();
  master = await cluster.master();
  await cluster.agent(master);
  framework = await cluster.framework(master).subscribe({name: 'fw-A'});
});
afterAll(() => cluster.close());

function expectAsRecorded(...taskIds: string[]): void {
  for (const id of taskIds) expect(comparableUpdates(framework.events, id)).toEqual(comparableUpdates(recorded, id));
}

const launch = async (name: string): Promise<void> => {
  expect((await framework.launch(await framework.offer(), ...readTasks(name))).status).toBe(202);
};

describe('a framework is told what a genuine one was told', () => {
  it('of a task that is over at once', async () => {
    await framework.launch(await framework.offer(), shellTask('t-sleep5', 'sleep 0.1'));
    await framework.status('t-sleep5', 'TASK_FINISHED');
    expect(framework.states('t-sleep5')).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
  });

  it('of a running task when it reconciles, and of tasks nobody knows', async () => {
    const offer = await framework.offer();
    await framework.launch(offer, ...readTasks('120-accept-noack'));
    await framework.status('t-noack', 'TASK_RUNNING');
    const reference = (id: string) => ({task_id: {value: id}, agent_id: offer.agent_id});
    await framework.call('RECONCILE', {reconcile: {tasks: [reference('t-noack')]}});
    await framework.call('RECONCILE', {reconcile: {tasks: [reference('t-unheard')]}});
    await framework.call('RECONCILE', {reconcile: {tasks: [{task_id: {value: 't-unheard2'}}]}});
    await framework.call('RECONCILE', {reconcile: {tasks: [reference('t-sleep5')]}});
    await framework.call('RECONCILE', {reconcile: {tasks: []}});
    await framework.call('RECONCILE', {reconcile: {}});
    await framework.call('KILL', {kill: reference('t-noack')});
    await framework.status('t-noack', 'TASK_KILLED');
    await eventually(async () => (await tasks()).some((task) => task.state === 'TASK_KILLED')).toBe(true);
    await framework.call('KILL', {kill: reference('t-noack')});
    await framework.call('KILL', {kill: reference('t-never')});
    await framework.call('KILL', {kill: {task_id: {value: 't-never2'}}});
    await framework.status('t-never2', 'TASK_LOST');
    expectAsRecorded('t-sleep5', 't-noack', 't-unheard', 't-unheard2', 't-never', 't-never2');
  });

  it('of launches from offers that are no more', async () => {
    const offer = await framework.offer();
    const agent_id = offer.agent_id;
    const accept = (ids: string[], task: string) => {
      const task_infos = [{agent_id, ...shellTask(task, 'true')}];
      return framework.call('ACCEPT', {
        accept: {offer_ids: ids.map((value) => ({value})), operations: [{type: 'LAUNCH', launch: {task_infos}}]},
      });
    };
    await framework.call('DECLINE', {decline: {offer_ids: [offer.id], filters: {refuse_seconds: 0}}});
    const good = await framework.offer();
    await accept([offer.id.value], 't-stale');
    await accept(['no-such-offer-O9'], 't-unkoffer');
    await accept([], 't-nooffer');
    await accept([good.id.value, offer.id.value], 't-mixed');
    await framework.status('t-mixed', 'TASK_LOST');
    expectAsRecorded('t-stale', 't-unkoffer', 't-nooffer', 't-mixed');
  });

  it('of tasks that make no sense', async () => {
    await framework.launch(await wholeOffer(), ...readTasks('170-task-too-big'));
    for (const name of ['171-task-no-resources', '172-task-no-command', '174-task-id-slash']) await launch(name);
    const offer = await framework.offer();
    await framework.launch(
      offer,
      ...readTasks('173-task-wrong-agent').map((task) => ({...task, agent_id: {value: 'not-an-agent'}})),
    );
    await framework.status('t-wrongag', 'TASK_ERROR');
    expectAsRecorded('t-big', 't-nores', 't-nocmd', 't/slash', 't-wrongag');
  });

  it('of a second task with the id of one that runs, which goes on', async () => {
    await launch('175-dup-first');
    await framework.status('t-dup', 'TASK_RUNNING');
    await launch('176-dup-second');
    await framework.status('t-dup', 'TASK_ERROR');
    expect((await tasks()).find((task) => task.name === 't-dup')?.state).toBe('TASK_RUNNING');
    await framework.call('KILL', {kill: {task_id: {value: 't-dup'}}});
    await framework.status('t-dup', 'TASK_KILLED');
    expectAsRecorded('t-dup');
  });

  it('of two tasks in one ACCEPT, one of which fails', async () => {
    await launch('180-two-tasks');
    await framework.status('t-exit3', 'TASK_FAILED');
    await framework.status('t-ok', 'TASK_FINISHED');
    expectAsRecorded('t-exit3', 't-ok');
  });

  it('of a URI that can not be fetched and a user that does not exist', async () => {
    await launch('182-bad-uri');
    await framework.status('t-uri', 'TASK_FAILED');
    await launch('183-bad-user');
    await framework.status('t-user', 'TASK_LOST');
    expectAsRecorded('t-uri', 't-user');
  });

  it('of programs without a shell, one of them missing', async () => {
    await launch('184-nonshell');
    await framework.status('t-argv', 'TASK_FINISHED');
    await launch('185-nonshell-missing');
    await framework.status('t-noprog', 'TASK_FAILED');
    expectAsRecorded('t-argv', 't-noprog');
  });

  it('of a health check that fails until the task is killed', async () => {
    await launch('186-healthcheck');
    await framework.status('t-health', 'TASK_KILLED');
    expectAsRecorded('t-health');
  });

  it('of the end: TEARDOWN kills what runs', async () => {
    const mark = join(cluster.directory, 'alive');
    await framework.launch(await framework.offer(), shellTask('t-long', `echo $$ > ${mark}; sleep 1000`));
    await eventually(() => existsSync(mark)).toBe(true);
    const answer = await framework.call('TEARDOWN');
    expect(answer.status).toBe(202);
    await eventually(() => framework.isEnded).toBe(true);
    expect((await tasks()).find((task) => task.name === 't-long')).toMatchObject({state: 'TASK_KILLED'});
    expect((await framework.call('REVIVE')).text).toBe('Framework cannot be found');
  });
});

/** All of the agent in one offer: what an ended task used may come in one of its own. */
async function wholeOffer(): Promise<Event> {
  for (;;) {
    const offer = await framework.offer();
    if (amounts(offer).cpus === 2) return offer;
    await framework.call('DECLINE', {decline: {offer_ids: [offer.id], filters: {refuse_seconds: 0}}});
  }
}

async function tasks(): Promise<{name: string; state: string}[]> {
  const headers = {'Content-Type': 'application/json'};
  const answer = JSON.parse((await exchange(master.port, 'POST', '/api/v1', headers, '{"type": "GET_TASKS"}')).text);
  return [...answer.get_tasks.tasks, ...answer.get_tasks.completed_tasks];
}
