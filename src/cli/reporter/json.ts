import type {Emit, RunEvent} from '../../engine/events.js';
import {formatError} from '../text/format-error.js';

/** One JSON object a line. */
export function jsonReporter(out: NodeJS.WritableStream): Emit {
  return (event: RunEvent) => {
    const {error, ...rest} = event as RunEvent & {error?: Error};
    out.write(`${JSON.stringify(error ? {...rest, error: {message: error.message, text: formatError(error)}} : rest)}\n`);
  };
}
