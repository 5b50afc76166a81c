import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {decodeRecords, emptyRest, encodeRecord, RecordIoError} from '../../../src/framework/recordio.js';

function decodeAll(chunks: readonly Uint8Array[]): unknown[] {
  let rest = emptyRest;
  return chunks.flatMap((chunk) => {
    const decoded = decodeRecords(rest, chunk);
    rest = decoded.rest;
    return decoded.records;
  });
}

describe('the RecordIO decoder', () => {
  it('decodes the same records however the stream is split into chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.array(fc.nat(200)), (records, cuts) => {
        const bytes = Buffer.concat(records.map(encodeRecord));
        const edges = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
        const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
        expect(decodeAll(chunks)).toEqual(JSON.parse(JSON.stringify(records)));
      }),
    );
  });

  it('counts bytes, not characters', () => {
    expect(decodeAll([Buffer.from('7\n"äö€"'.replace('7', String(Buffer.byteLength('"äö€"'))))])).toEqual(['äö€']);
  });

  it('does not return a record before its last byte has arrived', () => {
    const {records, rest} = decodeRecords(emptyRest, Buffer.from('20\n{"type":"HEARTBEAT"'));
    expect(records).toEqual([]);
    expect(decodeRecords(rest, Buffer.from('}')).records).toEqual([{type: 'HEARTBEAT'}]);
  });

  it.each(['x\n{}', '-1\n{}', '1.5\n{}', '99999999999999\n', 'HTTP/1.1 400 Bad Request'])(
    'rejects a stream that is not RecordIO: %j',
    (text) => {
      expect(() => decodeAll([Buffer.from(text)])).toThrow(RecordIoError);
    },
  );

  it('rejects a record that is not JSON', () => {
    expect(() => decodeAll([Buffer.from('3\n{a}')])).toThrow(RecordIoError);
  });
});
