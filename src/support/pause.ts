import {setTimeout} from 'node:timers/promises';
import {InterruptedError} from './errors.js';

/** The wait between two looks at something that has a limit. @throws InterruptedError */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, {signal});
  } catch (cause) {
    throw new InterruptedError('interrupted', {cause});
  }
}
