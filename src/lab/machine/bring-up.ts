import {join} from 'node:path';
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
  /** The folder of the bundles. */
  readonly programs: string;
  /** What the machine has to have as it is now, whenever its disk was made. */
  readonly files: readonly MachineFile[];
  readonly say: Say;
  readonly signal: AbortSignal | undefined;
}

/** Switches a machine on that has a disk, or mends it where it is on. @returns whether it was not as it should be, once it answers SSH */
export async function bringUp(lab: Lab, machine: LabMachine, parts: BringUp): Promise<boolean> {
  const {base, files, programs, say, signal} = parts;
  const running = await findMachine(lab, machine);
  let isChanged = true;
  if (running) {
    const isReplugged = await plugIn(lab, machine, signal);
    const stale = await renewFiles(running.leader, files, programs, signal);
    if (stale.length > 0) say(`renewed ${stale.join(', ')}`);
    isChanged = isReplugged || stale.length > 0;
  } else {
    say('starting');
    await powerOff(lab, machine);
    const layers = {lower: base.tree, upper: join(machine.directory, 'upper')};
    await writeFiles(layers, files, {programs, user: await findUser(base.tree)});
    await powerOn(lab, machine, base, signal);
  }
  if (!(await answersSsh(machine.address))) say(`waiting for SSH at ${machine.address}`);
  await untilSshAnswers(machine, signal);
  return isChanged;
}
