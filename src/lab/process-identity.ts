import {readFile} from 'node:fs/promises';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat. */
  readonly startTime: number;
  /** Of the boot in which it ran: a file in /run may outlive a power loss where /run is no tmpfs. */
  readonly bootId: string;
}

/** @returns undefined when no such process lives (a zombie does not) */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const startTime = parseStartTime(stat);
  return startTime === undefined ? undefined : {pid, startTime, bootId: await bootId()};
}

/** True when exactly this process lives. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await identify(identity.pid);
  return now !== undefined && now.startTime === identity.startTime && now.bootId === identity.bootId;
}

/**
 * Field 22 of /proc/PID/stat; undefined for a zombie. The second field is the command in parentheses and may hold spaces and
 * parentheses itself: so fields are counted from its end.
 */
export function parseStartTime(stat: string): number | undefined {
  const [state, ...fields] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  const startTime = fields[18];
  return startTime === undefined || state === 'Z' || state === 'X' ? undefined : Number(startTime);
}

/** A fresh random id the kernel makes at every boot. */
export async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
