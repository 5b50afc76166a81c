import {mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {KEPT_MS, pruneCache, useCached} from '../../../src/support/cache.js';

describe('a cache', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  const now = Date.now();
  const age = async (name: string, ms: number): Promise<void> => {
    const time = new Date(now - ms);
    await utimes(at(name), time, time);
  };
  const left = async (): Promise<string[]> => (await readdir(folder)).sort();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hw5-cache-'));
    await mkdir(at('tree/deep'), {recursive: true});
    await writeFile(at('tree/deep/file'), '');
    for (const name of ['image', 'other']) await writeFile(at(name), '');
    for (const name of ['tree', 'image', 'other']) await age(name, KEPT_MS + 60_000);
  });
  afterEach(() => rm(folder, {recursive: true, force: true}));

  it('loses what nobody has used for a day, whole trees too', async () => {
    await age('other', KEPT_MS - 60_000);
    await pruneCache(folder, now);
    expect(await left()).toEqual(['other']);
  });

  it('keeps what was used since, and what is in use', async () => {
    expect(await useCached(at('image'))).toBe(true);
    const asked: string[] = [];
    await pruneCache(folder, now, async (name) => {
      asked.push(name);
      return name === 'tree';
    });
    expect(await left()).toEqual(['image', 'tree']);
    expect(asked.sort()).toEqual(['other', 'tree']);
    expect((await stat(at('tree/deep/file'))).isFile()).toBe(true);
  });

  it('does not have what was removed, and says so to whoever wants to use it', async () => {
    await pruneCache(folder, now);
    expect(await useCached(at('image'))).toBe(false);
    expect(await useCached(at('image/below'))).toBe(false);
  });

  it('gives nobody what is just being removed', async () => {
    let use: Promise<boolean> | undefined;
    await pruneCache(folder, now, async (name) => {
      if (name === 'image') use = useCached(at('image'));
      // whoever did not have to wait has it by now
      await new Promise((resolve) => setTimeout(resolve, 50));
      return false;
    });
    expect([await use, await left()]).toEqual([false, []]);
  });

  it('is cleared of what an interrupted pruning left, and need not be there', async () => {
    await mkdir(at('.removed-tree/half'), {recursive: true});
    await pruneCache(folder, now);
    expect(await left()).toEqual([]);
    await rm(folder, {recursive: true});
    await pruneCache(folder, now);
    expect(await useCached(at('image'))).toBe(false);
  });
});
