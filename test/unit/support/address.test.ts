import {isIPv4} from 'node:net';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {addressLiteral, distance, familyOf, parseAddress, parseIpv4, plus} from '../../../src/support/address.js';

const ipv4 = fc.ipV4().map(addressLiteral);
const ipv6 = fc.ipV6().map((text) => addressLiteral(text));

describe('an IPv4 address', () => {
  it('is parsed from four decimal numbers and stays as it was written', () => {
    fc.assert(fc.property(fc.ipV4(), (text) => parseIpv4(text) === text));
    expect(parseIpv4('255.255.255.255')).toBe('255.255.255.255');
    expect(parseIpv4('172.16.1.137')).toBe('172.16.1.137');
  });

  it.each([
    '',
    '1',
    '1.2.3',
    '10.1',
    '1.2.3.4.5',
    '256.1.1.1',
    '999.0.0.1',
    '01.2.3.4',
    '1.2.3.04',
    '00.0.0.0',
    '1.2.3.-4',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '1.2.3.0x4',
    '0xc0a80001',
    '3232235521',
    '1..3.4',
    '::1',
    '::ffff:1.2.3.4',
    '1.2.3.4/32',
    '１.2.3.4',
  ])('is not %j', (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  });

  it('is exactly what node:net takes for one', () => {
    const part = fc.oneof(fc.integer({min: 0, max: 300}).map(String), fc.constantFrom('', '0', '00', '01', '0x1', '-1', ' 1'));
    const text = fc.array(part, {minLength: 3, maxLength: 5}).map((parts) => parts.join('.'));
    fc.assert(fc.property(text, (candidate) => (parseIpv4(candidate) !== undefined) === isIPv4(candidate)));
  });
});

describe('an address of either family', () => {
  it.each([
    ['198.18.0.12', '198.18.0.12', 4],
    ['FD00:0:0::12', 'fd00::12', 6],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3', 6],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7', 6],
    ['2001:db8::1.2.3.4', '2001:db8::102:304', 6],
    ['::1.2.3.4', '::102:304', 6],
    ['::ffff:198.18.0.12', '198.18.0.12', 4],
    ['::ffff:c612:c', '198.18.0.12', 4],
  ])('%s is written %s', (text, canonical, family) => {
    const address = parseAddress(text)!;
    expect(address).toBe(canonical);
    expect(familyOf(address)).toBe(family);
  });

  it.each([
    '198.18.0.300',
    '198.18.0',
    '010.0.0.1',
    '::ffff:010.0.0.1',
    'node2',
    '10.0.0.0/8',
    'fd00::/8',
    'fe80::1%eth0',
    '::1::',
    '',
  ])('is not %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('is the same value however often it is parsed, so that === compares', () => {
    fc.assert(fc.property(fc.oneof(ipv4, ipv6), (address) => parseAddress(address) === address));
  });

  it('as a constant has to be one', () => {
    expect(() => addressLiteral('10.1')).toThrow(TypeError);
  });
});

describe('counting on from an address', () => {
  it('carries over', () => {
    expect(plus(addressLiteral('10.0.0.255'), 1)).toBe('10.0.1.0');
    expect(plus(addressLiteral('10.0.1.0'), -1)).toBe('10.0.0.255');
    expect(plus(addressLiteral('fd00::ffff'), 1)).toBe('fd00::1:0');
  });

  it('ends with the last address of the family', () => {
    expect(plus(addressLiteral('255.255.255.255'), 1)).toBeUndefined();
    expect(plus(addressLiteral('0.0.0.0'), -1)).toBeUndefined();
    expect(plus(addressLiteral('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), 1)).toBeUndefined();
  });

  it('is undone by counting back, and measured by the distance', () => {
    fc.assert(
      fc.property(ipv4, fc.integer({min: -70_000, max: 70_000}), (address, count) => {
        const there = plus(address, count);
        return there === undefined || (plus(there, -count) === address && distance(address, there) === count);
      }),
    );
  });
});
