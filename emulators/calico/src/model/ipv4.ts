/** IPv4 addresses and networks: parsed by ipaddr.js, plus the arithmetic of blocks. An address is a 32-bit number or dotted text. */
import ipaddr from 'ipaddr.js';

const {IPv4} = ipaddr;

export interface Cidr {
  /** The network's first address, as a number. */
  readonly base: number;
  /** The prefix length, 0–32. */
  readonly bits: number;
}

/** The number of a dotted address; undefined if the text is not one. */
export function parseIpv4(text: string): number | undefined {
  return IPv4.isValidFourPartDecimal(text) ? toNumber(IPv4.parse(text)) : undefined;
}

export function formatIpv4(value: number): string {
  return new IPv4([24, 16, 8, 0].map((shift) => (value >>> shift) & 255)).toString();
}

/** Reads `a.b.c.d/n` and clears the host bits, as Go's net.ParseCIDR does; an address without prefix length is a /32. */
export function parseCidr(text: string): Cidr | undefined {
  const cidr = withPrefix(text);
  if (!IPv4.isValidCIDRFourPartDecimal(cidr)) return undefined;
  return {base: toNumber(IPv4.networkAddressFromCIDR(cidr)), bits: IPv4.parseCIDR(cidr)[1]};
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIpv4(cidr.base)}/${cidr.bits}`;
}

/** The number of addresses in the network. */
export function sizeOf(cidr: Cidr): number {
  return 2 ** (32 - cidr.bits);
}

/** Whether the address `a.b.c.d` is in the network `a.b.c.d/n`; false if either cannot be read. */
export function cidrContains(cidr: string, address: string): boolean {
  const isReadable = parseCidr(cidr) !== undefined && parseIpv4(address) !== undefined;
  return isReadable && IPv4.parse(address).match(IPv4.parseCIDR(withPrefix(cidr)));
}

/** How Calico writes a network into an etcd key: `192.168.0.0-16`. */
export function cidrKey(cidr: string): string {
  return cidr.replace('/', '-');
}

function withPrefix(text: string): string {
  return text.includes('/') ? text : `${text}/32`;
}

function toNumber(address: ipaddr.IPv4): number {
  return address.octets.reduce((value, octet) => value * 256 + octet, 0);
}
