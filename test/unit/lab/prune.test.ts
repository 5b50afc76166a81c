import {execFile} from 'node:child_process';
import {mkdir, mkdtemp, readdir, rm, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {pruneBases} from '../../../src/lab/base/prune.js';
import type {LabHost} from '../../../src/lab/host.js';
import {type Save, savePaths} from '../../../src/lab/saves/saves.js';
import {KEPT_MS} from '../../../src/support/cache.js';

const now = Date.now();

describe('the cache of bases', () => {
  let host: LabHost;

  beforeEach(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hw5-bases-'));
    host = {
      cache: join(directory, 'cache'),
      state: join(directory, 'labs'),
      saves: join(directory, 'saves'),
      run: join(directory, 'run'),
      emulators: join(directory, 'p'),
    };
    await mkdir(host.state);
  });
  afterEach(() => rm(join(host.cache, '..'), {recursive: true, force: true}));

  async function base(key: string, days: number): Promise<void> {
    await mkdir(join(host.cache, key, 'tree'), {recursive: true});
    const time = new Date(now - days * KEPT_MS);
    await utimes(join(host.cache, key), time, time);
  }

  async function lab(name: string, content: unknown): Promise<void> {
    await mkdir(join(host.state, name));
    await writeFile(join(host.state, name, 'lab.json'), JSON.stringify(content));
  }

  const record = (name: string, baseKey: string) => ({name, count: 1, subnet: '198.18.9.0/24', sudoPassword: [], baseKey});

  it('loses old bases that no lab is made from, and half made ones', async () => {
    await base('of-a-lab', 9);
    await base('recent', 0.5);
    await base('old', 2);
    await base('.old-half', 2);
    await lab('a', record('a', 'of-a-lab'));
    await pruneBases(host, now);
    expect((await readdir(host.cache)).sort()).toEqual(['of-a-lab', 'recent']);
  });

  it('keeps one that saved disks are layers over, although the lab is gone', async () => {
    await base('of-a-save', 9);
    await base('old', 2);
    const save: Save = {
      version: 1,
      name: 's',
      savedAt: '2026-01-01T00:00:00.000Z',
      bytes: 1,
      entries: 1,
      lab: record('a', 'of-a-save'),
      baseIdentity: 'i',
      running: [],
    };
    await mkdir(savePaths(host, 'a', 's').directory, {recursive: true});
    await writeFile(savePaths(host, 'a', 's').record, JSON.stringify(save));
    await pruneBases(host, now);
    expect(await readdir(host.cache)).toEqual(['of-a-save']);
  });

  it('keeps all of them where a lab cannot be read', async () => {
    await base('old', 2);
    await lab('damaged', 'no record');
    await pruneBases(host, now);
    expect(await readdir(host.cache)).toEqual(['old']);
  });

  it.runIf(process.getuid?.() === 0)('keeps one that a machine of a lab kept elsewhere has mounted', async () => {
    await base('mounted', 2);
    await base('not', 2);
    await mkdir(join(host.run), {recursive: true});
    const hold = 'mount --bind "$1" "$2" && echo ready && exec sleep 600';
    const child = promisify(execFile)('unshare', ['--mount', 'sh', '-c', hold, 'sh', join(host.cache, 'mounted/tree'), host.run]);
    child.catch(() => undefined);
    await new Promise((resolve) => child.child.stdout?.once('data', resolve));
    try {
      await pruneBases(host, now);
      expect(await readdir(host.cache)).toEqual(['mounted']);
    } finally {
      child.child.kill('SIGKILL');
      await child.catch(() => undefined);
    }
  });
});
