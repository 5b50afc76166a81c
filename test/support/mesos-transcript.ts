import {readFileSync} from 'node:fs';
import type {MesosEvent} from '../../src/framework/mesos.js';

const directory = new URL('../fixtures/mesos-framework/', import.meta.url);

/** The events of a recorded stream, in their order. */
export function recordedEvents(name: string): readonly MesosEvent[] {
  const lines = readFileSync(new URL(`${name}.events.jsonl`, directory), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => {
    const record = JSON.parse(line) as {event?: MesosEvent};
    return record.event ?? (record as MesosEvent);
  });
}

/** The calls of a recorded session. */
export function recordedCalls(name: string): readonly {type: string; [more: string]: unknown}[] {
  const lines = readFileSync(new URL(`${name}.calls.jsonl`, directory), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => (JSON.parse(line) as {call: {type: string}}).call);
}

/** The bytes of a recorded response, one buffer for each time the recorder received something. */
export function recordedBytes(name: string): readonly Buffer[] {
  const text = readFileSync(new URL(`${name}.txt`, directory), 'utf8');
  // Each part begins with its number of bytes; line ends of the protocol are escaped, those inside a record are not.
  const parts = text.matchAll(/^<<< t=\S+ (\d+) bytes\n([\s\S]*?)(?=^<<<|^---|(?![\s\S]))/gm);
  return [...parts].map(([, length, body]) => Buffer.from(body!.replaceAll('\\r\\n\n', '\r\n')).subarray(0, Number(length)));
}
