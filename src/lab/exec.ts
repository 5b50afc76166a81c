import {spawn} from 'node:child_process';
import {Hw5Error} from '../support/errors.js';
import type {LabHost} from './host.js';
import {LAB_USER, type Lab, machineOf} from './lab.js';
import {inside} from './machine/inside.js';
import {findMachine} from './machine/processes.js';
import {requireRoot} from './require-root.js';
import {type RunOptions, type RunResult, tryRun} from './run.js';
import {loadLab, nameOption} from './state.js';

/** Which machine of which lab. */
export interface MachineChoice {
  readonly lab?: string | undefined;
  readonly machine: string;
}

/** Runs a command as root in a machine, past SSH: it works when SSH does not. @returns whatever its exit code */
export async function labExec(
  choice: MachineChoice,
  argv: readonly string[],
  host: LabHost,
  options: RunOptions = {},
): Promise<RunResult> {
  return tryRun(await enter(choice, argv, host), options);
}

/** The same, on this process's own standard input, output and error. @returns its exit code */
export async function labExecAttached(choice: MachineChoice, argv: readonly string[], host: LabHost): Promise<number> {
  return attached(await enter(choice, argv, host));
}

/** Opens an SSH session as the lab's user, with the lab's key. @returns its exit code */
export async function labSsh(choice: MachineChoice, argv: readonly string[], host: LabHost): Promise<number> {
  const lab = await loadLab(host, choice.lab);
  await leaderOf(lab, choice.machine);
  return attached([...sshCommand(lab, choice.machine), ...argv]);
}

/** The system's ssh, told of the lab's key and known hosts and nothing of the user's own. */
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

async function enter(choice: MachineChoice, argv: readonly string[], host: LabHost): Promise<string[]> {
  requireRoot('lab exec');
  const lab = await loadLab(host, choice.lab);
  return inside(await leaderOf(lab, choice.machine), argv);
}

/** The process 1 of a machine that is on. @throws Hw5Error when it is off */
async function leaderOf(lab: Lab, name: string): Promise<number> {
  const machine = machineOf(lab, name);
  const found = await findMachine(lab, machine);
  if (!found)
    throw new Hw5Error(`${machine.name} is off`, {
      hint: `switch it on with \`hw5 lab power on ${machine.name}${nameOption(lab.name)}\``,
    });
  return found.leader;
}

function attached(argv: readonly string[]): Promise<number> {
  const [program = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {stdio: 'inherit'});
    child.on('error', (cause) =>
      reject(new Hw5Error(`cannot run ${program}`, {cause, hint: 'apt-get install -y openssh-client util-linux'})),
    );
    child.on('close', (code) => resolve(code ?? 1));
  });
}
