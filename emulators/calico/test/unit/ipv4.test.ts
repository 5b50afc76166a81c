import {describe, expect, it} from 'vitest';
import {cidrContains, formatCidr, formatIpv4, parseCidr, parseIpv4, sizeOf} from '../../src/model/ipv4.js';

describe('IPv4 arithmetic', () => {
  it('parses and formats addresses up to the highest', () => {
    for (const address of ['0.0.0.0', '192.168.0.100', '255.255.255.255']) expect(formatIpv4(parseIpv4(address)!)).toBe(address);
  });

  it.each(['256.0.0.1', '1.2.3', '1.2.3.4.5', 'a.b.c.d', '', '1.2.3.4/8', '1', '0x7f.0.0.1', '010.0.0.1'])(
    'does not parse "%s" as an address',
    (text) => {
      expect(parseIpv4(text)).toBeUndefined();
    },
  );

  it('clears the host bits of a network', () => {
    expect(formatCidr(parseCidr('192.168.0.101/26')!)).toBe('192.168.0.64/26');
    expect(formatCidr(parseCidr('200.1.2.3/0')!)).toBe('0.0.0.0/0');
  });

  it.each(['192.168.0.0/33', '192.168.0.0/', '192.168.0.0/x', '192.168/16', 'fd00::/8', '1.2.3.4/8/8'])(
    'does not parse "%s" as a network',
    (text) => {
      expect(parseCidr(text)).toBeUndefined();
    },
  );

  it('finds out whether a network contains an address', () => {
    expect(cidrContains('192.168.0.0/16', '192.168.255.255')).toBe(true);
    expect(cidrContains('192.168.0.0/16', '192.169.0.0')).toBe(false);
    expect(cidrContains('0.0.0.0/0', '255.1.1.1')).toBe(true);
    expect(cidrContains('no net', '1.1.1.1')).toBe(false);
  });

  it("counts a network's addresses", () => {
    expect(sizeOf(parseCidr('192.168.0.64/26')!)).toBe(64);
  });
});
