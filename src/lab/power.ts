import {lock} from '../support/lock.js';
import {baseAt} from './base/base.js';
import type {MachineChoice} from './exec.js';
import type {LabHost} from './host.js';
import {machineOf} from './lab.js';
import {powerOff, powerOn} from './machine/power.js';
import {findMachine} from './machine/processes.js';
import {untilSshAnswers} from './machine/wait.js';
import {requireRoot} from './require-root.js';
import {removeInterrupted} from './saves/interrupted.js';
import {loadLab} from './state.js';

const LOCK_LIMIT_MS = 10 * 60_000;

interface PowerOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Switches a machine off without a shutdown, like a power failure. Its disk stays as it is at that moment. */
export async function labPowerOff(choice: MachineChoice, host: LabHost, {signal}: PowerOptions): Promise<void> {
  requireRoot(`lab power off ${choice.machine}`);
  const lab = await loadLab(host, choice.lab);
  const machine = machineOf(lab, choice.machine);
  await using _ = await lock(`the lab ${lab.name}`, LOCK_LIMIT_MS, {signal});
  await removeInterrupted(host, lab);
  await powerOff(lab, machine);
}

/** Switches a machine on with its disk, unless it is on. @returns once it answers SSH */
export async function labPowerOn(choice: MachineChoice, host: LabHost, {signal}: PowerOptions): Promise<void> {
  requireRoot(`lab power on ${choice.machine}`);
  const lab = await loadLab(host, choice.lab);
  const machine = machineOf(lab, choice.machine);
  await using _ = await lock(`the lab ${lab.name}`, LOCK_LIMIT_MS, {signal});
  await removeInterrupted(host, lab);
  if (!(await findMachine(lab, machine))) {
    await powerOff(lab, machine);
    await powerOn(lab, machine, baseAt(host, lab.baseKey), signal);
  }
  await untilSshAnswers(machine, signal);
}
