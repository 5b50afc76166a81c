import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {applySysctls, restoreSysctls} from '../../../src/lab/network/sysctls.js';

const FORWARD = 'net/ipv4/ip_forward';
const INOTIFY = 'fs/inotify/max_user_instances';

describe("the kernel's settings", () => {
  let root: string;
  let proc: string;
  let host: {run: string};
  const write = async (name: string, value: string): Promise<void> => {
    await mkdir(dirname(join(proc, name)), {recursive: true});
    await writeFile(join(proc, name), value);
  };
  const read = async (): Promise<string[]> =>
    Promise.all([FORWARD, INOTIFY].map(async (name) => (await readFile(join(proc, name), 'utf8')).trim()));

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hw5-sysctl-'));
    proc = join(root, 'proc');
    host = {run: join(root, 'run')};
    await write(FORWARD, '0\n');
    await write(INOTIFY, '128\n');
  });
  afterEach(() => rm(root, {recursive: true, force: true}));

  it('are raised for the first lab and restored after the last, regardless of the labs in between', async () => {
    await applySysctls(host, proc);
    expect(await read()).toEqual(['1', '1024']);
    await write(INOTIFY, '256\n');
    await applySysctls(host, proc);
    await applySysctls(host, proc);
    await restoreSysctls(host, proc);
    expect(await read()).toEqual(['0', '128']);
    expect(await readdir(host.run)).toEqual([]);
  });

  it('are left alone where they are high enough', async () => {
    await write(FORWARD, '1\n');
    await write(INOTIFY, '8192\n');
    await applySysctls(host, proc);
    expect(await read()).toEqual(['1', '8192']);
    await restoreSysctls(host, proc);
    expect(await read()).toEqual(['1', '8192']);
  });

  it('are not restored where another process has changed them since', async () => {
    await applySysctls(host, proc);
    await write(INOTIFY, '512\n');
    await restoreSysctls(host, proc);
    expect(await read()).toEqual(['0', '512']);
  });

  it.each(['', '{"bootId":"of an earlier boot","original":{"net/ipv4/ip_forward":7}}'])(
    'do not follow a stale or damaged note: %j',
    async (note) => {
      await mkdir(host.run);
      await writeFile(join(host.run, '.sysctls.json'), note);
      await restoreSysctls(host, proc);
      await writeFile(join(host.run, '.sysctls.json'), note);
      await applySysctls(host, proc);
      await restoreSysctls(host, proc);
      expect(await read()).toEqual(['0', '128']);
    },
  );
});
