import {join} from 'node:path';
import {TimeoutError} from '../../support/errors.js';
import type {Base} from '../base/base.js';
import type {Lab, LabMachine} from '../lab.js';
import {plugIn} from '../network/bridge.js';
import type {Say} from '../report.js';
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
  /** What the machine has to have as it is now, whenever its disk was made. */
  readonly files: readonly MachineFile[];
  readonly say: Say;
  readonly signal: AbortSignal | undefined;
}

/** A machine that is on, and perhaps still boots on a busy computer, may take so long to answer before it is taken for one that never will. */
const ANSWER_LIMIT_MS = 60_000;

/** Switches a machine on that has a disk, or mends it where it is on. @returns whether it was not as it should be, once it answers SSH */
export async function bringUp(lab: Lab, machine: LabMachine, parts: BringUp): Promise<boolean> {
  const wasMended = await mend(lab, machine, parts);
  if (wasMended !== undefined) return wasMended;
  const {base, files, say, signal} = parts;
  say('starting');
  await powerOff(lab, machine);
  const layers = {lower: base.tree, upper: join(machine.directory, 'upper')};
  await writeFiles(layers, files, await findUser(base.tree));
  await powerOn(lab, machine, base, signal);
  say(`waiting for SSH at ${machine.address}`);
  await untilSshAnswers(machine, signal);
  return true;
}

/** Mends a machine that is on. @returns whether it had to; undefined where it is off, or where only switching it off and on helps */
async function mend(lab: Lab, machine: LabMachine, parts: BringUp): Promise<boolean | undefined> {
  const {files, say, signal} = parts;
  const running = await findMachine(lab, machine);
  if (!running) return undefined;
  const isReplugged = await plugIn(lab, machine, signal);
  if (isReplugged === undefined) {
    say('its network cable is gone: switching it off and on');
    return undefined;
  }
  const stale = await renewFiles(running.leader, files, signal);
  if (stale.length > 0) say(`renewed ${stale.join(', ')}`);
  if (!(await answersSsh(machine.address))) say(`waiting for SSH at ${machine.address}`);
  try {
    await untilSshAnswers(machine, signal, {limitMs: ANSWER_LIMIT_MS});
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    say(`has not answered SSH for ${ANSWER_LIMIT_MS / 1000} s: switching it off and on`);
    return undefined;
  }
  return isReplugged || stale.length > 0;
}
