import {readFile, stat} from 'node:fs/promises';
import {Hw5Error} from '../support/errors.js';
import {overwriteFile, replaceFile} from '../support/replace-file.js';

/** Puts the new text in the place of the old, with the same owner and mode. @throws Hw5Error when it changed meanwhile. */
export async function changeFile(file: string, before: string, text: string): Promise<void> {
  try {
    const {mode, uid, gid} = await stat(file);
    if ((await readFile(file, 'utf8')) !== before)
      throw new Hw5Error(`somebody else has just changed ${file}`, {hint: 'look at it, then try again'});
    await replaceFile(file, text, {mode: mode & 0o7777, owner: {uid, gid}}).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EACCES') throw error;
      // Its folder is somebody else's, as the lab's is root's: no other file can take its place.
      await overwriteFile(file, text);
    });
  } catch (cause) {
    if (cause instanceof Hw5Error) throw cause;
    throw new Hw5Error(`${file} cannot be changed: ${(cause as Error).message}`, {hint: 'may you write to it?', cause});
  }
}
