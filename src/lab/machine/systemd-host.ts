import {access} from 'node:fs/promises';
import type {Lab, LabMachine} from '../lab.js';
import {run, tryRun} from '../run.js';

/** True when the host's process 1 is systemd, which then manages the cgroups. */
export function isSystemdHost(): Promise<boolean> {
  return access('/run/systemd/system').then(
    () => true,
    () => false,
  );
}

export function machineUnit(lab: Lab, machine: LabMachine): string {
  return `hw5-lab-${lab.name}-${machine.name}.service`;
}

/** The cgroup of the machine's unit, relative to each hierarchy's mount. */
export function unitCgroup(lab: Lab, machine: LabMachine): string {
  return `system.slice/${machineUnit(lab, machine)}`;
}

/**
 * The arguments to put before a command so that systemd runs it as a unit: its cgroup is delegated, and it outlives the login session.
 * @param environment given to the unit
 */
export function inUnit(lab: Lab, machine: LabMachine, environment: Readonly<Record<string, string>>): string[] {
  return [
    'systemd-run',
    '--quiet',
    '--collect',
    `--unit=${machineUnit(lab, machine)}`,
    `--description=${machine.name} of the hw5 lab ${lab.name}`,
    '--service-type=exec',
    '--property=Delegate=yes',
    '--property=KillMode=mixed',
    '--property=TasksMax=infinity',
    `--property=StandardOutput=append:${machine.console}`,
    '--property=StandardError=inherit',
    ...Object.entries(environment).map(([name, value]) => `--setenv=${name}=${value}`),
  ];
}

export async function unitMainPid(lab: Lab, machine: LabMachine, signal?: AbortSignal): Promise<number> {
  return Number(await run(['systemctl', 'show', '--property=MainPID', '--value', machineUnit(lab, machine)], {signal}));
}

/** Removes the unit of a machine whose processes were killed. */
export async function forgetUnit(lab: Lab, machine: LabMachine): Promise<void> {
  if (!(await isSystemdHost())) return;
  await tryRun(['systemctl', 'stop', machineUnit(lab, machine)]);
  await tryRun(['systemctl', 'reset-failed', machineUnit(lab, machine)]);
}
