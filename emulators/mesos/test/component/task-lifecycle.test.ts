import {readdirSync, readFileSync} from 'node:fs';
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
  master = await cluster.master();
  framework = await cluster.framework(master).subscribe();
});
afterEach(() => cluster.close());

const maxSeconds = (seconds: number) => ({max_completion_time: {nanoseconds: seconds * 1e9}});

describe('a task that takes longer than its max_completion_time', () => {
  const expected = {
    source: 'SOURCE_EXECUTOR',
    reason: 'REASON_MAX_COMPLETION_TIME_REACHED',
    message: 'Command terminated with signal Terminated',
  };

  it('is ended and has failed, for that reason', async () => {
    await cluster.agent(master);
    await framework.launch(await framework.offer(), shellTask('t-slow', 'sleep 1000', maxSeconds(0.3)));
    expect(await framework.status('t-slow', 'TASK_FAILED')).toMatchObject(expected);
    await framework.launch(await framework.offer(), shellTask('t-quick', 'true', maxSeconds(60)));
    await framework.status('t-quick', 'TASK_FINISHED');
  });

  it('gains no time by a restart of the agent', async () => {
    const first = await cluster.agent(master);
    await framework.launch(await framework.offer(), shellTask('t-slow', 'sleep 1000', maxSeconds(4)));
    const started = await framework.status('t-slow', 'TASK_STARTING');
    await framework.status('t-slow', 'TASK_RUNNING');
    await first.stop();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const restartedAt = Date.now() / 1000;
    await cluster.agent(master);
    const failed = await framework.status('t-slow', 'TASK_FAILED');
    expect(failed).toMatchObject({reason: expected.reason});
    expect(failed.timestamp - started.timestamp).toBeGreaterThanOrEqual(4);
    expect(failed.timestamp - restartedAt).toBeLessThan(4);
  });
});

describe('a command', () => {
  it('finds its secrets in its environment as they are, not in base64', async () => {
    await cluster.agent(master);
    const data = Buffer.from('grüße').toString('base64');
    const variables = [{name: 'S', type: 'SECRET', secret: {type: 'VALUE', value: {data}}}];
    const command = {shell: true, value: 'echo "$S"', environment: {variables}};
    await framework.launch(await framework.offer(), shellTask('t-secret', '', {command}));
    await framework.status('t-secret', 'TASK_FINISHED');
    const slaves = join(cluster.directory, 'agent', 'slaves');
    const path = [
      slaves,
      readdirSync(slaves)[0]!,
      'frameworks',
      framework.id,
      'executors',
      't-secret',
      'runs',
      'latest',
      'stdout',
    ];
    expect(readFileSync(join(...path), 'utf8')).toBe('grüße\n');
  });
});
