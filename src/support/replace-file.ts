import {randomUUID} from 'node:crypto';
import {open, rename, rm} from 'node:fs/promises';
import {dirname} from 'node:path';

/**
 * Creates or replaces a file atomically and durably: neither a full disk nor a power loss leaves a part of it, and it is on disk when the function
 * returns.
 */
export async function replaceFile(
  path: string,
  text: string,
  {mode, owner}: {readonly mode: number; readonly owner?: {readonly uid: number; readonly gid: number} | undefined},
): Promise<void> {
  const temporary = `${path}.${randomUUID().slice(0, 8)}`;
  try {
    {
      // Not readable for others before it has its owner and mode.
      await using file = await open(temporary, 'wx', 0o600);
      await file.writeFile(text);
      if (owner) await file.chown(owner.uid, owner.gid);
      // Independent of the umask.
      await file.chmod(mode);
      await file.sync();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, {force: true});
    throw error;
  }
  await using directory = await open(dirname(path), 'r');
  await directory.sync();
}

/** Overwrites a file in place, where it cannot be replaced. A power loss may leave a mixture of old and new content. */
export async function overwriteFile(path: string, text: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.writeFile(text);
  await file.truncate(Buffer.byteLength(text));
  await file.sync();
}
