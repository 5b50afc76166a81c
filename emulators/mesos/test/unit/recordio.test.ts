import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {encodeRecord, RecordReader} from '../../src/common/recordio.js';

describe('RecordIO', () => {
  it('is decoded however the bytes are split into chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.record({text: fc.string({unit: 'grapheme'})})), fc.integer({min: 1, max: 20}), (values, step) => {
        const bytes = Buffer.concat(values.map((value) => encodeRecord(value)));
        const reader = new RecordReader();
        const read: unknown[] = [];
        for (let at = 0; at < bytes.length; at += step) read.push(...reader.push(bytes.subarray(at, at + step)));
        expect(read).toEqual(values);
      }),
    );
  });

  it('with an invalid length is rejected', () => {
    expect(() => new RecordReader().push(Buffer.from('-1\n{}'))).toThrow('not a RecordIO length: -1');
    expect(() => new RecordReader().push(Buffer.from('{}\n'))).toThrow('not a RecordIO length: {}');
  });
});
