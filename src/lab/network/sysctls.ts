import {mkdir, readFile, rm, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import * as z from 'zod';
import {replaceFile} from '../../support/replace-file.js';
import type {LabHost} from '../host.js';
import {bootId} from '../process-identity.js';

/** What the lab needs of this computer's kernel, at least. */
const NEEDED: Readonly<Record<string, number>> = {
  'net/ipv4/ip_forward': 1,
  // All machines' systemd, as root, draw on one user's share; 128 is the default and enough for about four machines.
  'fs/inotify/max_user_instances': 1024,
};

const recordSchema = z.object({bootId: z.string(), original: z.record(z.string(), z.number())});
type SysctlRecord = z.infer<typeof recordSchema>;

/** Raises what is too low, having noted what it was. To be called under the host lock. @returns whether one was. @param proc where the settings are, other than in tests /proc/sys */
export async function applySysctls(host: Pick<LabHost, 'run'>, proc = '/proc/sys'): Promise<boolean> {
  let isChanged = false;
  for (const [name, needed] of Object.entries(NEEDED)) {
    const current = await read(proc, name);
    if (current >= needed) continue;
    const record = await readRecord(host);
    // Noted before it is changed: a crash between leaves a note that changes nothing.
    await writeRecord(host, {...record, original: {[name]: current, ...record.original}});
    await writeFile(join(proc, name), String(needed));
    isChanged = true;
  }
  return isChanged;
}

/** Puts back what was changed, for the last lab that goes. What somebody else has set differently since stays. */
export async function restoreSysctls(host: Pick<LabHost, 'run'>, proc = '/proc/sys'): Promise<void> {
  for (const [name, original] of Object.entries((await readRecord(host)).original)) {
    if ((await read(proc, name)) === NEEDED[name]) await writeFile(join(proc, name), String(original));
  }
  await rm(recordPath(host), {force: true});
}

async function read(proc: string, name: string): Promise<number> {
  return Number(await readFile(join(proc, name), 'utf8'));
}

/** A record of an earlier boot says nothing: the kernel started with its own values. */
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

/** Beside the labs' directories; no lab's name starts with a dot. */
function recordPath(host: Pick<LabHost, 'run'>): string {
  return join(host.run, '.sysctls.json');
}
