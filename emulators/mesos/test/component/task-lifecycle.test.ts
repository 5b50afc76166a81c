import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from '../support/cluster.js';
import {shellTask, type TestFramework} from '../support/framework.js';

let cluster: TestCluster;
let master: RunningMaster;
let framework: TestFramework;
beforeEach(async () => {
  cluster = new TestCluster();
  // The clock is advanced by more than the default timeout of pings.
  master = await cluster.master('--agent_ping_timeout=1hrs');
  framework = await cluster.framework(master).subscribe();
});
afterEach(() => cluster.close());

describe('a task', () => {
  it('is launched from an offer and reported until it has finished', async () => {
    await cluster.agent(master);
    const offer = await framework.offer();
    expect(offer.attributes).toEqual([
      {name: 'rack', type: 'TEXT', text: {value: 'r1'}},
      {name: 'zone', type: 'TEXT', text: {value: 'z1'}},
    ]);
    const response = await framework.launch(offer, shellTask('t', 'sleep 0.1'));
    expect(response.status).toBe(202);
    const status = await framework.status('t', 'TASK_FINISHED');
    expect(status.message).toBe('Command exited with status 0');
    expect(framework.states('t')).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
  });
});

const maxSeconds = (seconds: number) => ({max_completion_time: {nanoseconds: seconds * 1e9}});

describe('a task that exceeds its max_completion_time', () => {
  const expected = {
    source: 'SOURCE_EXECUTOR',
    reason: 'REASON_MAX_COMPLETION_TIME_REACHED',
    message: 'Command terminated with signal Terminated',
  };

  it('is killed and reported as failed, with this reason', async () => {
    await cluster.agent(master);
    await framework.launch(await framework.offer(), shellTask('t-slow', 'sleep 1000', maxSeconds(600)));
    await framework.status('t-slow', 'TASK_RUNNING');
    cluster.clock.advance(601);
    expect(await framework.status('t-slow', 'TASK_FAILED')).toMatchObject(expected);
    await framework.launch(await framework.offer(), shellTask('t-quick', 'true', maxSeconds(600)));
    await framework.status('t-quick', 'TASK_FINISHED');
  });

  it('gets no additional time when the agent restarts', async () => {
    const first = await cluster.agent(master);
    await framework.launch(await framework.offer(), shellTask('t-slow', 'sleep 1000', maxSeconds(600)));
    const started = await framework.status('t-slow', 'TASK_STARTING');
    await framework.status('t-slow', 'TASK_RUNNING');
    await first.stop();
    cluster.clock.advance(300);
    const restartedAt = cluster.clock.now();
    await cluster.agent(master);
    await framework.offer();
    cluster.clock.advance(200);
    expect(framework.states('t-slow')).toEqual(['TASK_STARTING', 'TASK_RUNNING']);
    cluster.clock.advance(101);
    const failed = await framework.status('t-slow', 'TASK_FAILED');
    expect(failed).toMatchObject({reason: expected.reason});
    expect(failed.timestamp - started.timestamp).toBeGreaterThanOrEqual(600);
    expect(failed.timestamp - restartedAt).toBeLessThan(600);
  });
});

describe('a command', () => {
  it('gets secrets in its environment, decoded from base64', async () => {
    await cluster.agent(master);
    const data = Buffer.from('grüße').toString('base64');
    const variables = [{name: 'S', type: 'SECRET', secret: {type: 'VALUE', value: {data}}}];
    const command = {shell: true, value: 'echo "$S"', environment: {variables}};
    await framework.launch(await framework.offer(), shellTask('t-secret', '', {command}));
    await framework.status('t-secret', 'TASK_FINISHED');
    expect(readFileSync(join(cluster.sandbox(framework, 't-secret'), 'stdout'), 'utf8')).toBe('grüße\n');
  });
});
