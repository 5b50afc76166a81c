import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from '../support/cluster.js';
import {eventually} from '../support/eventually.js';
import {shellTask} from '../support/framework.js';
import {sendRequest} from '../support/http.js';
import {comparableUpdates, readEvents, readTasks} from '../support/transcripts.js';

/** Transcripts 2xx and 3xx. */

let cluster: TestCluster;
let master: RunningMaster;
beforeEach(async () => {
  cluster = new TestCluster();
  master = await cluster.master();
});
afterEach(() => cluster.close());

const removed = {type: 'ERROR', error: {message: 'Framework has been removed'}};

describe('a framework that fails over', () => {
  it('gets an ERROR on its old stream, whose id is rejected from then on', async () => {
    const first = await cluster.framework(master).subscribe();
    const second = await cluster.framework(master).subscribe({id: {value: first.id}});
    expect(second.id).toBe(first.id);
    await eventually(() => first.isEnded).toBe(true);
    expect(first.events.at(-1)).toEqual(readEvents('100-subscribe-A').at(-1));
    const response = await first.call('REVIVE');
    expect(response.status).toBe(400);
    expect(response.text).toBe(
      `The stream ID '${first.streamId}' included in this request didn't match the stream ID currently associated with framework ID ${first.id}`,
    );
    expect((await second.call('REVIVE')).status).toBe(202);
  });

  it('is rejected while disconnected, and gets unacknowledged updates again when it subscribes', async () => {
    await cluster.agent(master);
    const first = await cluster.framework(master).subscribe();
    first.acknowledges = false;
    await first.launch(await first.offer(), shellTask('t-short', 'sleep 0.1'));
    const status = await first.status('t-short', 'TASK_STARTING');
    first.disconnect();
    await eventually(async () => (await first.call('REVIVE')).status).toBe(403);
    expect((await first.call('REVIVE')).text).toBe('Framework is not subscribed');
    const second = await cluster.framework(master).subscribe({id: {value: first.id}, name: 'renamed'});
    const again = await second.status('t-short', 'TASK_STARTING');
    expect(again.uuid).toBe(status.uuid);
    await second.status('t-short', 'TASK_FINISHED');
    expect(comparableUpdates(second.events, 't-short')).toEqual(
      comparableUpdates(readEvents('220-resubscribe-after-disconnect'), 't-short'),
    );
    const state = JSON.parse((await sendRequest(master.port, 'GET', '/master/frameworks')).text);
    expect(state.frameworks).toMatchObject([{name: 'renamed', connected: true, checkpoint: true}]);
  });

  it('keeps its user and checkpoint, even if a later subscription changes them', async () => {
    const first = await cluster.framework(master).subscribe({checkpoint: true, user: 'root'});
    await cluster.framework(master).subscribe({id: {value: first.id}, checkpoint: false, user: 'nobody'});
    const state = JSON.parse((await sendRequest(master.port, 'GET', '/master/frameworks')).text);
    expect(state.frameworks).toMatchObject([{user: 'root', checkpoint: true}]);
  });

  it('may subscribe with an id that the master did not assign', async () => {
    const framework = await cluster.framework(master).subscribe({id: {value: 'my-own-id-0001'}});
    expect(framework.id).toBe('my-own-id-0001');
  });
});

describe('a framework is removed', () => {
  it('immediately when it disconnects without failover_timeout', async () => {
    const first = await cluster.framework(master).subscribe({failover_timeout: 0});
    first.disconnect();
    await eventually(async () => (await first.call('REVIVE')).text).toBe('Framework cannot be found');
    const late = await cluster.framework(master).subscribe({id: {value: first.id}});
    expect(late.events).toEqual([removed]);
    expect(readEvents('305-resubscribe')).toEqual([removed]);
  });

  it('when its failover_timeout expires', async () => {
    const first = await cluster.framework(master).subscribe({failover_timeout: 600});
    first.disconnect();
    await eventually(async () => (await first.call('REVIVE')).status).toBe(403);
    cluster.clock.advance(500);
    expect((await first.call('REVIVE')).status).toBe(403);
    cluster.clock.advance(101);
    expect((await first.call('REVIVE')).status).toBe(400);
    expect((await cluster.framework(master).subscribe({id: {value: first.id}})).events).toEqual([removed]);
  });

  it('by TEARDOWN, and its id cannot be used again', async () => {
    const first = await cluster.framework(master).subscribe();
    expect((await first.call('TEARDOWN')).status).toBe(202);
    expect((await first.call('TEARDOWN')).status).toBe(400);
    expect((await cluster.framework(master).subscribe({id: {value: first.id}})).events).toEqual([removed]);
    const view = JSON.parse((await sendRequest(master.port, 'GET', '/master/frameworks')).text);
    expect(view.frameworks).toEqual([]);
    expect(view.completed_frameworks).toMatchObject([{id: first.id, active: false}]);
  });
});

