import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {addressLiteral} from '../../../src/support/address.js';
import {blockAround, blockLiteral, hasHostBits, parseBlock, parseIpv4Block} from '../../../src/support/block.js';

const block = (text: string) => blockLiteral(text);
const address = (text: string) => addressLiteral(text);

describe('a block of addresses', () => {
  it.each(['0.0.0.0/0', '10.0.0.0/8', '192.168.0.64/26', '1.2.3.4/32', '128.0.0.0/1', '198.18.0.192/27', '255.255.255.0/24'])(
    'is %s, and written back so',
    (text) => {
      expect(String(parseIpv4Block(text))).toBe(text);
      expect(JSON.stringify([parseBlock(text)])).toBe(`["${text}"]`);
      expect(hasHostBits(text)).toBe(false);
    },
  );

  it('has its host bits cleared, and hasHostBits reports that there were some', () => {
    expect(String(parseIpv4Block('192.168.7.9/16'))).toBe('192.168.0.0/16');
    expect(hasHostBits('192.168.7.9/16')).toBe(true);
  });

  it.each([
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0/8',
    '10.1/8',
    '010.0.0.0/8',
    '0x0a.0.0.0/8',
    '10.0.0.0/',
    '10.0.0.0/08',
    '/8',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '198.18.0.256/32',
    'a.b.c.d/24',
    '198.18.0.0/24 ',
    'fd00::/129',
    'fe80::1%eth0/64',
    '',
  ])('is not %j', (text) => {
    expect(parseBlock(text)).toBeUndefined();
    expect(parseIpv4Block(text)).toBeUndefined();
    expect(hasHostBits(text)).toBe(false);
  });

  it.each([
    ['fd00::/8', 'fd00::/8'],
    ['fd00:0:0:1:0:0:0:0/64', 'fd00:0:0:1::/64'],
    ['2001:db8::1.2.3.4/128', '2001:db8::102:304/128'],
    ['::/0', '::/0'],
    ['::ffff:10.1.0.0/104', '10.0.0.0/8'],
    ['::ffff:0:0/95', '::fffe:0:0/95'],
  ])('of IPv6, %s, is %s', (text, canonical) => {
    expect(String(parseBlock(text))).toBe(canonical);
    expect(parseIpv4Block(text)).toBeUndefined();
  });

  it('contains its first and last address and none next to them', () => {
    const some = block('192.168.0.64/26');
    expect(some).toMatchObject({address: '192.168.0.64', prefix: 26, family: 4, last: '192.168.0.127', size: 64});
    expect(
      ['192.168.0.63', '192.168.0.64', '192.168.0.127', '192.168.0.128'].map((text) => some.contains(address(text))),
    ).toEqual([false, true, true, false]);
  });

  it('contains no address of the other family', () => {
    expect(block('0.0.0.0/0').contains(address('fd00::1'))).toBe(false);
    expect(block('::/0').contains(address('10.0.0.1'))).toBe(false);
    expect(block('fd00::/8')).toMatchObject({last: 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', family: 6});
    expect(block('fd00::/8').contains(address('fd12::1'))).toBe(true);
  });

  it('overlaps another exactly when one contains the first address of the other', () => {
    const some = fc.tuple(fc.ipV4(), fc.integer({min: 0, max: 32})).map(([text, prefix]) => blockAround(address(text), prefix));
    fc.assert(fc.property(some, some, (a, b) => a.overlaps(b) === (a.contains(b.address) || b.contains(a.address))));
    fc.assert(fc.property(some, some, (a, b) => a.overlaps(b) === b.overlaps(a)));
  });

  it.each([
    ['192.168.0.0/16', '192.168.33.0/24', true],
    ['192.168.0.0/16', '192.169.0.0/16', false],
    ['198.18.0.0/24', '198.18.0.32/27', true],
    ['198.18.0.32/27', '198.18.0.0/24', true],
    ['198.18.0.0/27', '198.18.0.32/27', false],
    ['0.0.0.0/0', '198.18.0.0/24', true],
    ['198.18.0.7/32', '198.18.0.7/32', true],
    ['198.18.1.0/24', '198.18.0.0/24', false],
    ['0.0.0.0/0', '::/0', false],
  ])('%s and %s overlap: %s', (one, other, expected) => {
    expect(block(one).overlaps(block(other))).toBe(expected);
  });

  it('counts its addresses across octets, from 0, and no further than its last', () => {
    expect(block('198.18.0.0/15').nth(260)).toBe('198.18.1.4');
    expect(block('198.18.0.192/27').nth(10)).toBe('198.18.0.202');
    expect(block('198.18.0.192/27').nth(31)).toBe('198.18.0.223');
    expect(block('198.18.0.192/27').nth(32)).toBeUndefined();
    expect(block('198.18.0.192/27').nth(-1)).toBeUndefined();
  });

  it('as a constant has to be one', () => {
    expect(() => blockLiteral('10.0.0.0')).toThrow(TypeError);
  });
});
