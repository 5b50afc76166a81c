import {setTimeout} from 'node:timers/promises';
import {InterruptedError} from './errors.js';

/**
 * Waits, as before the next attempt of a loop. @throws InterruptedError when the signal is aborted, instead of the AbortError of node:timers/promises,
 * which the CLI would report as a bug
 */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, {signal});
  } catch (cause) {
    throw new InterruptedError('interrupted', {cause});
  }
}
