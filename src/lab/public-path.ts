import {chmod, mkdir, writeFile} from 'node:fs/promises';

/** Makes directories that everybody may look into, whatever the umask: the lab's status is for the user who typed sudo as well. */
export async function makePublicDirectories(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(path, {recursive: true});
    await chmod(path, 0o755);
  }
}

/** Writes a file that everybody may read, whatever the umask. */
export async function writePublicFile(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o644);
}