describe('an operator', () => {
  const teardown = (body: string, method = 'POST') => sendRequest(master.port, method, '/master/teardown', {}, body);

  it('tears down a framework and its tasks, and its id cannot be used again', async () => {
    await cluster.agent(master);
    const first = await cluster.framework(master).subscribe();
    const pidFile = join(cluster.directory, 'pid');
    await first.launch(await first.offer(), shellTask('t', `echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; sleep 1000`));
    await eventually(() => existsSync(pidFile)).toBe(true);
    expect((await teardown(`frameworkId=${first.id}`)).status).toBe(200);
    await eventually(() => first.isEnded).toBe(true);
    const isAlive = (pid: number) => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await eventually(() => isAlive(Number(readFileSync(pidFile, 'utf8')))).toBe(false);
    expect((await cluster.framework(master).subscribe({id: {value: first.id}})).events).toEqual([removed]);
  });

  it('gets an error for an invalid request', async () => {
    expect(await teardown('')).toMatchObject({status: 400, text: "Missing 'frameworkId' query parameter in the request body"});
    expect(await teardown('frameworkId=x')).toMatchObject({status: 400, text: 'No framework found with specified ID'});
    expect((await teardown('', 'PUT')).status).toBe(405);
  });
});

describe('a framework with PARTITION_AWARE and TASK_KILLING_STATE', () => {
  it('gets the newer states', async () => {
    await cluster.agent(master);
    const capabilities = ['MULTI_ROLE', 'PARTITION_AWARE', 'TASK_KILLING_STATE'].map((type) => ({type}));
    const framework = await cluster.framework(master).subscribe({capabilities});
    const offer = await framework.offer();
    await framework.launch(offer, shellTask('t-pa', 'sleep 1000'));
    await framework.status('t-pa', 'TASK_RUNNING');
    await framework.launch(offer, shellTask('t-pa-stale', 'true'));
    const reconcile = (id: string, agent_id?: object) =>
      framework.call('RECONCILE', {reconcile: {tasks: [{task_id: {value: id}, agent_id}]}});
    await reconcile('t-pa-u1', offer.agent_id);
    await reconcile('t-pa-u2');
    await reconcile('t-pa-u3', {value: 'no-such-agent'});
    await framework.call('KILL', {kill: {task_id: {value: 't-pa'}, kill_policy: {grace_period: {nanoseconds: 10e9}}}});
    await framework.status('t-pa', 'TASK_KILLED');
    const recorded = readEvents('330-subscribe-partition-aware');
    for (const id of ['t-pa', 't-pa-stale', 't-pa-u1', 't-pa-u2', 't-pa-u3']) {
      expect(comparableUpdates(framework.events, id)).toEqual(comparableUpdates(recorded, id));
    }
  });

  it('gets an error for the second of two LAUNCH operations, which needs more than the first leaves', async () => {
    await cluster.agent(master);
    const capabilities = ['MULTI_ROLE', 'PARTITION_AWARE', 'TASK_KILLING_STATE'].map((type) => ({type}));
    const framework = await cluster.framework(master).subscribe({capabilities});
    const offer = await framework.offer();
    const operations = readTasks('350-two-launch-ops').map((task) => ({
      type: 'LAUNCH',
      launch: {task_infos: [{agent_id: offer.agent_id, ...task}]},
    }));
    await framework.call('ACCEPT', {accept: {offer_ids: [offer.id], operations}});
    await framework.status('t-pa-b', 'TASK_ERROR');
    const recorded = readEvents('330-subscribe-partition-aware');
    expect(comparableUpdates(framework.events, 't-pa-b')).toEqual(comparableUpdates(recorded, 't-pa-b'));
    await framework.status('t-pa-a', 'TASK_RUNNING');
  });
});

describe('a task that ignores SIGTERM', () => {
  it('is killed after its grace period', async () => {
    // The clock is advanced by more than the default timeout of pings.
    master = await cluster.master('--agent_ping_timeout=1hrs');
    await cluster.agent(master);
    const framework = await cluster.framework(master).subscribe();
    const startedFile = join(cluster.directory, 'started');
    const terminatedFile = join(cluster.directory, 'terminated');
    const value = `trap "touch ${terminatedFile}" TERM; touch ${startedFile}; while :; do sleep 0.1; done`;
    await framework.launch(await framework.offer(), shellTask('t', value));
    await framework.status('t', 'TASK_RUNNING');
    await eventually(() => existsSync(startedFile)).toBe(true);
    await framework.call('KILL', {kill: {task_id: {value: 't'}, kill_policy: {grace_period: {nanoseconds: 600e9}}}});
    await eventually(() => existsSync(terminatedFile)).toBe(true);
    cluster.clock.advance(500);
    expect(framework.states('t')).toEqual(['TASK_STARTING', 'TASK_RUNNING']);
    cluster.clock.advance(101);
    expect((await framework.status('t', 'TASK_KILLED')).message).toBe('Command terminated with signal Killed');
  });
});
