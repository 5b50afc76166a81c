import {readdir, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {exists} from '../base/base.js';
import type {LabHost} from '../host.js';
import type {Lab} from '../lab.js';
import {thawMachines} from '../machine/freeze.js';
import {savesDirectory} from './saves.js';

/** The `cp` of a run that was killed may still write for a moment, so that a directory is not empty any more. */
const REMOVE = {recursive: true, force: true, maxRetries: 10, retryDelay: 200};

/** Where a restore prepares the lab's new directory, and where it puts the one it replaces. No lab's name begins with a dot. */
export function restorePaths(host: LabHost, lab: Pick<Lab, 'name'>): {readonly prepared: string; readonly replaced: string} {
  return {prepared: join(host.state, `.${lab.name}.prepared`), replaced: join(host.state, `.${lab.name}.replaced`)};
}

/** Where a save is prepared. */
export function unfinishedSave(host: LabHost, lab: Pick<Lab, 'name'>, save: string): string {
  return join(savesDirectory(host, lab.name), `.${save}`);
}

/**
 * Removes what a save or a restore left that was killed. To be called with the lab's lock held: then neither is running.
 * @param lab with every machine it may have
 */
export async function removeInterrupted(host: LabHost, lab: Lab): Promise<void> {
  await thawMachines(lab);
  const {prepared, replaced} = restorePaths(host, lab);
  // killed between the two renames
  if ((await exists(replaced)) && !(await exists(lab.directory))) await rename(replaced, lab.directory);
  for (const path of [prepared, replaced]) await rm(path, REMOVE);
  const saves = savesDirectory(host, lab.name);
  const names = await readdir(saves).catch(() => []);
  for (const name of names.filter((each) => each.startsWith('.'))) await rm(join(saves, name), REMOVE);
}
