import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Preinstalled} from './preinstalled.js';

/** Joins what several parts want in every machine. */
export function joinPreinstalled(parts: readonly Preinstalled[]): Preinstalled {
  return {
    packages: parts.flatMap((part) => part.packages),
    files: parts.flatMap((part) => part.files),
    enable: parts.flatMap((part) => part.enable),
  };
}

/** What the built emulators install in the lab's machines, as the administrators of real servers would have. @param programs the folder of the bundles */
export async function emulators(programs: string): Promise<Preinstalled> {
  const names = (await readdir(programs)).filter((name) => name.endsWith('.install.json')).sort();
  const parts = names.map(async (name) => JSON.parse(await readFile(join(programs, name), 'utf8')) as Preinstalled);
  return joinPreinstalled(await Promise.all(parts));
}
