import {readFile, stat} from 'node:fs/promises';
import {Hw5Error} from '../support/errors.js';
import {overwriteFile, replaceFile} from '../support/replace-file.js';

/** Replaces a file's content, keeping its owner and mode. @throws Hw5Error if its content is no longer `before` */
export async function changeFile(file: string, before: string, text: string): Promise<void> {
  try {
    const {mode, uid, gid} = await stat(file);
    if ((await readFile(file, 'utf8')) !== before)
      throw new Hw5Error(`another process has just changed ${file}`, {hint: 'check its content, then try again'});
    await replaceFile(file, text, {mode: mode & 0o7777, owner: {uid, gid}}).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EACCES') throw error;
      // The directory belongs to another user, as the lab's belongs to root: no file can be created next to it.
      await overwriteFile(file, text);
    });
  } catch (cause) {
    if (cause instanceof Hw5Error) throw cause;
    throw new Hw5Error(`${file} cannot be changed: ${(cause as Error).message}`, {hint: 'check that you may write to it', cause});
  }
}
