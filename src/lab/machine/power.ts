import {spawn} from 'node:child_process';
import {access, mkdir, open, readFile, rm, rmdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {Hw5Error} from '../../support/errors.js';
import type {Base} from '../base/base.js';
import type {Lab, LabMachine} from '../lab.js';
import {cable} from '../network/bridge.js';
import {identify} from '../process-identity.js';
import {makePublicDirectories, writePublicFile} from '../public-path.js';
import {run, tryRun} from '../run.js';
import {nameOption} from '../state.js';
import {hierarchies} from './cgroups.js';
import {LAUNCH_SCRIPT, MACHINE_DIRECTORIES, machineCgroup, nspawnArguments} from './launch-script.js';
import {killMachine} from './processes.js';
import {forgetUnit, inUnit, isSystemdHost, unitCgroup, unitMainPid} from './systemd-host.js';

/** Boots a machine that is off and returns as soon as its supervisor runs. */
export async function powerOn(lab: Lab, machine: LabMachine, base: Base, signal?: AbortSignal): Promise<void> {
  for (const {from} of lab.mounts) await requireMounted(lab, from);
  for (const name of MACHINE_DIRECTORIES) await mkdir(join(machine.directory, name), {recursive: true});
  await makePublicDirectories([lab.runDirectory]);
  const underSystemd = await isSystemdHost();
  const environment = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    CGROUP: machineCgroup(lab, machine),
    UNIT_CGROUP: underSystemd ? unitCgroup(lab, machine) : '',
    HIERARCHIES: (await hierarchies()).map((each) => each.mount).join(' '),
    LOWER: base.tree,
    DIRECTORY: machine.directory,
  };
  // From a file, as systemd would expand "$$" and similar in arguments.
  const script = join(machine.directory, 'launch.sh');
  await writeFile(script, LAUNCH_SCRIPT);
  const launch = ['unshare', '--mount', '--propagation', 'private', 'sh', script, ...nspawnArguments(lab, machine)];
  const pid = underSystemd
    ? await startUnit(lab, machine, launch, environment, signal)
    : await startDetached(machine, launch, environment);
  const identity = await identify(pid);
  if (!identity) throw await didNotBoot(machine);
  await writePublicFile(machine.pidFile, JSON.stringify(identity));
}

/** Switches a machine off without a shutdown, like a power failure; its disk stays. Also removes what a crashed machine left. */
export async function powerOff(lab: Lab, machine: LabMachine): Promise<void> {
  await killMachine(lab, machine);
  await forgetUnit(lab, machine);
  await rm(machine.pidFile, {force: true});
  // The kernel removes the cable with the machine's network namespace, but with a delay; then a new one of that name could not be made.
  await tryRun(['ip', 'link', 'delete', cable(machine)]);
  await rm(`/run/systemd/nspawn/propagate/${machine.nspawnName}`, {recursive: true, force: true});
  await rm(join(machine.directory, '.#root.lck'), {force: true});
  const lock = (await readFile(join(machine.directory, 'nspawn-lock'), 'utf8').catch(() => '')).trim();
  if (/^inode-\d+:\d+$/.test(lock)) await rm(`/run/systemd/nspawn/locks/${lock}`, {force: true});
}

/** @throws Hw5Error where a file or directory that the machines see is gone */
async function requireMounted(lab: Lab, path: string): Promise<void> {
  await access(path).catch((cause: unknown) => {
    throw new Hw5Error(`the lab ${lab.name} was made with ${path}, which cannot be read now`, {
      cause,
      hint: `put it back, or make the lab again: \`hw5 lab down${nameOption(lab.name)}\` and \`up\``,
    });
  });
}

/** The error for a machine that did not boot, with the end of its console. */
export async function didNotBoot(machine: LabMachine): Promise<Hw5Error> {
  const text = await readFile(machine.console, 'utf8').catch(() => '');
  const last = text.trimEnd().split('\n').slice(-3).join(' / ');
  return new Hw5Error(`${machine.name} did not boot: ${last || 'its console is empty'}`, {
    hint: `the whole console is in ${machine.console}`,
  });
}

/** Starts a machine that outlives this process: in its own session, without this process's files. */
async function startDetached(
  machine: LabMachine,
  launch: readonly string[],
  environment: Record<string, string>,
): Promise<number> {
  const [program = '', ...rest] = launch;
  const log = await open(machine.console, 'a', 0o600);
  try {
    const child = spawn(program, rest, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: environment,
      cwd: machine.directory,
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => resolve(child.pid!));
    });
    child.unref();
    return pid;
  } finally {
    await log.close();
  }
}

async function startUnit(
  lab: Lab,
  machine: LabMachine,
  launch: readonly string[],
  environment: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<number> {
  await forgetUnit(lab, machine);
  await run([...inUnit(lab, machine, environment), ...launch], {signal, hint: `the console is in ${machine.console}`});
  return unitMainPid(lab, machine, signal);
}

/** Removes the directories that systemd-nspawn's machines share, where no other machine uses them. */
export async function removeNspawnDirectories(): Promise<void> {
  for (const path of ['propagate', 'unix-export', 'locks', ''])
    await rmdir(join('/run/systemd/nspawn', path)).catch(() => undefined);
}
