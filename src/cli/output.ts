import {once} from 'node:events';
import {InterruptedError} from '../support/errors.js';
import type {CliContext} from './context.js';

/** Writes chunks to a stream; the promise, if any, resolves when the reader has caught up. */
export function writer(stream: NodeJS.WriteStream): (chunk: Buffer) => Promise<void> | undefined {
  return (chunk) => (stream.write(chunk) ? undefined : once(stream, 'drain').then(() => undefined));
}

/** Runs what only Ctrl-C terminates, such as `logs --follow`: exit code 130, without the message that work was interrupted. */
export async function untilInterrupted(context: CliContext, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof InterruptedError) && !context.signal.aborted) throw error;
    context.setExitCode(130);
  }
}
