/** IPv4 arithmetic. Addresses are unsigned 32-bit numbers inside, dotted text outside. */

export interface Cidr {
  /** The network's first address, as a number. */
  readonly base: number;
  /** The prefix length, 0–32. */
  readonly bits: number;
}

/** The number of a dotted address; undefined if the text is not one. */
export function parseIpv4(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (parts === null) return undefined;
  const octets = parts.slice(1).map(Number);
  if (octets.some((octet) => octet > 255)) return undefined;
  return octets.reduce((value, octet) => value * 256 + octet, 0);
}

export function formatIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

function mask(bits: number): number {
  return bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}

/** Reads `a.b.c.d/n`, host bits cleared as Go's net.ParseCIDR does; a bare address counts as /32. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', length] = text.split('/');
  const value = parseIpv4(address);
  if (value === undefined || (length !== undefined && !/^\d{1,2}$/.test(length))) return undefined;
  const bits = length === undefined ? 32 : Number(length);
  return bits > 32 ? undefined : {base: (value & mask(bits)) >>> 0, bits};
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIpv4(cidr.base)}/${cidr.bits}`;
}

/** The number of addresses in the network. */
export function sizeOf(cidr: Cidr): number {
  return 2 ** (32 - cidr.bits);
}

export function contains(cidr: Cidr, address: number): boolean {
  return (address & mask(cidr.bits)) >>> 0 === cidr.base;
}

/** Whether the text `a.b.c.d` lies in the text `net/n`; false if either cannot be read. */
export function cidrContains(cidr: string, address: string): boolean {
  const net = parseCidr(cidr);
  const value = parseIpv4(address);
  return net !== undefined && value !== undefined && contains(net, value);
}

/** How Calico writes a network into an etcd key: `192.168.0.0-16`. */
export function cidrKey(cidr: string): string {
  return cidr.replace('/', '-');
}
