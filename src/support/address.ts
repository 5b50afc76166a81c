import {isIPv6} from 'node:net';
import ipaddr from 'ipaddr.js';

declare const canonical: unique symbol;

/**
 * An IP address, as a string in its canonical form: four decimal numbers, or RFC 5952 for IPv6 (`fd00::12`). Only the functions of this file make one,
 * where input is parsed (the cluster file, the command line, the output of a program); all other code takes the type and needs no further validation.
 *
 * It is a string, not an object of ipaddr.js, because addresses are compared, printed and used as keys of maps: two objects for the same address are
 * never `===`, two canonical strings are. Arithmetic (`plus`, `Block`) converts it to ipaddr.js' object internally.
 */
export type Address = string & {readonly [canonical]: 'address'};

export type Family = 4 | 6;

type Parsed = ipaddr.IPv4 | ipaddr.IPv6;

/** Parses an IPv4 address of four decimal numbers; undefined for anything else, including the forms of inet_aton (`10.1`, `010.0.0.1`, `0x0a.0.0.1`). */
export function parseIpv4(text: string): Address | undefined {
  return ipaddr.IPv4.isValidFourPartDecimal(text) ? (text as Address) : undefined;
}

/**
 * Parses an IPv4 or IPv6 address; undefined for anything else. An address with a zone (`fe80::1%eth0`) is rejected: it is
 * valid on one host only. An IPv4-mapped address (`::ffff:198.18.0.12`) is converted to the IPv4 address, which is what packets contain.
 */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) return parseIpv4(text);
  const value = parseIpv6(text);
  return value && toAddress(value.isIPv4MappedAddress() ? value.toIPv4Address() : value);
}

/** The address of a constant in the source or a test. @throws TypeError when the text is not an address */
export function addressLiteral(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new TypeError(`not an IP address: ${text}`);
  return address;
}

export function familyOf(address: Address): Family {
  return address.includes(':') ? 6 : 4;
}

/** The address `count` after this one; undefined outside the address space. */
export function plus(address: Address, count: number): Address | undefined {
  const bytes = parsed(address).toByteArray();
  const value = toInteger(bytes) + BigInt(count);
  if (value < 0n || value >> BigInt(8 * bytes.length) !== 0n) return undefined;
  return toAddress(
    ipaddr.fromByteArray(bytes.map((_, index) => Number((value >> BigInt(8 * (bytes.length - 1 - index))) & 0xffn))),
  );
}

/** How many addresses `to` is after `from`; negative when it is before it. Both have to be of the same family. */
export function distance(from: Address, to: Address): number {
  return Number(toInteger(parsed(to).toByteArray()) - toInteger(parsed(from).toByteArray()));
}

/** Converts an address to ipaddr.js' object. For use in src/support only. */
export function parsed(address: Address): Parsed {
  return familyOf(address) === 4 ? ipaddr.IPv4.parse(address) : ipaddr.IPv6.parse(address);
}

/** Converts ipaddr.js' object to an address. For use in src/support only. */
export function toAddress(value: Parsed): Address {
  return value.toString() as Address;
}

/**
 * Parses an IPv6 address without a zone; undefined for anything else. For use in src/support only. It avoids two peculiarities of ipaddr.js: numbers with
 * leading zeros in `::ffff:010.0.0.1` are parsed as octal (node:net rejects them), and `::1.2.3.4`, which is ::102:304, is parsed as `::ffff:1.2.3.4`.
 */
export function parseIpv6(text: string): ipaddr.IPv6 | undefined {
  if (!isIPv6(text) || text.includes('%')) return undefined;
  return ipaddr.IPv6.parse(text.replace(/^::(?=\d+\.)/, '0::'));
}

function toInteger(bytes: readonly number[]): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
