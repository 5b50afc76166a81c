import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {FactOutput} from '../../../src/engine/fact.js';
import {HOPELESS} from '../../../src/engine/step.js';
import {isReady, waitFor} from '../../../src/engine/wait.js';
import {LocalHost} from '../../../src/host/local-host.js';
import {InterruptedError, TimeoutError} from '../../../src/support/errors.js';

const host = new LocalHost();
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hw5-wait-'));
});
afterEach(() => rm(directory, {recursive: true}));

it('ends as soon as the script exits with 0', async () => {
  await waitFor(host, {reason: 'nothing', script: 'true', limitSeconds: 60});
  setTimeout(() => void writeFile(join(directory, 'there'), ''), 100);
  await waitFor(host, {reason: 'a file', script: `[ -e ${directory}/there ] || { echo no file; exit 1; }`, limitSeconds: 60});
});

it('fails at its limit with the last output, errors included, reason and hint', async () => {
  const script = `echo x >>${directory}/count; echo first; echo "attempt $(wc -l <${directory}/count)"; echo "why" >&2; exit 3`;
  const error: TimeoutError = await waitFor(host, {reason: 'a miracle', script, limitSeconds: 1, hint: 'pray'}).catch(
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(TimeoutError);
  const attempts = (await readFile(join(directory, 'count'), 'utf8')).trim().split('\n').length;
  expect(error.message).toBe(`waited 1 s for a miracle: first; attempt ${attempts}; why`);
  expect(error.hint).toBe('pray');
});

it('ends when the script finds that waiting is of no use, with its reason; the script knows since when it is waited for', async () => {
  const script = `[ $(($(date +%s) - HW5_WAIT_BEGAN)) -lt 600 ] && echo began; exit ${HOPELESS}`;
  const error = await waitFor(host, {reason: 'a miracle', script, limitSeconds: 60, hint: 'pray'}).catch((thrown) => thrown);
  expect(error).toMatchObject({message: 'a miracle: waiting longer is of no use: began', hint: 'pray'});
  expect(error).not.toBeInstanceOf(TimeoutError);
});

it('omits the output when there was none', async () => {
  await expect(waitFor(host, {reason: 'a miracle', script: 'false', limitSeconds: 0})).rejects.toThrow(
    /^waited 0 s for a miracle$/,
  );
});

it('kills an attempt that hangs and starts the next one', async () => {
  const script = `[ -e ${directory}/second ] && exit 0; : >${directory}/second; echo begun; sleep 4713`;
  await waitFor(host, {reason: 'the second attempt', script, limitSeconds: 2});
});

it('reports the output of an attempt that hung', async () => {
  const wait = {reason: 'the end', script: 'echo asked; sleep 4714', limitSeconds: 1};
  await expect(waitFor(host, wait)).rejects.toThrow('waited 1 s for the end: asked');
});

it('stops when interrupted, and leaves no process on the host', async () => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  await expect(
    waitFor(host, {reason: 'the end', script: `sleep 4715.${process.pid}; false`, limitSeconds: 60}, abort.signal),
  ).rejects.toThrow(InterruptedError);
  const left = await host.exec(['sh', '-c', `cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sleep 4715[.]${process.pid}'`]);
  expect(left.stdout).toBe('0\n');
});

describe('a wait whose output is parsed on the controller', () => {
  const count = () => `echo x >>${directory}/count; wc -l <${directory}/count; echo starting >&2; exit 1`;
  const missing = ({stdout, code}: FactOutput): string | undefined =>
    stdout.startsWith('3') ? undefined : `attempt ${stdout.trim().replace('\n', ' ')}, code ${code}`;

  it('ends when nothing is missing, with any exit code', async () => {
    await waitFor(host, {reason: 'three attempts', script: count(), missing, limitSeconds: 60});
    expect(await readFile(join(directory, 'count'), 'utf8')).toBe('x\nx\nx\n');
  });

  it('does not end while something is missing that prints nothing', () => {
    const wait = {
      reason: 'calicoctl',
      script: 'command -v calicoctl',
      missing: ({stdout}: FactOutput) => stdout,
      limitSeconds: 1,
    };
    expect(isReady(wait, {stdout: '', code: 127})).toBe(false);
    expect(isReady({...wait, missing: () => undefined}, {stdout: '', code: 127})).toBe(true);
  });

  it('reports at its limit what was missing last', async () => {
    const wait = {reason: 'three attempts', script: count(), missing, limitSeconds: 0, hint: 'wait longer'};
    await expect(waitFor(host, wait)).rejects.toMatchObject({
      message: 'waited 0 s for three attempts: attempt 1 starting, code 1',
      hint: 'wait longer',
    });
  });

  it('kills an attempt that hangs and starts the next one', async () => {
    const script = `[ -e ${directory}/second ] && exit 0; : >${directory}/second; sleep 4716`;
    const answered = ({code}: FactOutput) => (code === 0 ? undefined : 'an answer');
    await waitFor(host, {reason: 'an answer', script, missing: answered, limitSeconds: 2});
  });

  it('ends when the script finds that waiting is of no use', async () => {
    const script = `[ $(($(date +%s) - HW5_WAIT_BEGAN)) -lt 600 ] && echo began; exit ${HOPELESS}`;
    const found = ({stdout}: FactOutput) => stdout.trim();
    await expect(waitFor(host, {reason: 'Felix', script, missing: found, limitSeconds: 60})).rejects.toThrow(
      /^Felix: waiting longer is of no use: began$/,
    );
  });

  it('stops when interrupted', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new InterruptedError('interrupted')), 50);
    const wait = {reason: 'the end', script: 'true', missing: () => 'all', limitSeconds: 60};
    await expect(waitFor(host, wait, abort.signal)).rejects.toThrow(InterruptedError);
  });
});
