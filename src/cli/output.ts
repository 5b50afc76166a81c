import {once} from 'node:events';
import {InterruptedError} from '../support/errors.js';
import type {CliContext} from './context.js';

/** Writes, and waits as long as whoever reads it does not keep up. */
export function writer(stream: NodeJS.WriteStream): (chunk: Buffer) => Promise<void> | undefined {
  return (chunk) => (stream.write(chunk) ? undefined : once(stream, 'drain').then(() => undefined));
}

/** For commands that one ends with Ctrl-C because there is no other end: nothing was left undone, so nothing is said of it. */
export async function untilInterrupted(context: CliContext, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof InterruptedError) && !context.signal.aborted) throw error;
    context.setExitCode(130);
  }
}
