import {join} from 'node:path';
import {TimeoutError} from '../../support/errors.js';
import type {Base} from '../base/base.js';
import type {Lab, LabMachine} from '../lab.js';
import {plugIn} from '../network/bridge.js';
import type {Report} from '../report.js';
import {findUser} from './create.js';
import type {MachineFile} from './files.js';
import {powerOff, powerOn} from './power.js';
import {findMachine} from './processes.js';
import {writeFiles} from './provision.js';
import {renewFiles} from './renew.js';
import {answersSsh} from './ssh-banner.js';
import {untilSshAnswers} from './wait.js';

interface BringUp {
  readonly base: Base;
  /** Files that the machine must have with their present content, whenever its disk was made. */
  readonly files: readonly MachineFile[];
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
  /** Default ANSWER_LIMIT_MS. */
  readonly answerLimitMs?: number | undefined;
}

/** A machine that is on but does not answer SSH for so long is switched off and on. It may still be booting on a busy host. */
const ANSWER_LIMIT_MS = 60_000;

/** Switches a machine on, or repairs it where it is on. @returns whether anything had to be changed, once it answers SSH */
export async function bringUp(lab: Lab, machine: LabMachine, parts: BringUp): Promise<boolean> {
  const wasRepaired = await repair(lab, machine, parts);
  if (wasRepaired !== undefined) return wasRepaired;
  const {base, files, report, signal} = parts;
  report('starting');
  await powerOff(lab, machine);
  const layers = {lower: base.tree, upper: join(machine.directory, 'upper')};
  await writeFiles(layers, files, await findUser(base.tree));
  await powerOn(lab, machine, base, signal);
  report(`waiting for SSH at ${machine.address}`);
  await untilSshAnswers(machine, signal);
  return true;
}

/** Repairs a machine that is on. @returns whether anything had to be changed; undefined where it is off or must be switched off and on */
async function repair(lab: Lab, machine: LabMachine, parts: BringUp): Promise<boolean | undefined> {
  const {files, report, signal, answerLimitMs = ANSWER_LIMIT_MS} = parts;
  const running = await findMachine(lab, machine);
  if (!running) return undefined;
  const isReplugged = await plugIn(lab, machine, signal);
  if (isReplugged === undefined) {
    report('its network cable is gone: switching it off and on');
    return undefined;
  }
  const stale = await renewFiles(running.leader, files, signal);
  if (stale.length > 0) report(`renewed ${stale.join(', ')}`);
  if (!(await answersSsh(machine.address))) report(`waiting for SSH at ${machine.address}`);
  try {
    await untilSshAnswers(machine, signal, {limitMs: answerLimitMs});
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    report(`has not answered SSH for ${answerLimitMs / 1000} s: switching it off and on`);
    return undefined;
  }
  return isReplugged || stale.length > 0;
}
