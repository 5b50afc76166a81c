import {mkdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import type {BirdFiles} from '../bird/config.js';
import {BIRD_SOCKETS, BIRD6_SOCKETS, queryBird} from '../bird/control.js';
import type {Run} from '../process.js';

export const BIRD_CONFIG_DIRECTORY = '/etc/calico/confd/config';
const DRAFTS = `${BIRD_CONFIG_DIRECTORY}.new`;

/**
 * Writes the files that differ, if BIRD accepts all of them together. Returns whether it wrote any. Upstream's confd checks only the main file;
 * here a wrong filter of the user does not keep BIRD from starting. @throws Error with BIRD's message
 */
export async function writeBirdConfig(run: Run, files: BirdFiles): Promise<boolean> {
  const changed = await differing(files);
  if (changed.length === 0) return false;
  await rm(DRAFTS, {recursive: true, force: true});
  await mkdir(DRAFTS, {recursive: true});
  for (const [name, text] of files) await writeFile(`${DRAFTS}/${name}`, text);
  for (const [program, main] of [
    ['bird', 'bird.cfg'],
    ['bird6', 'bird6.cfg'],
  ] as const) {
    const check = await run([program, '-p', '-c', `${DRAFTS}/${main}`]);
    if (check.code !== 0) throw new Error(`BIRD rejects the generated configuration: ${(check.stderr + check.stdout).trim()}`);
  }
  await mkdir(BIRD_CONFIG_DIRECTORY, {recursive: true});
  for (const name of changed) await rename(`${DRAFTS}/${name}`, `${BIRD_CONFIG_DIRECTORY}/${name}`);
  await rm(DRAFTS, {recursive: true});
  return true;
}

async function differing(files: BirdFiles): Promise<string[]> {
  const isSame = async (name: string, text: string) =>
    (await readFile(`${BIRD_CONFIG_DIRECTORY}/${name}`, 'utf8').catch(() => undefined)) === text;
  const results = await Promise.all([...files].map(async ([name, text]) => ((await isSame(name, text)) ? [] : [name])));
  return results.flat();
}

/** Keeps BIRD's configuration up to date, and makes running BIRDs reload it (as `birdc configure`). */
export class BirdSync {
  readonly #run: Run;
  /** The control sockets of the BIRDs that may still run with older files. */
  #reloadsDue = new Set<string>([BIRD_SOCKETS[0], BIRD6_SOCKETS[0]]);

  constructor(run: Run) {
    this.#run = run;
  }

  async apply(files: BirdFiles): Promise<boolean> {
    const isWritten = await writeBirdConfig(this.#run, files);
    if (isWritten) this.#reloadsDue = new Set([BIRD_SOCKETS[0], BIRD6_SOCKETS[0]]);
    for (const socket of this.#reloadsDue) {
      const reply = await queryBird(socket, 'configure').catch(() => undefined);
      // A BIRD that is not running reads the files when it starts. Reply codes: reconfigured, in progress, queued, after undo.
      if (reply?.some((line) => /^00(03|04|18|06) /.test(line))) this.#reloadsDue.delete(socket);
    }
    return isWritten;
  }
}
