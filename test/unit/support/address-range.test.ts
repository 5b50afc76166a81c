import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {addressLiteral, plus} from '../../../src/support/address.js';
import {formatRange, formatRanges, parseRange} from '../../../src/support/address-range.js';

describe('a range of addresses', () => {
  it('is all addresses from the first to the last', () => {
    expect(parseRange('192.168.0.101-104')).toEqual(['192.168.0.101', '192.168.0.102', '192.168.0.103', '192.168.0.104']);
    expect(parseRange('10.0.0.254 - 10.0.1.1')).toEqual(['10.0.0.254', '10.0.0.255', '10.0.1.0', '10.0.1.1']);
    expect(parseRange('10.0.0.7')).toEqual(['10.0.0.7']);
  });

  it('is written short, and reads as it was written', () => {
    const text = (first: string, last: string) => formatRange(addressLiteral(first), addressLiteral(last));
    expect(text('10.0.0.1', '10.0.0.4')).toBe('10.0.0.1-4');
    expect(text('10.0.0.1', '10.0.0.1')).toBe('10.0.0.1');
    expect(text('10.0.0.254', '10.0.1.1')).toBe('10.0.0.254-10.0.1.1');
    fc.assert(
      fc.property(fc.ipV4().map(addressLiteral), fc.integer({min: 0, max: 600}), (first, more) => {
        const last = plus(first, more);
        fc.pre(last !== undefined);
        expect(parseRange(formatRange(first, last!))).toHaveLength(more + 1);
      }),
    );
  });

  it('is at most as long as the limit', () => {
    expect(parseRange('10.0.0.1-10', 10)).toHaveLength(10);
    expect(parseRange('10.0.0.1-11', 10)).toBeUndefined();
  });

  it.each([
    '10.0.0.5-4',
    '10.0.0.5-',
    '-5',
    '10.0.0.1-2-3',
    '10.0.0.1-300',
    '10.0.0.1-02',
    '10.1-2',
    'a-b',
    '0.0.0.0-255.255.255.255',
  ])('is not %j', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });

  it('is written for each run of a list', () => {
    const list = ['10.0.0.1', '10.0.0.2', '10.0.0.4', '10.0.0.254', '10.0.0.255', '10.0.1.0'].map(addressLiteral);
    expect(formatRanges(list)).toEqual(['10.0.0.1-2', '10.0.0.4', '10.0.0.254-10.0.1.0']);
    expect(formatRanges([])).toEqual([]);
  });
});
