import {describe, expect, it} from 'vitest';
import {addressAt, formatSubnet, overlaps, parseSubnet} from '../../../src/lab/subnet.js';

describe('a subnet', () => {
  it('is read from CIDR notation and written back', () => {
    expect(formatSubnet(parseSubnet('198.18.0.192/27')!)).toBe('198.18.0.192/27');
    expect(formatSubnet(parseSubnet('255.255.255.0/24')!)).toBe('255.255.255.0/24');
  });

  it.each(['198.18.0.1/24', '198.18.0.0', '198.18.0.256/32', '198.18.0.0/33', 'a.b.c.d/24', '198.18.0.0/24 '])(
    'is not %s',
    (text) => {
      expect(parseSubnet(text)).toBeUndefined();
    },
  );

  it('counts addresses across octets', () => {
    expect(addressAt(parseSubnet('198.18.0.0/15')!, 260)).toBe('198.18.1.4');
    expect(addressAt(parseSubnet('198.18.0.192/27')!, 10)).toBe('198.18.0.202');
  });

  it.each([
    ['198.18.0.0/24', '198.18.0.32/27', true],
    ['198.18.0.32/27', '198.18.0.0/24', true],
    ['198.18.0.0/27', '198.18.0.32/27', false],
    ['0.0.0.0/0', '198.18.0.0/24', true],
    ['198.18.0.7/32', '198.18.0.7/32', true],
    ['198.18.1.0/24', '198.18.0.0/24', false],
  ])('%s and %s overlap: %s', (one, other, expected) => {
    expect(overlaps(parseSubnet(one)!, parseSubnet(other)!)).toBe(expected);
  });
});
