import {chmod, chown, lstat, mkdir, readFile, readlink, rm, symlink, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {Hw5Error} from '../../support/errors.js';
import type {MachineFile} from './files.js';

/** The two layers of a machine's disk. */
export interface Layers {
  /** The base: read here, never written. */
  readonly lower: string;
  /** The machine's own. */
  readonly upper: string;
}

/** Writes files into the upper layer of a machine that is off. `user` owns those that are ownedByUser. */
export async function writeFiles(
  layers: Layers,
  files: readonly MachineFile[],
  user: {readonly uid: number; readonly gid: number},
): Promise<void> {
  for (const file of files) {
    const path = await resolveDirectory(layers, dirname(file.path));
    const target = join(layers.upper, path, file.path.slice(file.path.lastIndexOf('/') + 1));
    const owner = file.ownedByUser ? user : undefined;
    await copyDirectories(layers, path, owner);
    // the present entry may be of another kind, such as an overlay's whiteout of a file that was deleted in the machine
    await rm(target, {recursive: true, force: true});
    await writeFile(target, await contentOf(file), {mode: file.mode});
    await chmod(target, file.mode);
    if (owner) await chown(target, owner.uid, owner.gid);
  }
}

/** Makes symbolic links in the upper layer, which hide what the base has at these paths. */
export async function writeLinks(layers: Layers, links: readonly (readonly [string, string])[]): Promise<void> {
  for (const [path, target] of links) {
    const directory = await resolveDirectory(layers, dirname(path));
    await copyDirectories(layers, directory, undefined);
    await symlink(target, join(layers.upper, directory, path.slice(path.lastIndexOf('/') + 1)));
  }
}

/** The content that the file must have. */
export async function contentOf(file: MachineFile): Promise<string | Buffer> {
  if (file.text !== undefined) return file.text;
  return readFile(file.program!).catch((cause: unknown) => {
    throw new Hw5Error(`${file.program}, which the lab's machines need, cannot be read`, {cause, hint: 'run `npm run build`'});
  });
}

/** Resolves the base's symbolic links (such as /lib): a directory of that name in the upper layer would hide the link. */
async function resolveDirectory(layers: Layers, directory: string): Promise<string> {
  let resolved = '/';
  for (const name of directory.split('/').filter(Boolean)) {
    const next = join(resolved, name);
    const target = await readlink(join(layers.lower, next)).catch(() => undefined);
    resolved = target === undefined ? next : join(target.startsWith('/') ? '/' : resolved, target);
  }
  return resolved;
}

/** Makes directories in the upper layer with the base's attributes, as an overlay shows a directory with those of its uppermost layer. New ones are 0755. */
async function copyDirectories(
  layers: Layers,
  directory: string,
  owner: {readonly uid: number; readonly gid: number} | undefined,
): Promise<void> {
  let path = '/';
  for (const name of directory.split('/').filter(Boolean)) {
    path = join(path, name);
    const target = join(layers.upper, path);
    if (await lstat(target).catch(() => undefined)) continue;
    await mkdir(target);
    const original = await lstat(join(layers.lower, path)).catch(() => undefined);
    await chmod(target, original ? original.mode & 0o7777 : owner ? 0o700 : 0o755);
    await chown(target, original?.uid ?? owner?.uid ?? 0, original?.gid ?? owner?.gid ?? 0);
  }
}
