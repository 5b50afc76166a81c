import {access, constants} from 'node:fs/promises';
import {Hw5Error} from '../support/errors.js';
import type {LabHost} from './host.js';
import {LAB_USER, type Lab, machineOf} from './lab.js';
import {inside} from './machine/inside.js';
import {findMachine} from './machine/processes.js';
import {requireRoot} from './require-root.js';
import {type RunOptions, type RunResult, tryRun} from './run.js';
import {loadLab, nameOption} from './state.js';

/** A machine of a lab. */
export interface MachineChoice {
  readonly lab?: string | undefined;
  readonly machine: string;
}

/** Runs a command as root in a machine without SSH. Any exit code is a result, not an error. */
export async function labExec(
  choice: MachineChoice,
  argv: readonly string[],
  host: LabHost,
  options: RunOptions = {},
): Promise<RunResult> {
  return tryRun(await enter(choice, argv, host), options);
}

/** The command line that opens an SSH session as the lab's user in a machine that is on. @param argv the command to run there; empty: a shell */
export async function enterBySsh(choice: MachineChoice, argv: readonly string[], host: LabHost): Promise<string[]> {
  const lab = await loadLab(host, choice.lab);
  await leaderOf(lab, choice.machine);
  await access(lab.files.key, constants.R_OK).catch((cause: unknown) => {
    throw new Hw5Error(`the lab's key ${lab.files.key} cannot be read`, {hint: 'use sudo', cause});
  });
  return [...sshCommand(lab, choice.machine), ...argv];
}

/** OpenSSH's client with the lab's key and known hosts, without the user's configuration. */
export function sshCommand(lab: Lab, machine: string): string[] {
  const options = {
    UserKnownHostsFile: lab.files.knownHosts,
    StrictHostKeyChecking: 'yes',
    IdentitiesOnly: 'yes',
    LogLevel: 'ERROR',
  };
  return [
    'ssh',
    '-F',
    'none',
    '-i',
    lab.files.key,
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    `${LAB_USER}@${machineOf(lab, machine).address}`,
  ];
}

/** The command line that runs a command as root in a machine that is on, without SSH. */
export async function enter(choice: MachineChoice, argv: readonly string[], host: LabHost): Promise<string[]> {
  requireRoot(`lab exec ${choice.machine} -- ${argv.join(' ')}`);
  const lab = await loadLab(host, choice.lab);
  return inside(await leaderOf(lab, choice.machine), argv);
}

/** The host's pid of the process 1 of a machine. @throws Hw5Error when it is off */
async function leaderOf(lab: Lab, name: string): Promise<number> {
  const machine = machineOf(lab, name);
  const found = await findMachine(lab, machine);
  if (!found)
    throw new Hw5Error(`${machine.name} is off`, {
      hint: `switch it on with \`hw5 lab power on ${machine.name}${nameOption(lab.name)}\``,
    });
  return found.leader;
}
