import {TimeoutError} from '../../support/errors.js';
import {pause} from '../../support/pause.js';
import type {LabMachine} from '../lab.js';
import {didNotBoot} from './power.js';
import {findSupervisor} from './processes.js';
import {answersSsh} from './ssh-banner.js';

/** On a busy host three machines have taken half a minute. */
const BOOT_LIMIT_MS = 180_000;
const POLL_MS = 100;

interface Waiting {
  readonly limitMs?: number;
  /** Whether an SSH server at an address answers. */
  readonly answers?: (address: string) => Promise<boolean>;
}

/**
 * Waits until a machine that was switched on answers SSH.
 * @throws Hw5Error with the end of its console when it terminates, TimeoutError
 */
export async function untilSshAnswers(
  machine: LabMachine,
  signal?: AbortSignal,
  {limitMs = BOOT_LIMIT_MS, answers = answersSsh}: Waiting = {},
): Promise<void> {
  const started = performance.now();
  while (!(await answers(machine.address))) {
    // not its process 1, which on a busy host starts much later
    if (!(await findSupervisor(machine))) throw await didNotBoot(machine);
    if (performance.now() - started > limitMs) {
      throw new TimeoutError(`${machine.name} (${machine.address}) does not answer SSH after ${limitMs / 1000} s`, {
        hint: `its console is in ${machine.console}`,
      });
    }
    await pause(POLL_MS, signal);
  }
}
