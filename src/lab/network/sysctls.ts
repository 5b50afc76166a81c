import {mkdir, readFile, rename, rm, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {z} from 'zod';
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

/** Raises what is too low, having noted what it was. To be called under the host lock. */
export async function applySysctls(host: LabHost): Promise<void> {
  for (const [name, needed] of Object.entries(NEEDED)) {
    const current = await read(name);
    if (current >= needed) continue;
    const record = await readRecord(host);
    // Noted before it is changed: a crash between leaves a note that changes nothing.
    await writeRecord(host, {...record, original: {[name]: current, ...record.original}});
    await writeFile(`/proc/sys/${name}`, String(needed));
  }
}

/** Puts back what was changed, for the last lab that goes. What somebody else has set differently since stays. */
export async function restoreSysctls(host: LabHost): Promise<void> {
  for (const [name, original] of Object.entries((await readRecord(host)).original)) {
    if ((await read(name)) === NEEDED[name]) await writeFile(`/proc/sys/${name}`, String(original));
  }
  await rm(recordPath(host), {force: true});
}

async function read(name: string): Promise<number> {
  return Number(await readFile(`/proc/sys/${name}`, 'utf8'));
}

/** A record of an earlier boot says nothing: the kernel started with its own values. */
async function readRecord(host: LabHost): Promise<SysctlRecord> {
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

async function writeRecord(host: LabHost, record: SysctlRecord): Promise<void> {
  const path = recordPath(host);
  await mkdir(dirname(path), {recursive: true});
  await writeFile(`${path}.new`, JSON.stringify(record));
  await rename(`${path}.new`, path);
}

/** Beside the labs' directories; no lab's name starts with a dot. */
function recordPath(host: LabHost): string {
  return join(host.run, '.sysctls.json');
}
