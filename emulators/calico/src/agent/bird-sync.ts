import {mkdir, readFile, rename, writeFile} from 'node:fs/promises';
import {askBird, BIRD_SOCKETS} from '../bird/control.js';
import type {Run} from '../process.js';

export const BIRD_CONFIG_DIRECTORY = '/etc/calico/confd/config';
export const BIRD_CONFIG = `${BIRD_CONFIG_DIRECTORY}/bird.cfg`;

/** Writes BIRD's configuration if it differs and BIRD itself finds it good; throws with BIRD's words otherwise. Returns whether it wrote. */
export async function writeBirdConfig(run: Run, text: string): Promise<boolean> {
  const current = await readFile(BIRD_CONFIG, 'utf8').catch(() => undefined);
  if (current === text) return false;
  await mkdir(BIRD_CONFIG_DIRECTORY, {recursive: true});
  const draft = `${BIRD_CONFIG}.new`;
  await writeFile(draft, text);
  const check = await run(['bird', '-p', '-c', draft]);
  if (check.code !== 0) throw new Error(`BIRD refuses its configuration: ${(check.stderr + check.stdout).trim()}`);
  await rename(draft, BIRD_CONFIG);
  return true;
}

/** Keeps BIRD on the wanted configuration, and tells a running BIRD about a new one (`birdc configure`). */
export class BirdSync {
  readonly #run: Run;
  /** A written configuration that BIRD may not have taken yet. */
  #isReloadDue = true;

  constructor(run: Run) {
    this.#run = run;
  }

  async apply(text: string): Promise<boolean> {
    const isWritten = await writeBirdConfig(this.#run, text);
    if (isWritten) this.#isReloadDue = true;
    if (!this.#isReloadDue) return isWritten;
    const reply = await askBird(BIRD_SOCKETS[0], 'configure').catch(() => undefined);
    // A BIRD that is down reads the file when it starts.
    const isTaken = reply?.some((line) => /^00(03|04|18|06) /.test(line)) ?? false;
    if (isTaken) this.#isReloadDue = false;
    return isWritten;
  }
}
