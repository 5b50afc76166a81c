import {type ChildProcessByStdio, spawn} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import type {Readable} from 'node:stream';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {attached} from '../../../src/cli/attached.js';

const ATTACHED = fileURLToPath(new URL('../../../src/cli/attached.ts', import.meta.url));

/** A process that, as hw5's main does, leaves with 130 at a signal. It runs a shell script on its own terminal, says how that ended, and waits. */
function start(script: string): ChildProcessByStdio<null, Readable, null> {
  const program = `
    import {attached} from ${JSON.stringify(ATTACHED)};
    for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => process.exit(130));
    console.log('ended with', await attached(['sh', '-c', ${JSON.stringify(script)}]));
    setTimeout(() => {}, 60_000);`;
  // a process group of its own: the terminal sends Ctrl-C to the whole group
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('a program on our own terminal', () => {
  it('gives its exit code', async () => {
    expect(await attached(['sh', '-c', 'exit 3'])).toBe(3);
  });

  it.each([
    ['TERM', 143],
    ['KILL', 137],
  ])('that SIG%s ended gives 128 and the number of the signal', async (signal, code) => {
    expect(await attached(['sh', '-c', `kill -${signal} $$`])).toBe(code);
  });

  it('that is not there is an error for the user', async () => {
    await expect(attached(['/nowhere/program'])).rejects.toThrow('cannot run /nowhere/program');
  });

  it('goes on after a Ctrl-C that means something else to it, and so do we until it ends', async () => {
    const child = start('trap "echo not yet; exit 7" INT; echo ready; while :; do sleep 0.1; done');
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const said = async (): Promise<string> => (await lines.next()).value as string;
    expect(await said()).toBe('ready');
    process.kill(-child.pid!, 'SIGINT');
    expect([await said(), await said()]).toEqual(['not yet', 'ended with 7']);
    process.kill(-child.pid!, 'SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
  });

  it('is sent the SIGTERM that we alone were sent', async () => {
    const child = start('echo ready; exec sleep 60');
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('ready');
    child.kill('SIGTERM');
    expect((await lines.next()).value).toBe('ended with 143');
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([130, null]);
  });
});
