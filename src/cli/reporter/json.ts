import type {Emit, RunEvent} from '../../engine/events.js';
import {eventSchema} from '../json/events.js';
import {formatJson} from '../json/json.js';
import {formatError} from '../text/format-error.js';

/** One JSON object per line. */
export function jsonReporter(out: NodeJS.WritableStream): Emit {
  return (event: RunEvent) => {
    out.write(formatJson(eventSchema, withPlainError(event), 0));
  };
}

function withPlainError(event: RunEvent) {
  if (event.type !== 'step-end') return event;
  const {error} = event;
  return {...event, error: error && {message: error.message, text: formatError(error)}};
}
