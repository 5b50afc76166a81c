import {isIPv6} from 'node:net';
import ipaddr from 'ipaddr.js';

declare const canonical: unique symbol;

/**
 * An IP address, as a string in its one canonical spelling: `198.18.0.12`, or RFC 5952 for IPv6 (`fd00::12`). Only the functions of this file make one,
 * where text comes in (the cluster file, the command line, the output of a program); everything behind that takes the type and never parses again.
 *
 * It is a string rather than ipaddr.js' object because it is compared, printed and used as a key everywhere: two objects for one address are never
 * `===`, two canonical strings are. Arithmetic (`plus`, `Block`) parses it anew with ipaddr.js, which is exact and costs nothing that matters here.
 */
export type Address = string & {readonly [canonical]: 'address'};

export type Family = 4 | 6;

type Parsed = ipaddr.IPv4 | ipaddr.IPv6;

/** Parses four decimal numbers; undefined for anything else, also for what ipaddr.js and inet_aton accept: `10.1`, `010.0.0.1`, `0x0a.0.0.1`. */
export function parseIpv4(text: string): Address | undefined {
  return ipaddr.IPv4.isValidFourPartDecimal(text) ? (text as Address) : undefined;
}

/**
 * Parses an IPv4 or IPv6 address; undefined for anything else. An address with a zone (`fe80::1%eth0`) is rejected: it means something on one machine
 * only. `::ffff:198.18.0.12`, as programs that speak both families write it, is the IPv4 address: that is what its packets carry.
 */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) return parseIpv4(text);
  const value = parseIpv6(text);
  return value && toAddress(value.isIPv4MappedAddress() ? value.toIPv4Address() : value);
}

/** The address that a constant or a test names. @throws TypeError when it is none */
export function addressLiteral(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new TypeError(`not an IP address: ${text}`);
  return address;
}

export function familyOf(address: Address): Family {
  return address.includes(':') ? 6 : 4;
}

/** The address `count` behind this one; undefined where its family ends. */
export function plus(address: Address, count: number): Address | undefined {
  const bytes = parsed(address).toByteArray();
  const value = toInteger(bytes) + BigInt(count);
  if (value < 0n || value >> BigInt(8 * bytes.length) !== 0n) return undefined;
  return toAddress(
    ipaddr.fromByteArray(bytes.map((_, index) => Number((value >> BigInt(8 * (bytes.length - 1 - index))) & 0xffn))),
  );
}

/** How many addresses `to` is behind `from`; negative when it is before it. Both are of one family. */
export function distance(from: Address, to: Address): number {
  return Number(toInteger(parsed(to).toByteArray()) - toInteger(parsed(from).toByteArray()));
}

/** ipaddr.js' value of an address, for this directory's own use. */
export function parsed(address: Address): Parsed {
  return ipaddr.parse(address);
}

/** The canonical address of ipaddr.js' value, for this directory's own use. */
export function toAddress(value: Parsed): Address {
  return value.toString() as Address;
}

/**
 * ipaddr.js' value of an IPv6 address, for this directory's own use; undefined for anything else and for one with a zone. Two of ipaddr.js' habits are
 * kept out: it reads `::ffff:010.0.0.1` as octal, which node:net rejects, and takes `::1.2.3.4`, which is ::102:304, for `::ffff:1.2.3.4`.
 */
export function parseIpv6(text: string): ipaddr.IPv6 | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  return ipaddr.IPv6.parse(text.replace(/^::(?=\d+\.)/, '0::'));
}

function toInteger(bytes: readonly number[]): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
