import {randomUUID} from 'node:crypto';
import {lstat, readdir, rename, rm, utimes} from 'node:fs/promises';
import {join} from 'node:path';
import {lock} from './lock.js';

/**
 * How long what a cache holds stays after its last use, in ms. Two checkouts or labs that are used by turns do not make each other build
 * everything anew, and what is being made or was just chosen is young.
 */
export const KEPT_MS = 24 * 60 * 60_000;

/** Choosing and removing never meet: both take only moments. */
const LOCK_NAME = 'the caches';
const LOCK_LIMIT_MS = 60_000;

/** What pruning has set aside begins so; nothing else in a cache does. */
const REMOVED = '.removed-';

/** Notes that an entry of a cache is used now: it stays for KEPT_MS. @returns whether it is there */
export async function useCached(path: string): Promise<boolean> {
  await using _ = await lock(LOCK_NAME, LOCK_LIMIT_MS);
  const now = new Date();
  return utimes(path, now, now).then(
    () => true,
    // somebody else's is there, though its time is not ours to set
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  );
}

/**
 * Removes from a cache what nobody has used for KEPT_MS, half made things included.
 * @param now ms since the epoch
 * @param isInUse asked about entries that are old; those in use stay
 */
export async function pruneCache(
  folder: string,
  now: number,
  isInUse: (name: string) => Promise<boolean> = async () => false,
): Promise<void> {
  {
    await using _ = await lock(LOCK_NAME, LOCK_LIMIT_MS);
    for (const name of await entries(folder)) {
      const path = join(folder, name);
      const {mtimeMs} = await lstat(path);
      if (name.startsWith(REMOVED) || now - mtimeMs < KEPT_MS || (await isInUse(name))) continue;
      await rename(path, join(folder, `${REMOVED}${randomUUID()}`));
    }
  }
  // Slow for a large tree, and nobody can choose these any more.
  for (const name of await entries(folder)) {
    if (name.startsWith(REMOVED)) await rm(join(folder, name), {recursive: true, force: true});
  }
}

async function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
