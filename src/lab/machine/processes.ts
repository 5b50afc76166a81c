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
  /** The machine's own process 1, as this computer numbers it. */
  readonly leader: number;
}

const identitySchema = z.object({pid: z.number(), startTime: z.number(), bootId: z.string()});

/** The machine's processes; undefined when it is off, or half dead after a crash. */
export async function findMachine(lab: Lab, machine: LabMachine): Promise<MachineProcesses | undefined> {
  const supervisor = await findSupervisor(machine);
  if (!supervisor) return undefined;
  for (const pid of await machineProcesses(lab, machine)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (isLeader(status)) return {supervisor, leader: pid};
  }
  return undefined;
}

/** The process that boots the machine and then waits for its end; undefined when it is off. The machine's process 1 comes a while after it. */
export async function findSupervisor(machine: LabMachine): Promise<ProcessIdentity | undefined> {
  const text = await readFile(machine.pidFile, 'utf8').catch(() => undefined);
  const supervisor = text === undefined ? undefined : parseIdentity(text);
  return supervisor && (await isAlive(supervisor)) ? supervisor : undefined;
}

/** A pid file that a power loss cut short names no process. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    return identitySchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** True for process 1 of a namespace one level below ours. A container's in the machine is two below: its second number is another. */
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
 * Ends whatever is left of a machine at once, as pulling the plug would. Its processes are known by its cgroup, which is the lab's own,
 * so that a crash between starting a machine and noting its process id leaves nothing behind either.
 */
export async function killMachine(lab: Lab, machine: LabMachine): Promise<void> {
  const deadline = performance.now() + DEATH_LIMIT_MS;
  for (;;) {
    const pids = await machineProcesses(lab, machine);
    if (pids.length === 0) break;
    if (performance.now() > deadline) {
      throw new TimeoutError(`processes of ${machine.name} do not die: ${pids.join(', ')}`, {
        hint: `look at them with \`ps -fp ${pids.join(',')}\``,
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
