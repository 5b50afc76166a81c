import {Hw5Error} from '../support/errors.js';

/** A record longer than this is a framing error, not a record: the largest real ones (OFFERS of a big cluster) have a few MB. */
const MAX_RECORD_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;
/** The number of digits of the largest allowed length. */
const MAX_LENGTH_DIGITS = String(MAX_RECORD_BYTES).length;

/** The stream is not RecordIO (`<bytes>\n<bytes of JSON>`); nothing after the error can be decoded. */
export class RecordIoError extends Hw5Error {}

/** The bytes of an incomplete record between two chunks. */
export interface RecordIoRest {
  readonly bytes: Buffer;
}

export const emptyRest: RecordIoRest = {bytes: Buffer.alloc(0)};

/**
 * Decodes the records of a stream that arrives in chunks.
 * @returns the complete records, and the rest to pass in with the next chunk
 * @throws {RecordIoError} when a length is not a decimal number or a record is not JSON
 * Source: Mesos, "RecordIO response format" of the scheduler HTTP API. The length counts bytes, not characters.
 */
export function decodeRecords(rest: RecordIoRest, chunk: Uint8Array): {readonly records: unknown[]; readonly rest: RecordIoRest} {
  const bytes = rest.bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest.bytes, chunk]);
  const records: unknown[] = [];
  let at = 0;
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, at);
    if (newline < 0) {
      if (bytes.length - at > MAX_LENGTH_DIGITS) throw lengthError(bytes.subarray(at));
      break;
    }
    const length = parseLength(bytes.subarray(at, newline));
    const end = newline + 1 + length;
    if (end > bytes.length) break;
    records.push(parseRecord(bytes.subarray(newline + 1, end)));
    at = end;
  }
  return {records, rest: {bytes: Buffer.from(bytes.subarray(at))}};
}

/** Encodes one record, as the master does. */
export function encodeRecord(record: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(record));
  return Buffer.concat([Buffer.from(`${body.length}\n`), body]);
}

function parseLength(digits: Buffer): number {
  const text = digits.toString('latin1');
  if (!/^\d+$/.test(text) || text.length > MAX_LENGTH_DIGITS || Number(text) > MAX_RECORD_BYTES) throw lengthError(digits);
  return Number(text);
}

function parseRecord(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new RecordIoError('a record of the event stream is not JSON', {cause});
  }
}

function lengthError(bytes: Buffer): RecordIoError {
  return new RecordIoError(
    `the event stream is not RecordIO: ${JSON.stringify(bytes.subarray(0, 20).toString('latin1'))} is not a record's length`,
  );
}
