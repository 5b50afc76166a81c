import {chmod, chown, mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {changeFile} from '../../../src/cli/change-file.js';

const NOBODY = 65_534;

describe('changing a file of the user', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hw5-change-'));
    file = join(directory, 'cluster.yaml');
    await writeFile(file, 'a: a longer text\n');
  });
  afterEach(() => rm(directory, {recursive: true}));

  it('keeps its mode', async () => {
    await chmod(file, 0o640);
    await changeFile(file, 'a: a longer text\n', 'b: new\n');
    expect(await readFile(file, 'utf8')).toBe('b: new\n');
    expect((await stat(file)).mode & 0o777).toBe(0o640);
  });

  it('keeps what another process has written meanwhile', async () => {
    await expect(changeFile(file, 'a: before that\n', 'b: new\n')).rejects.toThrow('another process has just changed');
    expect(await readFile(file, 'utf8')).toBe('a: a longer text\n');
  });

  it("works in a directory of another user, as the lab's directory belongs to root", async () => {
    await chmod(directory, 0o555);
    const isRoot = process.geteuid!() === 0;
    if (isRoot) await chown(file, NOBODY, NOBODY);
    if (isRoot) process.seteuid!(NOBODY);
    try {
      await changeFile(file, 'a: a longer text\n', 'b: new\n');
    } finally {
      if (isRoot) process.seteuid!(0);
      await chmod(directory, 0o755);
    }
    expect(await readFile(file, 'utf8')).toBe('b: new\n');
    expect(await readdir(directory)).toEqual(['cluster.yaml']);
  });

  it('that the user may not write is an error with a hint', async () => {
    await chmod(directory, 0o555);
    await chmod(file, 0o444);
    const isRoot = process.geteuid!() === 0;
    if (isRoot) process.seteuid!(NOBODY);
    try {
      await expect(changeFile(file, 'a: a longer text\n', 'b: new\n')).rejects.toMatchObject({
        message: expect.stringContaining('cannot be changed'),
        hint: 'check that you may write to it',
      });
    } finally {
      if (isRoot) process.seteuid!(0);
      await chmod(directory, 0o755);
    }
  });
});
