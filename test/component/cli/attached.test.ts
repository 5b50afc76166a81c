import {type ChildProcessByStdio, spawn} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import type {Readable} from 'node:stream';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {attached} from '../../../src/cli/attached.js';

const ATTACHED = fileURLToPath(new URL('../../../src/cli/attached.ts', import.meta.url));

/** A process that exits with 130 on a signal, as hw5's main does. It runs a shell script on its own terminal, prints its exit code, and waits. */
function start(script: string): ChildProcessByStdio<null, Readable, null> {
  const program = `
    import {attached} from ${JSON.stringify(ATTACHED)};
    for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => process.exit(130));
    console.log('ended with', await attached(['sh', '-c', ${JSON.stringify(script)}]));
    setTimeout(() => {}, 60_000);`;
  // in its own process group: the terminal sends Ctrl-C to the whole group
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe("a program on hw5's own terminal", () => {
  it('returns its exit code', async () => {
    expect(await attached(['sh', '-c', 'exit 3'])).toBe(3);
  });

  it.each([
    ['TERM', 143],
    ['KILL', 137],
  ])('terminated by SIG%s returns 128 + the number of the signal', async (signal, code) => {
    expect(await attached(['sh', '-c', `kill -${signal} $$`])).toBe(code);
  });

  it('that does not exist is an error for the user', async () => {
    await expect(attached(['/nowhere/program'])).rejects.toThrow('cannot run /nowhere/program');
  });

  it('may handle Ctrl-C and continue; hw5 waits until it exits', async () => {
    const child = start('trap "echo not yet; exit 7" INT; echo ready; while :; do sleep 0.1; done');
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const nextLine = async (): Promise<string> => (await lines.next()).value as string;
    expect(await nextLine()).toBe('ready');
    process.kill(-child.pid!, 'SIGINT');
    expect([await nextLine(), await nextLine()]).toEqual(['not yet', 'ended with 7']);
    process.kill(-child.pid!, 'SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
  });

  it('receives a SIGTERM that was sent to hw5 only', async () => {
    const child = start('echo ready; exec sleep 60');
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('ready');
    child.kill('SIGTERM');
    expect((await lines.next()).value).toBe('ended with 143');
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([130, null]);
  });
});
