import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import * as z from 'zod';
import {Hw5Error} from '../support/errors.js';
import {joinPreinstalled, type Preinstalled, preinstalledSchema} from './preinstalled.js';

const BUILD = 'run `npm run build` in the directory of hw5';

/**
 * What the built emulators install in the lab's machines, as the administrators of real servers would have.
 * @param directory has one directory per emulator, with its programs and install.json
 * @param replaced the names of those that the lab does not have @throws Hw5Error where they are not built
 */
export async function emulators(directory: string, replaced: readonly string[] = []): Promise<Preinstalled> {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw new Hw5Error(`the emulators that the lab needs are not built: ${directory} is missing`, {cause, hint: BUILD});
  });
  const used = names.filter((name) => !replaced.includes(name)).sort();
  return joinPreinstalled(await Promise.all(used.map((name) => emulator(join(directory, name)))));
}

async function emulator(directory: string): Promise<Preinstalled> {
  const file = join(directory, 'install.json');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Hw5Error(`an emulator that the lab needs is not built: ${file} cannot be read`, {cause, hint: BUILD});
  });
  const {packages, files, enable} = parse(text, file);
  const located = files.map((one) => (one.program === undefined ? one : {...one, program: join(directory, one.program)}));
  return {packages, files: located, enable};
}

function parse(text: string, file: string): Preinstalled {
  try {
    return preinstalledSchema.parse(JSON.parse(text));
  } catch (cause) {
    const detail = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new Hw5Error(`${file} is not what this hw5 reads, it is from another build or damaged:\n${detail}`, {
      cause,
      hint: BUILD,
    });
  }
}
