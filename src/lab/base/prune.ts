import {readdir, readFile} from 'node:fs/promises';
import {pruneCache} from '../../support/cache.js';
import type {LabHost} from '../host.js';
import {listSaves} from '../saves/saves.js';
import {readRecord} from '../state.js';

/** Removes bases that no lab and no save is made from and that were not used for a day. @param now ms since the epoch */
export async function pruneBases(host: LabHost, now: number): Promise<void> {
  await pruneCache(
    host.cache,
    now,
    async (name) => (await isOfALab(host, name)) || (await isOfASave(host, name)) || (await isMounted(name)),
  );
}

/** Whether a lab's disks are layers over the base. A lab whose record cannot be read counts as one. */
async function isOfALab(host: LabHost, key: string): Promise<boolean> {
  const labs = (await readdir(host.state).catch(() => [])).filter((name) => !name.startsWith('.'));
  const keys = await Promise.all(
    labs.map((lab) =>
      readRecord(host, lab).then(
        (record) => record?.baseKey,
        () => key,
      ),
    ),
  );
  return keys.includes(key);
}

/** Whether saved disks are layers over the base. */
async function isOfASave(host: LabHost, key: string): Promise<boolean> {
  const labs = await readdir(host.saves).catch(() => []);
  const saves = await Promise.all(labs.map((lab) => listSaves(host, lab)));
  return saves.flat().some((save) => save.lab.baseKey === key);
}

/** Whether any process has it mounted: a machine whose lab is stored elsewhere, or a running build. */
async function isMounted(name: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  for (const pid of pids) {
    // a process may exit in the meantime
    const mounts = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
    if (mounts.includes(`/${name}/tree`)) return true;
  }
  return false;
}
