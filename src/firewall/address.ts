import {isIPv6} from 'node:net';
import {formatCidr, formatIpv4, parseCidr, parseIpv4} from '../support/ipv4.js';

export type Family = 4 | 6;

/** An address or block as the kernel prints it in a rule: always with its prefix length, host bits dropped. */
export interface Net {
  readonly family: Family;
  /** `198.18.0.12/32`, `fd00::/8` */
  readonly text: string;
}

const V6_BITS = 128n;

/**
 * Reads `198.18.0.12`, `10.0.0.0/8`, `fd00::1` or `fd00::/8`; undefined when it is none of these. `::ffff:198.18.0.12`, as programs that speak both
 * families write it, is the IPv4 address: that is what its packets carry.
 */
export function parseNet(text: string): Net | undefined {
  if (!text.includes(':')) {
    const cidr = parseCidr(text.includes('/') ? text : `${text}/32`);
    return cidr && {family: 4, text: formatCidr(cidr)};
  }
  const [address = '', prefix = '128', ...rest] = text.split('/');
  if (rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > 128) return undefined;
  const value = parseIpv6(address);
  if (value === undefined) return undefined;
  if (value >> 32n === 0xffffn && Number(prefix) >= 96)
    return parseNet(`${formatIpv4(Number(value & 0xffffffffn))}/${Number(prefix) - 96}`);
  const hostBits = V6_BITS - BigInt(prefix);
  return {family: 6, text: `${formatIpv6((value >> hostBits) << hostBits)}/${prefix}`};
}

/** Whether the address (without prefix) lies in the block. */
export function isIn(net: Net, address: string): boolean {
  const one = parseNet(address);
  if (one === undefined || one.family !== net.family) return false;
  return parseNet(`${address}/${prefixOf(net)}`)?.text === net.text;
}

export function prefixOf(net: Net): number {
  return Number(net.text.slice(net.text.indexOf('/') + 1));
}

/** The block as a person writes it: a single address without its prefix length. */
export function showNet(net: Net): string {
  return net.text.replace(net.family === 4 ? /\/32$/ : /\/128$/, '');
}

/** Why no packet can have such a source; undefined when one can. */
export function impossibleSource(net: Net): string | undefined {
  if (prefixOf(net) === 0) return 'is every address there is';
  const [first = ''] = net.text.split('/');
  if (net.family === 6) {
    if (first === '::1') return 'is the loopback address';
    if (isIn(net, '::1')) return 'holds the loopback address';
    if (first === '::') return 'is no address of a host';
    return first.startsWith('ff') && /^ff[0-9a-f]{2}:/.test(first) ? 'is a multicast address, which never sends' : undefined;
  }
  const value = parseIpv4(first)!;
  const top = Math.floor(value / 2 ** 24);
  if (top === 127) return 'is the loopback network';
  if (isIn(net, '127.0.0.1')) return 'holds the loopback network';
  if (top === 0) return 'is no address of a host';
  if (value === 0xffffffff) return 'is the broadcast address, which never sends';
  return top >= 224 && top < 240 ? 'is a multicast address, which never sends' : undefined;
}

/** Reads a hardware address in any usual spelling, into the kernel's; undefined when it is none. */
export function parseMac(text: string): string | undefined {
  const lower = text.toLowerCase().replaceAll('-', ':');
  return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(lower) ? lower : undefined;
}

/** The lowest bit of the first byte: broadcast and multicast, which no frame can come from. */
export function isGroupMac(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

function parseIpv6(text: string): bigint | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const dotted = /^(.*:)([\d.]+)$/.exec(text);
  const v4 = dotted?.[2]?.includes('.') ? parseIpv4(dotted[2]) : undefined;
  const plain = v4 === undefined ? text : `${dotted![1]}${(v4 >>> 16).toString(16)}:${(v4 & 0xffff).toString(16)}`;
  const [head = '', tail] = plain.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? [] : Array.from({length: 8 - before.length - after.length}, () => '0');
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

/** RFC 5952: lower case, the longest run of two or more zeros as `::`. */
function formatIpv6(value: bigint): string {
  const groups = Array.from({length: 8}, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const runs = [...groups.join(' ').matchAll(/\b0( 0)+\b/g)].map((match) => match[0].split(' ').length);
  const longest = Math.max(0, ...runs);
  if (longest === 0) return groups.join(':');
  const start = groups.findIndex((_, index) => groups.slice(index, index + longest).every((group) => group === '0'));
  const whole = start >= 0 && start + longest <= 8 ? start : 0;
  return `${groups.slice(0, whole).join(':')}::${groups.slice(whole + longest).join(':')}`;
}
