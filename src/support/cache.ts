import {randomUUID} from 'node:crypto';
import {lstat, readdir, rename, rm, utimes} from 'node:fs/promises';
import {join} from 'node:path';
import {lock} from './lock.js';

/**
 * How long an entry of a cache is kept after its last use, in ms. It is long enough that two checkouts or labs used alternately do not remove each other's
 * entries, and that an entry is never removed while it is created or between being selected and used.
 */
export const KEPT_MS = 24 * 60 * 60_000;

/** Selecting and removing entries exclude each other. Both take only moments. */
const LOCK_NAME = 'the caches';
const LOCK_LIMIT_MS = 60_000;

/** The prefix of entries that are renamed before they are deleted. Nothing else in a cache has it. */
const REMOVED = '.removed-';

/** Records that an entry of a cache is used now: it is kept for KEPT_MS from now on. @returns whether it exists */
export async function useCached(path: string): Promise<boolean> {
  await using _ = await lock(LOCK_NAME, LOCK_LIMIT_MS);
  const now = new Date();
  return utimes(path, now, now).then(
    () => true,
    // An entry of another user exists, but its time cannot be set.
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  );
}

/**
 * Removes the entries of a cache that were not used for KEPT_MS, including incomplete ones.
 * @param now ms since the epoch
 * @param isInUse called for old entries; those in use are kept
 */
export async function pruneCache(
  directory: string,
  now: number,
  isInUse: (name: string) => Promise<boolean> = async () => false,
): Promise<void> {
  {
    await using _ = await lock(LOCK_NAME, LOCK_LIMIT_MS);
    for (const name of await entries(directory)) {
      const path = join(directory, name);
      const {mtimeMs} = await lstat(path);
      if (name.startsWith(REMOVED) || now - mtimeMs < KEPT_MS || (await isInUse(name))) continue;
      await rename(path, join(directory, `${REMOVED}${randomUUID()}`));
    }
  }
  // Outside the lock, because deleting a large tree is slow; these entries can no longer be selected.
  for (const name of await entries(directory)) {
    if (name.startsWith(REMOVED)) await rm(join(directory, name), {recursive: true, force: true});
  }
}

async function entries(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
