import ipaddr from 'ipaddr.js';
import {type Address, type Family, familyOf, parsed, parseIpv4, parseIpv6, plus, toAddress} from './address.js';

/** A block of addresses in CIDR notation, as `10.0.0.0/8` or `fd00::/8`. Immutable. Made by the functions below only. To compare two, compare their `toString()`. */
export class Block {
  /** The first address of the block; for an IPv4 network its network address. */
  readonly address: Address;
  /** 0 to 32, or to 128 for IPv6. */
  readonly prefix: number;

  /** Use `parseBlock` or `blockAround` instead: `address` has to be the first of the block. */
  constructor(address: Address, prefix: number) {
    this.address = address;
    this.prefix = prefix;
  }

  get family(): Family {
    return familyOf(this.address);
  }

  /** The last address of the block; for an IPv4 network its broadcast address. */
  get last(): Address {
    return toAddress(kindOf(this.family).broadcastAddressFromCIDR(this.toString()));
  }

  /** The number of addresses in the block. */
  get size(): number {
    return 2 ** ((this.family === 4 ? 32 : 128) - this.prefix);
  }

  /** Whether the address is in the block, including its first and last address. */
  contains(address: Address): boolean {
    return familyOf(address) === this.family && parsed(address).match(parsed(this.address), this.prefix);
  }

  /** Whether the two blocks share an address. */
  overlaps(other: Block): boolean {
    return this.contains(other.address) || other.contains(this.address);
  }

  /** The address at this index, counted from 0 for the first; undefined outside the block. */
  nth(index: number): Address | undefined {
    const address = plus(this.address, index);
    return address !== undefined && this.contains(address) ? address : undefined;
  }

  toString(): string {
    return `${this.address}/${this.prefix}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/**
 * Parses `10.0.0.0/8` or `fd00::/8`; undefined for anything else. Host bits are cleared, as `ip` and `iptables` do: see `hasHostBits`. A block of
 * IPv4-mapped addresses (`::ffff:10.0.0.0/104`) is the IPv4 block.
 */
export function parseBlock(text: string): Block | undefined {
  if (!text.includes(':')) return parseIpv4Block(text);
  const parts = split(text, 128);
  const value = parts && parseIpv6(parts.address);
  if (!value) return undefined;
  if (value.isIPv4MappedAddress() && parts.prefix >= MAPPED_PREFIX) {
    return blockAround(toAddress(value.toIPv4Address()), parts.prefix - MAPPED_PREFIX);
  }
  return new Block(toAddress(ipaddr.IPv6.networkAddressFromCIDR(`${value}/${parts.prefix}`)), parts.prefix);
}

/** As `parseBlock`, for four decimal numbers and a prefix length only. */
export function parseIpv4Block(text: string): Block | undefined {
  const parts = split(text, 32);
  const address = parts && parseIpv4(parts.address);
  return address === undefined ? undefined : blockAround(address, parts!.prefix);
}

/** The block of this prefix length that contains the address. */
export function blockAround(address: Address, prefix: number): Block {
  return new Block(toAddress(kindOf(familyOf(address)).networkAddressFromCIDR(`${address}/${prefix}`)), prefix);
}

/** The block of a constant in the source or a test. @throws TypeError when the text is not a block */
export function blockLiteral(text: string): Block {
  const block = parseBlock(text);
  if (!block) throw new TypeError(`not a block of addresses: ${text}`);
  return block;
}

/** Whether the text is a block written with an address inside it (`10.0.0.1/8`) instead of its first (`10.0.0.0/8`). */
export function hasHostBits(text: string): boolean {
  const block = parseBlock(text);
  return block !== undefined && block.toString() !== text;
}

/** The number of bits before the IPv4 address in `::ffff:198.18.0.12`. */
const MAPPED_PREFIX = 96;

function split(text: string, bits: number): {address: string; prefix: number} | undefined {
  const [, address = '', prefix] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  return prefix === undefined || Number(prefix) > bits ? undefined : {address, prefix: Number(prefix)};
}

function kindOf(family: Family): typeof ipaddr.IPv4 | typeof ipaddr.IPv6 {
  return family === 4 ? ipaddr.IPv4 : ipaddr.IPv6;
}
