import {randomUUID} from 'node:crypto';
import {open, rename, rm} from 'node:fs/promises';
import {dirname} from 'node:path';

/**
 * Puts a file in the place of whatever is there, whole or not at all: neither a full disk nor a power loss leaves a part of it, and once this has
 * returned the new one stays.
 */
export async function replaceFile(
  path: string,
  text: string,
  {mode, owner}: {readonly mode: number; readonly owner?: {readonly uid: number; readonly gid: number} | undefined},
): Promise<void> {
  const fresh = `${path}.${randomUUID().slice(0, 8)}`;
  try {
    {
      // nobody else's to read before it has its owner and mode
      await using file = await open(fresh, 'wx', 0o600);
      await file.writeFile(text);
      if (owner) await file.chown(owner.uid, owner.gid);
      // whatever the umask
      await file.chmod(mode);
      await file.sync();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, {force: true});
    throw error;
  }
  await using folder = await open(dirname(path), 'r');
  await folder.sync();
}

/** Writes over a file where no other can be put in its place. A power loss in the middle may leave a part of both. */
export async function overwriteFile(path: string, text: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.writeFile(text);
  await file.truncate(Buffer.byteLength(text));
  await file.sync();
}
