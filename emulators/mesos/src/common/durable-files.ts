import {closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';

/**
 * Files that survive a power failure: when a function returns, its change is on disk, and a crash in between leaves the old state.
 * Synchronous, because a checkpoint must be on disk before the program acts on it.
 */

/** The file system calls, so that a test can observe their order. */
export interface FileSystem {
  mkdirSync(path: string, options: {readonly recursive: true}): string | undefined;
  openSync(path: string, flags: string, mode?: number): number;
  writeFileSync(file: number, data: string): void;
  fsyncSync(file: number): void;
  closeSync(file: number): void;
  renameSync(from: string, to: string): void;
  rmSync(path: string, options: {readonly force: true}): void;
  symlinkSync(target: string, path: string): void;
}

const NODE_FS: FileSystem = {mkdirSync, openSync, writeFileSync, fsyncSync, closeSync, renameSync, rmSync, symlinkSync};

/** Replaces a JSON file, readable by its owner only, and creates the directories above it. */
export function writeJsonFile(path: string, value: unknown, fs: FileSystem = NODE_FS): void {
  makeDirectory(dirname(path), fs);
  const file = fs.openSync(`${path}.tmp`, 'w', 0o600);
  try {
    fs.writeFileSync(file, JSON.stringify(value));
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
  fs.renameSync(`${path}.tmp`, path);
  syncDirectory(dirname(path), fs);
}

/** Points a symbolic link at a target, whether or not the link exists. Its directory must exist. */
export function replaceLink(path: string, target: string, fs: FileSystem = NODE_FS): void {
  fs.rmSync(`${path}.tmp`, {force: true});
  fs.symlinkSync(target, `${path}.tmp`);
  fs.renameSync(`${path}.tmp`, path);
  syncDirectory(dirname(path), fs);
}

/** The value of a JSON file, or undefined when the file does not exist. */
export function readJsonFile<T>(path: string): T | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text) as T;
}

/** Creates a directory and its missing parents. Each new one is an entry of the directory above it, which is written to disk, too. */
function makeDirectory(path: string, fs: FileSystem): void {
  const first = fs.mkdirSync(path, {recursive: true});
  if (first === undefined) return;
  for (let created = path; ; created = dirname(created)) {
    syncDirectory(dirname(created), fs);
    if (created === first || dirname(created) === created) return;
  }
}

function syncDirectory(path: string, fs: FileSystem): void {
  const directory = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}
