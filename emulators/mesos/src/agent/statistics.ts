import {readdirSync, readFileSync} from 'node:fs';

/** The resources that the processes of a task use, according to /proc. */
export interface ProcessStatistics {
  readonly cpus_user_time_secs: number;
  readonly cpus_system_time_secs: number;
  readonly mem_rss_bytes: number;
}

/** The unit of CPU times in /proc (USER_HZ) is a hundredth of a second on all architectures. */
const TICKS_PER_SECOND = 100;
const PAGE_SIZE = 4096;

interface Process {
  readonly pid: number;
  /** The fields of /proc/PID/stat from the third on: the second, the name, may contain spaces and parentheses. */
  readonly fields: readonly string[];
}

/** The processes of a session. Each command task has its own. */
export function processesOfSession(session: number): Process[] {
  return processes().filter(({fields}) => Number(fields[3]) === session);
}

/** The processes in the same control group as a process: those of its container. */
export function processesInGroupOf(pid: number): Process[] {
  const group = controlGroup(pid);
  return group === undefined ? [] : processes().filter((process) => controlGroup(process.pid) === group);
}

/** The sum of what processes use. */
export function sumStatistics(list: readonly Process[]): ProcessStatistics {
  const sum = (field: number): number => list.reduce((total, {fields}) => total + Number(fields[field]), 0);
  return {
    cpus_user_time_secs: sum(11) / TICKS_PER_SECOND,
    cpus_system_time_secs: sum(12) / TICKS_PER_SECOND,
    mem_rss_bytes: sum(21) * PAGE_SIZE,
  };
}

function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readProc(`${name}/stat`);
      return stat === undefined ? [] : [{pid: Number(name), fields: stat.replace(/^.*\)\s/s, '').split(' ')}];
    });
}

function controlGroup(pid: number): string | undefined {
  return readProc(`${pid}/cgroup`);
}

/** Undefined when the process has exited. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return undefined;
  }
}
