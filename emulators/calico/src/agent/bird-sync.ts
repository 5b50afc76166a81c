import {mkdir, readFile, rename, writeFile} from 'node:fs/promises';
import {BIRD_SOCKETS, queryBird} from '../bird/control.js';
import type {Run} from '../process.js';

export const BIRD_CONFIG_DIRECTORY = '/etc/calico/confd/config';
export const BIRD_CONFIG = `${BIRD_CONFIG_DIRECTORY}/bird.cfg`;

/** Writes BIRD's configuration if it differs and `bird -p` accepts it. Returns whether it wrote. @throws Error with BIRD's message */
export async function writeBirdConfig(run: Run, text: string): Promise<boolean> {
  const current = await readFile(BIRD_CONFIG, 'utf8').catch(() => undefined);
  if (current === text) return false;
  await mkdir(BIRD_CONFIG_DIRECTORY, {recursive: true});
  const draft = `${BIRD_CONFIG}.new`;
  await writeFile(draft, text);
  const check = await run(['bird', '-p', '-c', draft]);
  if (check.code !== 0) throw new Error(`BIRD rejects the generated configuration: ${(check.stderr + check.stdout).trim()}`);
  await rename(draft, BIRD_CONFIG);
  return true;
}

/** Keeps BIRD's configuration up to date, and makes a running BIRD reload it (as `birdc configure`). */
export class BirdSync {
  readonly #run: Run;
  /** Whether BIRD may still run with an older configuration than the file's. */
  #isReloadDue = true;

  constructor(run: Run) {
    this.#run = run;
  }

  async apply(text: string): Promise<boolean> {
    const isWritten = await writeBirdConfig(this.#run, text);
    if (isWritten) this.#isReloadDue = true;
    if (!this.#isReloadDue) return isWritten;
    const reply = await queryBird(BIRD_SOCKETS[0], 'configure').catch(() => undefined);
    // A BIRD that is not running reads the file when it starts. Reply codes: reconfigured, in progress, queued, after undo.
    const isAccepted = reply?.some((line) => /^00(03|04|18|06) /.test(line)) ?? false;
    if (isAccepted) this.#isReloadDue = false;
    return isWritten;
  }
}
