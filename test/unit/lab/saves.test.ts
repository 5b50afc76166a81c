import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {LabHost} from '../../../src/lab/host.js';
import {defineLab, labFrom} from '../../../src/lab/lab.js';
import {inUnits, measure, requireSpace} from '../../../src/lab/saves/copy.js';
import {removeInterrupted, restorePaths, unfinishedSave} from '../../../src/lab/saves/interrupted.js';
import {checkSaveName, listSaves, requireSave, type Save, savePaths} from '../../../src/lab/saves/saves.js';

let root: string;
let host: LabHost;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hw5-saves-'));
  host = {
    cache: join(root, 'cache'),
    state: join(root, 'labs'),
    saves: join(root, 'saves'),
    run: join(root, 'run'),
    emulators: root,
  };
});
afterEach(() => rm(root, {recursive: true, force: true}));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), {recursive: true});
  await writeFile(path, text);
}

/** Writes the record of a save, as `lab save` does last. */
async function addSave(name: string, savedAt: string): Promise<void> {
  const lab = {name: 'x', count: 3, subnet: '198.18.0.0/25', sudoPassword: [], baseKey: 'b'};
  const save: Save = {version: 1, name, savedAt, bytes: 1, entries: 1, lab, baseIdentity: 'i', running: ['node0']};
  await write(savePaths(host, 'x', name).record, JSON.stringify(save));
}

describe('the saves of a lab', () => {
  it('are listed from the oldest to the newest, without incomplete and unreadable ones', async () => {
    await addSave('new', '2026-02-01T00:00:00.000Z');
    await addSave('old', '2026-01-01T00:00:00.000Z');
    await write(join(unfinishedSave(host, {name: 'x'}, 'begun'), 'save.json'), '{}');
    await write(savePaths(host, 'x', 'cut-short').record, '{"version": 1');
    await write(savePaths(host, 'x', 'of-a-later-hw5').record, '{"version": 2}');
    expect((await listSaves(host, 'x')).map(({name}) => name)).toEqual(['old', 'new']);
    expect(await listSaves(host, 'y')).toEqual([]);
  });

  it('are named in the error for an unknown one; where none exists, the error contains the command that makes one', async () => {
    await expect(requireSave(host, 'x', 'first')).rejects.toMatchObject({
      message: 'the lab x has no save "first"',
      hint: expect.stringContaining('lab save NAME --name x'),
      exitCode: 2,
    });
    await addSave('one', '2026-01-01T00:00:00.000Z');
    await expect(requireSave(host, 'x', 'first')).rejects.toMatchObject({hint: 'its saves are one'});
    expect((await requireSave(host, 'x', 'one')).name).toBe('one');
  });

  it.each(['', '.', '..', '.hidden', 'a/b', 'a b', 'x'.repeat(65), '-x'])('are not named "%s"', (name) => {
    expect(() => checkSaveName(name)).toThrow('is not a name for a save');
  });

  it.each(['a', 'healthy', 'Exercise-2.1_b', '2'])('may be named "%s"', (name) => {
    expect(() => checkSaveName(name)).not.toThrow();
  });
});

describe('what a save or a restore left that was killed', () => {
  const lab = () => labFrom(defineLab({name: 'x'}), host);

  it('is removed: the unfinished save and the prepared directory, not the lab and the other saves', async () => {
    await addSave('whole', '2026-01-01T00:00:00.000Z');
    await write(join(unfinishedSave(host, {name: 'x'}, 'begun'), 'lab/node0/created'), '');
    await write(join(restorePaths(host, lab()).prepared, 'node0/created'), '');
    await write(lab().files.definition, 'the lab');
    await removeInterrupted(host, lab());
    expect(await measure([host.saves, host.state])).toMatchObject({
      // saves, x, whole, save.json; labs, x, lab.json
      entries: 7,
    });
  });

  it('is the lab itself where it was killed between the two renames', async () => {
    await write(join(restorePaths(host, lab()).replaced, 'lab.json'), 'the lab');
    await write(join(restorePaths(host, lab()).prepared, 'lab.json'), 'the save');
    await removeInterrupted(host, lab());
    expect((await measure([lab().files.definition])).entries).toBe(1);
    expect((await measure([host.state])).entries).toBe(3);
  });
});

describe('the free space', () => {
  it('has to suffice before anything is copied', async () => {
    await requireSpace(root, 0, 'saving the lab x', 'hint');
    await expect(requireSpace(root, 1e18, 'saving the lab x', 'free some space')).rejects.toMatchObject({
      message: expect.stringMatching(/^saving the lab x needs 1000000000\.3 GB in .*, which has [\d.]+ [MG]B free$/),
      hint: 'free some space',
    });
  });

  it('is measured in blocks, so that holes do not count', async () => {
    const file = join(root, 'file');
    await writeFile(file, Buffer.alloc(100_000, 'x'));
    const {bytes, entries} = await measure([file]);
    expect(entries).toBe(1);
    expect(bytes).toBeGreaterThanOrEqual(100_000);
    expect(bytes).toBeLessThan(120_000);
  });

  it('is printed in units that a person reads', () => {
    expect([0, 1, 340_000_000, 999_999_999, 1_740_000_000].map(inUnits)).toEqual(['0 MB', '1 MB', '340 MB', '1000 MB', '1.7 GB']);
  });
});
