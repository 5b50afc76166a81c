import {execFile} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {notebookAnswers, tasksAreReady} from '../../../src/components/scheduler/readiness.js';
import {HOPELESS} from '../../../src/engine/step.js';
import type {SchedulerState, TaskReport} from '../../../src/scheduler-api/state.js';
import {clusterOf} from '../../unit/components/situation.js';
import {scheduler} from '../../unit/tasks/scheduler.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hw5-readiness-'));
  await writeFile(
    join(directory, 'curl'),
    '#!/bin/sh\ncase $* in */login) exit 7 ;; esac\n[ -n "$STATE" ] && printf %s "$STATE"\n',
    {mode: 0o755},
  );
});
afterAll(() => rm(directory, {recursive: true}));

/** Runs the script as on a node whose scheduler is in this state; undefined does not answer. */
function check(
  state: SchedulerState | undefined,
  script = tasksAreReady(clusterOf()),
  began = '',
): Promise<{code: number; output: string}> {
  const env = {
    HW5_WAIT_BEGAN: began,
    PATH: `${directory}:${process.env['PATH']}`,
    STATE: state === undefined ? '' : JSON.stringify(state),
  };
  return new Promise((resolve) => {
    execFile('sh', ['-c', script], {env}, (error, stdout) =>
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

describe('a task without a health check', () => {
  const started = (secondsAgo: number): Partial<TaskReport> => ({
    healthy: null,
    since: new Date(Date.now() - secondsAgo * 1000).toISOString(),
  });

  it('is not ready at the moment when it is reported as running: its program may end at once', async () => {
    expect(await check(withTask(started(0)))).toEqual({code: 1, output: 'ssh-2 has run for less than 3 s'});
  });

  it('is ready when it has run for some seconds, and regardless of a clock that was set back', async () => {
    expect((await check(withTask(started(4)))).code).toBe(0);
    expect((await check(withTask(started(-3600)))).code).toBe(0);
  });

  it('needs no time when a health check has found it healthy', async () => {
    expect((await check(withTask({...started(0), healthy: true}))).code).toBe(0);
  });
});

describe('the readiness check of the framework while it is waited for', () => {
  const REASON = 'it failed (Container exited with status 125): Docker: network x not found.';
  const BEGAN = String(Date.parse('2026-01-01T00:00:00Z') / 1000);
  const failing = (changes: Partial<TaskReport> = {}): Partial<TaskReport> => ({
    state: 'failed',
    message: 'it waits',
    since: '2026-01-01T00:00:01Z',
    failing: {times: 5, reason: REASON},
    ...changes,
  });
  const ready = tasksAreReady(clusterOf());

  it('finds it hopeless when tasks fail again and again for the same reason, each reason once', async () => {
    const state = scheduler(
      {},
      {'ssh-2': failing(), 'ssh-3': failing({failing: {times: 9, reason: 'other'}}), jupyter: failing({state: 'pending'})},
    );
    expect(await check(state, ready, BEGAN)).toEqual({
      code: HOPELESS,
      output: `jupyter, ssh-2: each start fails: ${REASON}\nssh-3: each start fails: other`,
    });
  });

  it.each<[string, Partial<TaskReport>]>([
    ['a few times', failing({failing: {times: 4, reason: REASON}})],
    [
      'seven times by itself: it may wait for another task',
      failing({failing: {times: 7, reason: 'it failed (exited with status 1)'}}),
    ],
    ['before the wait began: the reason may have been removed since', failing({since: '2025-12-31T23:59:59Z'})],
    ['before, and starts again', failing({state: 'starting'})],
    ['before, and runs', failing({state: 'running', message: ''})],
  ])('goes on when a task has failed %s', async (_, changes) => {
    const {code} = await check(scheduler({}, {'ssh-1': {message: 'waits'}, 'ssh-2': changes}), ready, BEGAN);
    expect(code).toBe(1);
  });

  it('does not find it hopeless when nothing waits for it', async () => {
    expect((await check(withTask(failing()))).code).toBe(1);
  });

  it('on another node ends with the notebook, and with no other task', async () => {
    const [, node] = clusterOf().nodes;
    const script = notebookAnswers(node!, clusterOf());
    expect(await check(scheduler({}, {jupyter: failing()}), script, BEGAN)).toEqual({
      code: HOPELESS,
      output: `jupyter: each start fails: ${REASON}`,
    });
    expect(await check(scheduler({}, {'ssh-1': failing()}), script, BEGAN)).toEqual({
      code: 1,
      output: 'the notebook does not answer through node1',
    });
  });
});
