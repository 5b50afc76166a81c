import {execFile} from 'node:child_process';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {pauseScript} from '../../support/pause-script.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hw5-pause-'));
  await writeFile(
    join(directory, 'systemctl'),
    '#!/bin/sh\ncase $1 in show) printf "%s" "$SHOWN" ;; *) echo "$*" >>"$CALLS" ;; esac\n',
    {
      mode: 0o755,
    },
  );
  await writeFile(join(directory, 'sleep'), '#!/bin/sh\necho "sleep $*" >>"$CALLS"\n', {mode: 0o755});
});
afterAll(() => rm(directory, {recursive: true}));

interface LastRun {
  readonly restarts: number;
  /** When its program started and ended, in seconds; undefined when it has never started. */
  readonly run?: readonly [began: number, ended: number];
  /** When the unit ended, with an ExecStartPre= that failed as well. */
  readonly ended: number;
}

/** What the script does when systemd starts a unit again. */
async function pauseAfter({restarts, run = [0, 0], ended}: LastRun): Promise<string> {
  const calls = join(directory, 'calls');
  await writeFile(calls, '');
  const times = {
    ActiveEnterTimestampMonotonic: run[0],
    ActiveExitTimestampMonotonic: run[1],
    InactiveEnterTimestampMonotonic: ended,
  };
  const shown = Object.entries(times).map(([name, seconds]) => `${name}=${seconds * 1_000_000}\n`);
  const env = {PATH: `${directory}:${process.env['PATH']}`, CALLS: calls, SHOWN: `NRestarts=${restarts}\n${shown.join('')}`};
  await new Promise<void>((resolve, reject) => {
    execFile('/bin/sh', ['-c', pauseScript()], {env}, (error) => (error ? reject(error) : resolve()));
  });
  return (await readFile(calls, 'utf8')).trim();
}

describe('the pause before a restart of a unit', () => {
  it.each([
    ['is none at the first start', {restarts: 0, ended: 0}, ''],
    ['is none at the first three restarts', {restarts: 3, run: [100, 101], ended: 101}, ''],
    ['begins with the fourth', {restarts: 4, run: [100, 101], ended: 101}, 'sleep 2'],
    ['grows', {restarts: 6, run: [100, 101], ended: 101}, 'sleep 8'],
    ['is never longer than 15 s', {restarts: 1000, run: [100, 109], ended: 109}, 'sleep 15'],
    [
      'is none after a good run, from which on failures are counted',
      {restarts: 1000, run: [100, 110], ended: 111},
      'reset-failed hw5-proxy.service',
    ],
    [
      'grows while what precedes the program fails, whatever an earlier run was',
      {restarts: 7, run: [100, 200], ended: 230},
      'sleep 15',
    ],
    ['grows where the program has never run', {restarts: 5, ended: 230}, 'sleep 4'],
  ] satisfies [string, LastRun, string][])('%s', async (_, last, expected) => {
    expect(await pauseAfter(last as LastRun)).toBe(expected);
  });
});
