import {rename, rm, rmdir} from 'node:fs/promises';
import {lock} from '../../support/lock.js';
import type {LabHost} from '../host.js';
import {DEFAULT_LAB} from '../lab.js';
import {requireRoot} from '../require-root.js';
import {everyMachine} from '../state.js';
import {removeInterrupted, unfinishedSave} from './interrupted.js';
import {requireSave, savePaths, savesDirectory} from './saves.js';

const LOCK_LIMIT_MS = 10 * 60_000;

/** Removes a save. @throws UsageError naming the saves that exist */
export async function removeSave(
  choice: {readonly lab?: string | undefined; readonly save: string},
  host: LabHost,
  {signal}: {readonly signal?: AbortSignal | undefined} = {},
): Promise<void> {
  requireRoot(`lab saved --delete ${choice.save}`);
  const name = choice.lab ?? DEFAULT_LAB.name;
  await using _ = await lock(`the lab ${name}`, LOCK_LIMIT_MS, {signal});
  await requireSave(host, name, choice.save);
  const lab = await everyMachine(host, name);
  await removeInterrupted(host, lab);
  const unfinished = unfinishedSave(host, lab, choice.save);
  await rename(savePaths(host, name, choice.save).directory, unfinished);
  await rm(unfinished, {recursive: true, force: true});
  for (const directory of [savesDirectory(host, name), host.saves]) await rmdir(directory).catch(() => undefined);
}
