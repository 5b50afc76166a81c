import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import {eventually} from '../support/eventually.js';
import {type Event, shellTask, type TestFramework} from '../support/framework.js';
import {JSON_HEADERS, sendRequest} from '../support/http.js';
import {useSharedCluster} from '../support/shared-cluster.js';
import {amounts} from '../support/state-machine.js';
import {comparableUpdates, readEvents, readTasks} from '../support/transcripts.js';

/** Transcripts 1xx: launches the same tasks in the same order, and compares the updates with those of upstream Mesos. */

const recorded = readEvents('100-subscribe-A');
const shared = useSharedCluster({info: {name: 'fw-A'}});
let framework: TestFramework;
beforeAll(() => {
  ({framework} = shared);
});

function expectAsRecorded(...taskIds: string[]): void {
  for (const id of taskIds) expect(comparableUpdates(framework.events, id)).toEqual(comparableUpdates(recorded, id));
}

const launch = async (name: string): Promise<void> => {
  expect((await framework.launch(await framework.offer(), ...readTasks(name))).status).toBe(202);
};

describe('a framework gets the recorded updates', () => {
  it('of a task that finishes immediately', async () => {
    await framework.launch(await framework.offer(), shellTask('t-sleep5', 'sleep 0.1'));
    await framework.status('t-sleep5', 'TASK_FINISHED');
    expect(framework.states('t-sleep5')).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
  });

  it('of a running task and of unknown tasks, when it reconciles', async () => {
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

  it('of launches from invalid offers', async () => {
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

  it('of invalid tasks', async () => {
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

  it('of a task with the id of a running task, which continues', async () => {
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

  it('of a URI that cannot be fetched and a user that does not exist', async () => {
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
    const timer = setInterval(() => shared.cluster.clock.advance(1), 50);
    await framework.status('t-health', 'TASK_KILLED').finally(() => clearInterval(timer));
    expectAsRecorded('t-health');
  });

  it('after TEARDOWN, which kills its tasks', async () => {
    const startedFile = join(shared.cluster.directory, 'alive');
    await framework.launch(await framework.offer(), shellTask('t-long', `echo $$ > ${startedFile}; sleep 1000`));
    await eventually(() => existsSync(startedFile)).toBe(true);
    const response = await framework.call('TEARDOWN');
    expect(response.status).toBe(202);
    await eventually(() => framework.isEnded).toBe(true);
    expect((await tasks()).find((task) => task.name === 't-long')).toMatchObject({state: 'TASK_KILLED'});
    expect((await framework.call('REVIVE')).text).toBe('Framework cannot be found');
  });
});

/** An offer of all resources of the agent. Those of a task that has just terminated may be offered separately. */
async function wholeOffer(): Promise<Event> {
  for (;;) {
    const offer = await framework.offer();
    if (amounts(offer).cpus === 2) return offer;
    await framework.call('DECLINE', {decline: {offer_ids: [offer.id], filters: {refuse_seconds: 0}}});
  }
}

async function tasks(): Promise<{name: string; state: string}[]> {
  const response = JSON.parse(
    (await sendRequest(shared.master.port, 'POST', '/api/v1', JSON_HEADERS, '{"type": "GET_TASKS"}')).text,
  );
  return [...response.get_tasks.tasks, ...response.get_tasks.completed_tasks];
}
