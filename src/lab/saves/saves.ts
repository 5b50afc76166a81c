import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import * as z from 'zod';
import {UsageError} from '../../support/errors.js';
import type {LabHost} from '../host.js';
import {readIfPresent} from '../public-path.js';
import {nameOption, recordSchema} from '../state.js';

/** What save.json contains. It is written last: a save without it is incomplete. */
const saveSchema = z.object({
  version: z.literal(1),
  name: z.string(),
  /** ISO 8601. */
  savedAt: z.string(),
  /** Space on the disk. */
  bytes: z.number(),
  entries: z.number(),
  /** The lab's definition and the key of the base that its disks are layers over. */
  lab: recordSchema,
  /** What that base contained: see baseIdentity. */
  baseIdentity: z.string(),
  /** The machines that were on. */
  running: z.array(z.string()),
});

export type Save = z.infer<typeof saveSchema>;

/** Where the saves of a lab are. They stay when the lab is removed. */
export function savesDirectory(host: LabHost, lab: string): string {
  return join(host.saves, lab);
}

/** Where a save is: save.json, and the directory `lab`, a copy of the lab's directory that only root may read. */
export function savePaths(host: LabHost, lab: string, name: string) {
  const directory = join(savesDirectory(host, lab), name);
  return {directory, record: join(directory, 'save.json'), lab: join(directory, 'lab')};
}

/** @throws UsageError for what cannot be a save's name */
export function checkSaveName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]{0,63}$/i.test(name)) return;
  throw new UsageError(`"${name}" is not a name for a save`, {
    hint: 'use up to 64 letters, digits, dots, hyphens and underscores, a letter or a digit first',
  });
}

/** The complete saves of a lab, the oldest first. */
export async function listSaves(host: LabHost, lab: string): Promise<Save[]> {
  const names = await readdir(savesDirectory(host, lab)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const saves = await Promise.all(names.filter((name) => !name.startsWith('.')).map((name) => readSave(host, lab, name)));
  return saves.filter((save) => save !== undefined).sort((one, other) => one.savedAt.localeCompare(other.savedAt));
}

/** @returns undefined where there is no complete save of that name */
export async function readSave(host: LabHost, lab: string, name: string): Promise<Save | undefined> {
  const text = await readIfPresent(savePaths(host, lab, name).record);
  try {
    return saveSchema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}

/** @throws UsageError naming the saves that exist */
export async function requireSave(host: LabHost, lab: string, name: string): Promise<Save> {
  checkSaveName(name);
  const save = await readSave(host, lab, name);
  if (save) return save;
  const names = (await listSaves(host, lab)).map((each) => each.name);
  throw new UsageError(`the lab ${lab} has no save "${name}"`, {
    hint:
      names.length > 0
        ? `its saves are ${names.join(', ')}`
        : `it has none; \`sudo hw5 lab save NAME${nameOption(lab)}\` makes one`,
  });
}
