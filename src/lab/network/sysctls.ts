import {mkdir, readFile, rm, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import * as z from 'zod';
import {replaceFile} from '../../support/replace-file.js';
import type {LabHost} from '../host.js';
import {bootId} from '../process-identity.js';

/** The lowest values that the lab needs. */
const NEEDED: Readonly<Record<string, number>> = {
  'net/ipv4/ip_forward': 1,
  // The limit is per user, and the systemds of all machines run as root; the default of 128 suffices for about four machines.
  'fs/inotify/max_user_instances': 1024,
};

const recordSchema = z.object({bootId: z.string(), original: z.record(z.string(), z.number())});
type SysctlRecord = z.infer<typeof recordSchema>;

/** Raises the settings that are too low, and records the values they had. Requires the lock on the host's network. @returns whether one was too low. @param proc /proc/sys, except in tests */
export async function applySysctls(host: Pick<LabHost, 'run'>, proc = '/proc/sys'): Promise<boolean> {
  let isChanged = false;
  for (const [name, needed] of Object.entries(NEEDED)) {
    const current = await read(proc, name);
    if (current >= needed) continue;
    const record = await readRecord(host);
    // Recorded before it is changed: a crash in between leaves a record of the present value.
    await writeRecord(host, {...record, original: {[name]: current, ...record.original}});
    await writeFile(join(proc, name), String(needed));
    isChanged = true;
  }
  return isChanged;
}

/** Restores the recorded values when the last lab is removed. A setting that was changed since by others stays. */
export async function restoreSysctls(host: Pick<LabHost, 'run'>, proc = '/proc/sys'): Promise<void> {
  for (const [name, original] of Object.entries((await readRecord(host)).original)) {
    if ((await read(proc, name)) === NEEDED[name]) await writeFile(join(proc, name), String(original));
  }
  await rm(recordPath(host), {force: true});
}

async function read(proc: string, name: string): Promise<number> {
  return Number(await readFile(join(proc, name), 'utf8'));
}

/** A record of an earlier boot is ignored: the settings have the kernel's defaults since. */
async function readRecord(host: Pick<LabHost, 'run'>): Promise<SysctlRecord> {
  const now = await bootId();
  const text = await readFile(recordPath(host), 'utf8').catch(() => 'null');
  const record = parseRecord(text);
  return record?.bootId === now ? record : {bootId: now, original: {}};
}

function parseRecord(text: string): SysctlRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

async function writeRecord(host: Pick<LabHost, 'run'>, record: SysctlRecord): Promise<void> {
  const path = recordPath(host);
  await mkdir(dirname(path), {recursive: true});
  await replaceFile(path, JSON.stringify(record), {mode: 0o644});
}

/** Next to the labs' directories; no lab's name starts with a dot. */
function recordPath(host: Pick<LabHost, 'run'>): string {
  return join(host.run, '.sysctls.json');
}
