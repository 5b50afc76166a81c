import {TimeoutError} from '../../support/errors.js';
import {pause} from '../../support/pause.js';
import type {Lab, LabMachine} from '../lab.js';
import {didNotBoot} from './power.js';
import {findMachine} from './processes.js';
import {answersSsh} from './ssh-banner.js';

const BOOT_LIMIT_MS = 60_000;
const POLL_MS = 100;

/** Waits until a machine that was switched on answers SSH. @throws Hw5Error with its console's end when it dies, TimeoutError */
export async function untilSshAnswers(lab: Lab, machine: LabMachine, signal?: AbortSignal): Promise<void> {
  const started = performance.now();
  while (!(await answersSsh(machine.address))) {
    const elapsed = performance.now() - started;
    // Its process 1 is not there in the first moments.
    if (elapsed > 5000 && !(await findMachine(lab, machine))) throw await didNotBoot(machine);
    if (elapsed > BOOT_LIMIT_MS) {
      throw new TimeoutError(`${machine.name} (${machine.address}) does not answer SSH after ${BOOT_LIMIT_MS / 1000} s`, {
        hint: `its console is in ${machine.console}`,
      });
    }
    await pause(POLL_MS, signal);
  }
}
