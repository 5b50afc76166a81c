import {mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';

/** Replaces a JSON file so that a crash leaves either the old or the new one. Synchronous: a checkpoint must be down before we go on. */
export function writeJsonFile(path: string, value: unknown): void {
  mkdirSync(dirname(path), {recursive: true});
  writeFileSync(`${path}.tmp`, JSON.stringify(value), {mode: 0o600, flush: true} as {mode: number});
  renameSync(`${path}.tmp`, path);
}

/** The value of a JSON file, or undefined when there is none. */
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
