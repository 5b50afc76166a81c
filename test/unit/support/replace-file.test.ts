import {mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {run} from '../../../src/lab/run.js';
import {replaceFile} from '../../../src/support/replace-file.js';

describe('replacing a file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hw5-replace-'));
  });
  afterEach(() => rm(folder, {recursive: true}));

  it('gives the new one its mode whatever the umask, and leaves nothing else', async () => {
    const path = join(folder, 'x');
    await replaceFile(path, 'old', {mode: 0o600});
    await replaceFile(path, 'new', {mode: 0o666});
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o666);
    expect(await readdir(folder)).toEqual(['x']);
  });

  it('that fails leaves what was there', async () => {
    await mkdir(join(folder, 'x'));
    await writeFile(join(folder, 'x', 'kept'), '');
    await expect(replaceFile(join(folder, 'x'), 'new', {mode: 0o600})).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['x']);
    expect(await readdir(join(folder, 'x'))).toEqual(['kept']);
  });

  it('on a full disk leaves the old one whole', async () => {
    const path = join(folder, 'x');
    await writeFile(path, 'old');
    const program = `
      import {replaceFile} from ${JSON.stringify(join(import.meta.dirname, '../../../src/support/replace-file.ts'))};
      process.on('SIGXFSZ', () => {});
      await replaceFile(${JSON.stringify(path)}, 'new'.repeat(10_000), {mode: 0o600}).catch((error) => console.log(error.code));`;
    // a limit on the size of files stops writing in the middle as a full disk does
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', program];
    expect(
      await run(['sh', '-c', 'ulimit -f 1; exec "$@"', 'sh', ...node], {
        env: {...process.env, TSX_DISABLE_CACHE: '1'} as Record<string, string>,
      }),
    ).toBe('EFBIG\n');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['x']);
  });
});
