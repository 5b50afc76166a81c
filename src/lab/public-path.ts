import {chmod, mkdir, readFile} from 'node:fs/promises';
import {replaceFile} from '../support/replace-file.js';

/** Makes directories with mode 0755, regardless of the umask: `lab status` also works for users other than root. */
export async function makePublicDirectories(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(path, {recursive: true});
    await chmod(path, 0o755);
  }
}

/** Replaces a file atomically, with mode 0644 regardless of the umask. */
export async function writePublicFile(path: string, text: string): Promise<void> {
  await replaceFile(path, text, {mode: 0o644});
}

/** The content of a file; undefined when it does not exist. Other errors are thrown: a file that is taken for missing would be overwritten. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
