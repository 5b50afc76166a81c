import {describe, expect, it} from 'vitest';
import {run, tryRun} from '../../../src/lab/run.js';
import {CommandError, Hw5Error, InterruptedError} from '../../../src/support/errors.js';

describe('running a command on the host', () => {
  it('returns its output and any exit code', async () => {
    expect(await tryRun(['sh', '-c', 'cat; echo no >&2; exit 3'], {stdin: 'yes'})).toEqual({
      code: 3,
      stdout: 'yes',
      stderr: 'no\n',
    });
  });

  it('that has to succeed fails with the whole stderr', async () => {
    const failure = run(['sh', '-c', 'echo why >&2; exit 3']);
    await expect(failure).rejects.toThrow(CommandError);
    await expect(failure).rejects.toMatchObject({code: 3, stderr: 'why\n'});
  });

  it('that is not there is an error for the user', async () => {
    await expect(run(['/nowhere/program'])).rejects.toThrow(Hw5Error);
  });

  it('shows whole lines as they come', async () => {
    const lines: string[] = [];
    await run(['sh', '-c', 'printf "a\\nb"; printf "c\\n"'], {onLine: (line) => lines.push(line)});
    expect(lines).toEqual(['a', 'bc']);
  });

  it('ends with the signal', async () => {
    const controller = new AbortController();
    const running = run(['sleep', '60'], {signal: controller.signal});
    controller.abort();
    await expect(running).rejects.toThrow(InterruptedError);
    await expect(run(['true'], {signal: controller.signal})).rejects.toThrow(InterruptedError);
  });

  it('does not mind a command that reads no input', async () => {
    expect((await tryRun(['true'], {stdin: 'x'.repeat(1_000_000)})).code).toBe(0);
  });
});
