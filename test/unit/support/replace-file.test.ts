import {mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {transform} from 'esbuild';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {run} from '../../../src/lab/run.js';
import {replaceFile} from '../../../src/support/replace-file.js';

describe('replacing a file', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hw5-replace-'));
  });
  afterEach(() => rm(directory, {recursive: true}));

  it('sets the mode independently of the umask, and leaves nothing else in the directory', async () => {
    const path = join(directory, 'x');
    await replaceFile(path, 'old', {mode: 0o600});
    await replaceFile(path, 'new', {mode: 0o666});
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o666);
    expect(await readdir(directory)).toEqual(['x']);
  });

  it('changes nothing when it fails', async () => {
    await mkdir(join(directory, 'x'));
    await writeFile(join(directory, 'x', 'kept'), '');
    await expect(replaceFile(join(directory, 'x'), 'new', {mode: 0o600})).rejects.toThrow();
    expect(await readdir(directory)).toEqual(['x']);
    expect(await readdir(join(directory, 'x'))).toEqual(['kept']);
  });

  it('keeps the old file complete on a full disk', async () => {
    const path = join(directory, 'x');
    await writeFile(path, 'old');
    const source = await readFile(join(import.meta.dirname, '../../../src/support/replace-file.ts'), 'utf8');
    const {code} = await transform(source, {loader: 'ts', format: 'esm', target: 'node20'});
    const program = `${code}
      process.on('SIGXFSZ', () => {});
      await replaceFile(${JSON.stringify(path)}, 'new'.repeat(10_000), {mode: 0o600}).catch((error) => console.log(error.code));`;
    // A limit on the size of files makes writing fail in the middle, as a full disk does.
    const node = [process.execPath, '--input-type=module', '-e', program];
    expect(await run(['sh', '-c', 'ulimit -f 1; exec "$@"', 'sh', ...node])).toBe('EFBIG\n');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(directory)).toEqual(['x']);
  });
});
