import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {
  blockOf,
  contains,
  formatCidr,
  formatIpv4,
  formatRange,
  hasHostBits,
  overlaps,
  parseCidr,
  parseIpv4,
  parseRange,
  sizeOf,
} from '../../../src/support/ipv4.js';

const address = fc.integer({min: 0, max: 2 ** 32 - 1});

describe('an IPv4 address', () => {
  it('is read and written back unchanged', () => {
    fc.assert(fc.property(address, (value) => parseIpv4(formatIpv4(value)) === value));
    expect(formatIpv4(parseIpv4('255.255.255.255')!)).toBe('255.255.255.255');
    expect(parseIpv4('172.16.1.137')).toBe(0xac100189);
  });

  it.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.-4',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.0x4',
    '1..3.4',
    '::1',
  ])('is not %j', (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  });
});

describe('a block of addresses', () => {
  it('is read and written back', () => {
    for (const text of ['0.0.0.0/0', '10.0.0.0/8', '192.168.0.64/26', '1.2.3.4/32', '128.0.0.0/1']) {
      expect(formatCidr(parseCidr(text)!)).toBe(text);
      expect(hasHostBits(text)).toBe(false);
    }
  });

  it('drops host bits and says that there were some', () => {
    expect(formatCidr(parseCidr('192.168.7.9/16')!)).toBe('192.168.0.0/16');
    expect(hasHostBits('192.168.7.9/16')).toBe(true);
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0/8', '10.0.0.0/', '10.0.0.0/08', '/8', '10.0.0.0/-1', '10.0.0.0/8/8'])(
    'is not %j',
    (text) => {
      expect(parseCidr(text)).toBeUndefined();
      expect(hasHostBits(text)).toBe(false);
    },
  );

  it('contains its first and last address and nothing beside them', () => {
    const cidr = parseCidr('192.168.0.64/26')!;
    expect(sizeOf(cidr)).toBe(64);
    expect(
      ['192.168.0.63', '192.168.0.64', '192.168.0.127', '192.168.0.128'].map((text) => contains(cidr, parseIpv4(text)!)),
    ).toEqual([false, true, true, false]);
  });

  it('overlaps another exactly when one holds the first address of the other', () => {
    const block = fc.tuple(address, fc.integer({min: 0, max: 32})).map(([value, prefix]) => blockOf(value, prefix));
    fc.assert(fc.property(block, block, (a, b) => overlaps(a, b) === (contains(a, b.first) || contains(b, a.first))));
    expect(overlaps(parseCidr('192.168.0.0/16')!, parseCidr('192.168.33.0/24')!)).toBe(true);
    expect(overlaps(parseCidr('192.168.0.0/16')!, parseCidr('192.169.0.0/16')!)).toBe(false);
  });
});

describe('a range of addresses', () => {
  it('counts from the first to the last', () => {
    expect(parseRange('192.168.0.101-104')!.map(formatIpv4)).toEqual([
      '192.168.0.101',
      '192.168.0.102',
      '192.168.0.103',
      '192.168.0.104',
    ]);
    expect(parseRange('10.0.0.254 - 10.0.1.1')!.map(formatIpv4)).toEqual(['10.0.0.254', '10.0.0.255', '10.0.1.0', '10.0.1.1']);
    expect(parseRange('10.0.0.7')).toEqual([parseIpv4('10.0.0.7')]);
  });

  it('is written short, and reads as it was written', () => {
    const text = (first: string, last: string) => formatRange(parseIpv4(first)!, parseIpv4(last)!);
    expect(text('10.0.0.1', '10.0.0.4')).toBe('10.0.0.1-4');
    expect(text('10.0.0.1', '10.0.0.1')).toBe('10.0.0.1');
    expect(text('10.0.0.254', '10.0.1.1')).toBe('10.0.0.254-10.0.1.1');
    fc.assert(
      fc.property(fc.integer({min: 0, max: 2 ** 32 - 1000}), fc.integer({min: 0, max: 600}), (first, more) => {
        expect(parseRange(formatRange(first, first + more))).toHaveLength(more + 1);
      }),
    );
  });

  it.each(['10.0.0.5-4', '10.0.0.5-', '-5', '10.0.0.1-2-3', '10.0.0.1-300', 'a-b', '0.0.0.0-255.255.255.255'])(
    'is not %j',
    (text) => {
      expect(parseRange(text)).toBeUndefined();
    },
  );
});
