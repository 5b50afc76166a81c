import {readFile} from 'node:fs/promises';

/** Identifies a process even when a later one has the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat. */
  readonly startTime: number;
  /** Of the host's boot: where /run is not a tmpfs, a pid file may be from an earlier one. */
  readonly bootId: string;
}

/** @returns undefined when there is no such process, or only a defunct one (state Z) */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const startTime = parseStartTime(stat);
  return startTime === undefined ? undefined : {pid, startTime, bootId: await bootId()};
}

/** True when exactly this process is running. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await identify(identity.pid);
  return now !== undefined && now.startTime === identity.startTime && now.bootId === identity.bootId;
}

/**
 * Field 22 of /proc/PID/stat; undefined for a defunct process. The second field is the command in parentheses, which may contain spaces and
 * parentheses: so the fields after its end are counted.
 */
export function parseStartTime(stat: string): number | undefined {
  const [state, ...fields] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  const startTime = fields[18];
  return startTime === undefined || state === 'Z' || state === 'X' ? undefined : Number(startTime);
}

/** A random id that the kernel generates at every boot. */
export async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
