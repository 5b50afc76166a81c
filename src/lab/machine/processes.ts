import {readFile} from 'node:fs/promises';
import {setTimeout as sleep} from 'node:timers/promises';
import * as z from 'zod';
import {TimeoutError} from '../../support/errors.js';
import type {Lab, LabMachine} from '../lab.js';
import {isAlive, type ProcessIdentity} from '../process-identity.js';
import {processesIn, removeCgroup} from './cgroups.js';
import {machineCgroup} from './launch-script.js';
import {unitCgroup} from './systemd-host.js';

/** The two processes that are a running machine. */
export interface MachineProcesses {
  readonly supervisor: ProcessIdentity;
  /** The host's pid of the machine's process 1. */
  readonly leader: number;
}

const identitySchema = z.object({pid: z.number(), startTime: z.number(), bootId: z.string()});

/** The machine's processes; undefined when it is off, or when one of the two is gone after a crash. */
export async function findMachine(lab: Lab, machine: LabMachine): Promise<MachineProcesses | undefined> {
  const supervisor = await findSupervisor(machine);
  if (!supervisor) return undefined;
  for (const pid of await machineProcesses(lab, machine)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (isLeader(status)) return {supervisor, leader: pid};
  }
  return undefined;
}

/** systemd-nspawn's process, which boots the machine and waits until it halts; undefined when it is off. The machine's process 1 starts a moment later. */
export async function findSupervisor(machine: LabMachine): Promise<ProcessIdentity | undefined> {
  const text = await readFile(machine.pidFile, 'utf8').catch(() => undefined);
  const supervisor = text === undefined ? undefined : parseIdentity(text);
  return supervisor && (await isAlive(supervisor)) ? supervisor : undefined;
}

/** @returns undefined for a pid file that a power failure truncated */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    return identitySchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** True for process 1 of a pid namespace directly below the host's. Process 1 of a container in a machine is two levels below, and its second pid is not 1. */
export function isLeader(status: string): boolean {
  const ids = /^NSpid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [];
  return ids[1] === '1' && !/^State:\s+Z/m.test(status);
}

async function machineProcesses(lab: Lab, machine: LabMachine): Promise<number[]> {
  const all = await Promise.all([processesIn(machineCgroup(lab, machine)), processesIn(unitCgroup(lab, machine))]);
  return all.flat();
}

const DEATH_LIMIT_MS = 20_000;

/**
 * Kills all processes of a machine, as a power failure would. They are found by the machine's cgroup, so that none is missed when hw5 was killed
 * between starting a machine and writing its pid file.
 */
export async function killMachine(lab: Lab, machine: LabMachine): Promise<void> {
  const deadline = performance.now() + DEATH_LIMIT_MS;
  for (;;) {
    const pids = await machineProcesses(lab, machine);
    if (pids.length === 0) break;
    if (performance.now() > deadline) {
      throw new TimeoutError(`processes of ${machine.name} do not terminate: ${pids.join(', ')}`, {
        hint: `inspect them with \`ps -fp ${pids.join(',')}\``,
      });
    }
    for (const pid of pids) kill(pid);
    await sleep(20);
  }
  await removeCgroup(machineCgroup(lab, machine));
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
