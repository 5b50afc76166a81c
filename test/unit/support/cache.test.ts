import {mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {KEPT_MS, pruneCache, useCached} from '../../../src/support/cache.js';

describe('a cache', () => {
  let directory: string;
  const at = (name: string): string => join(directory, name);
  const now = Date.now();
  const age = async (name: string, ms: number): Promise<void> => {
    const time = new Date(now - ms);
    await utimes(at(name), time, time);
  };
  const remaining = async (): Promise<string[]> => (await readdir(directory)).sort();

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hw5-cache-'));
    await mkdir(at('tree/deep'), {recursive: true});
    await writeFile(at('tree/deep/file'), '');
    for (const name of ['image', 'other']) await writeFile(at(name), '');
    for (const name of ['tree', 'image', 'other']) await age(name, KEPT_MS + 60_000);
  });
  afterEach(() => rm(directory, {recursive: true, force: true}));

  it('is pruned of what was not used for a day, including directories', async () => {
    await age('other', KEPT_MS - 60_000);
    await pruneCache(directory, now);
    expect(await remaining()).toEqual(['other']);
  });

  it('keeps what was used since then, and what is in use', async () => {
    expect(await useCached(at('image'))).toBe(true);
    const queried: string[] = [];
    await pruneCache(directory, now, async (name) => {
      queried.push(name);
      return name === 'tree';
    });
    expect(await remaining()).toEqual(['image', 'tree']);
    expect(queried.sort()).toEqual(['other', 'tree']);
    expect((await stat(at('tree/deep/file'))).isFile()).toBe(true);
  });

  it('reports that a removed entry does not exist', async () => {
    await pruneCache(directory, now);
    expect(await useCached(at('image'))).toBe(false);
    expect(await useCached(at('image/below'))).toBe(false);
  });

  it('does not offer an entry that is just being removed', async () => {
    let use: Promise<boolean> | undefined;
    await pruneCache(directory, now, async (name) => {
      if (name === 'image') use = useCached(at('image'));
      // Long enough for `useCached` if it did not have to wait.
      await delay(50);
      return false;
    });
    expect([await use, await remaining()]).toEqual([false, []]);
  });

  it('is cleaned of what an interrupted pruning left, and does not have to exist', async () => {
    await mkdir(at('.removed-tree/half'), {recursive: true});
    await pruneCache(directory, now);
    expect(await remaining()).toEqual([]);
    await rm(directory, {recursive: true});
    await pruneCache(directory, now);
    expect(await useCached(at('image'))).toBe(false);
  });
});
