import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {SVLOGD} from '../../src/unit-files.js';

let directory: string;
let program: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'svlogd-'));
  program = join(directory, 'svlogd');
  await writeFile(program, SVLOGD);
});
afterEach(() => rm(directory, {recursive: true}));

/** Runs svlogd with `input` and returns its exit code. @param signal sent before the input */
async function run(args: readonly string[], input: string, env = {}, signal?: NodeJS.Signals): Promise<number> {
  const child = spawn('bash', [program, ...args], {stdio: ['pipe', 'ignore', 'inherit'], env: {...process.env, ...env}});
  if (signal !== undefined) {
    child.stdin.write('first\n');
    await expect.poll(() => readFile(join(args.at(-1) ?? '', 'current'), 'utf8').catch(() => '')).toContain('first');
    child.kill(signal);
  }
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number];
  return code;
}

describe('svlogd', () => {
  it('appends the lines, with -tt each behind its time', async () => {
    const logs = join(directory, 'log/bird');
    expect(await run(['-tt', logs], 'one\n  two %s \\n\nlast')).toBe(0);
    expect(await run([logs], 'plain\n')).toBe(0);
    const lines = (await readFile(join(logs, 'current'), 'utf8')).split('\n');
    const time = String.raw`\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d\.\d{5}`;
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`^${time} one$`)),
      expect.stringMatching(new RegExp(`^${time}   two %s \\\\n$`)),
      expect.stringMatching(new RegExp(`^${time} last$`)),
      'plain',
      '',
    ]);
  });

  it('outlives SIGTERM, so that the last lines of a stopped program are written', async () => {
    const logs = join(directory, 'log');
    expect(await run([logs], 'last\n', {}, 'SIGTERM')).toBe(0);
    expect(await readFile(join(logs, 'current'), 'utf8')).toBe('first\nlast\n');
  });

  it('begins another file after a size and keeps ten', async () => {
    const logs = join(directory, 'log');
    await run([logs], `${'0123456\nand 67\n'.repeat(12)}end\n`, {SVLOGD_SIZE: '15'});
    const files = await readdir(logs);
    expect(files.filter((name) => /^@[\d.]+\.s$/.test(name))).toHaveLength(10);
    expect(await readFile(join(logs, 'current'), 'utf8')).toBe('end\n');
  });
});
