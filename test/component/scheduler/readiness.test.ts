import {execFile} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {tasksAreReady} from '../../../src/components/scheduler/readiness.js';
import type {SchedulerState, TaskReport} from '../../../src/scheduler-api/state.js';
import {clusterOf} from '../../unit/components/situation.js';
import {scheduler} from '../../unit/tasks/scheduler.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hw5-readiness-'));
  await writeFile(join(directory, 'curl'), '#!/bin/sh\n[ -n "$STATE" ] && printf %s "$STATE"\n', {mode: 0o755});
});
afterAll(() => rm(directory, {recursive: true}));

/** Runs the script as on a node whose scheduler is in this state; undefined does not answer. */
function check(state: SchedulerState | undefined): Promise<{code: number; output: string}> {
  const env = {PATH: `${directory}:${process.env['PATH']}`, STATE: state === undefined ? '' : JSON.stringify(state)};
  return new Promise((resolve) => {
    execFile('sh', ['-c', tasksAreReady(clusterOf())], {env}, (error, stdout) =>
      resolve({code: error === null ? 0 : Number(error.code), output: stdout.trim()}),
    );
  });
}

const withTask = (changes: Partial<TaskReport>): SchedulerState => scheduler({}, {'ssh-2': changes});

describe('the readiness check of the framework', () => {
  it('succeeds when all tasks run, are healthy and have their current description', async () => {
    expect(await check(scheduler())).toEqual({code: 0, output: ''});
  });

  it.each<[string, SchedulerState | undefined, string]>([
    ['no scheduler answers', undefined, 'the scheduler does not answer'],
    ['the leader has an older list', scheduler({isCurrent: false}), 'the leading scheduler does not have the new task list yet'],
    ['a task is unknown', {...scheduler(), tasks: scheduler().tasks.slice(0, 4)}, 'ssh-4 is unknown to the scheduler'],
    ['a task is outdated', withTask({isOutdated: true}), 'ssh-2 will be replaced because its description changed'],
    ['a task does not run', withTask({state: 'staging', message: 'sent to node1'}), 'ssh-2: staging (sent to node1)'],
    ['a task has a message', withTask({message: 'its health check fails'}), 'ssh-2: running (its health check fails)'],
  ])('fails and prints the reason when %s', async (_, state, output) => {
    expect(await check(state)).toEqual({code: 1, output});
  });
});
