import {access} from 'node:fs/promises';
import type {Lab, LabMachine} from '../lab.js';
import {run, tryRun} from '../run.js';

/** True when this computer's process 1 is systemd: cgroups are then its own to give. */
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
 * What to put before a command so that systemd runs it in a cgroup that the machine may divide further, out of the reach of the login session's end.
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

/** Lets systemd forget the unit of a machine whose processes are dead. */
export async function forgetUnit(lab: Lab, machine: LabMachine): Promise<void> {
  if (!(await isSystemdHost())) return;
  await tryRun(['systemctl', 'stop', machineUnit(lab, machine)]);
  await tryRun(['systemctl', 'reset-failed', machineUnit(lab, machine)]);
}
