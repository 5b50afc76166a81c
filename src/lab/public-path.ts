import {chmod, mkdir, readFile} from 'node:fs/promises';
import {replaceFile} from '../support/replace-file.js';

/** Makes directories that everybody may look into, whatever the umask: the lab's status is for the user who typed sudo as well. */
export async function makePublicDirectories(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(path, {recursive: true});
    await chmod(path, 0o755);
  }
}

/** Writes a file that everybody may read, whatever the umask: all of it or nothing. */
export async function writePublicFile(path: string, text: string): Promise<void> {
  await replaceFile(path, text, {mode: 0o644});
}

/** The text of a file; undefined when it is not there. What cannot be read is not taken for missing: it would be made anew. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
