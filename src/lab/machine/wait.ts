import {TimeoutError} from '../../support/errors.js';
import {pause} from '../../support/pause.js';
import type {LabMachine} from '../lab.js';
import {didNotBoot} from './power.js';
import {findSupervisor} from './processes.js';
import {answersSsh} from './ssh-banner.js';

/** Three machines on a computer that is busy with something else have taken half a minute. */
const BOOT_LIMIT_MS = 180_000;
const POLL_MS = 100;

interface Waiting {
  readonly limitMs?: number;
  /** Whether something at an address answers SSH. */
  readonly answers?: (address: string) => Promise<boolean>;
}

/**
 * Waits until a machine that was switched on answers SSH.
 * @throws Hw5Error with its console's end when it dies, TimeoutError
 */
export async function untilSshAnswers(
  machine: LabMachine,
  signal?: AbortSignal,
  {limitMs = BOOT_LIMIT_MS, answers = answersSsh}: Waiting = {},
): Promise<void> {
  const started = performance.now();
  while (!(await answers(machine.address))) {
    // not its process 1, which a busy computer may take long to get to
    if (!(await findSupervisor(machine))) throw await didNotBoot(machine);
    if (performance.now() - started > limitMs) {
      throw new TimeoutError(`${machine.name} (${machine.address}) does not answer SSH after ${limitMs / 1000} s`, {
        hint: `its console is in ${machine.console}`,
      });
    }
    await pause(POLL_MS, signal);
  }
}
