/** An IPv4 address as an unsigned 32-bit number: comparable with `<`, countable with `+`. */
export type Ipv4 = number;

/** A block of addresses. */
export interface Cidr {
  /** The first address of the block (the network address). */
  readonly first: Ipv4;
  /** The last address of the block (the broadcast address). */
  readonly last: Ipv4;
  /** 0 to 32. */
  readonly prefix: number;
}

/** Reads a dotted quad; undefined when it is not one. Leading zeros are refused: some programs read them as octal. */
export function parseIpv4(text: string): Ipv4 | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let address = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    address = address * 256 + Number(part);
  }
  return address;
}

/** Writes a dotted quad. */
export function formatIpv4(address: Ipv4): string {
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join('.');
}

/** The block of the given prefix length that holds the address. */
export function blockOf(address: Ipv4, prefix: number): Cidr {
  const size = 2 ** (32 - prefix);
  const first = address - (address % size);
  return {first, last: first + size - 1, prefix};
}

/** Reads `10.0.0.0/8`; undefined when it is not one. Host bits are dropped, as `ip` and `iptables` do: see `hasHostBits`. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([\d.]+)\/(\d|[12]\d|3[0-2])$/.exec(text);
  const address = match ? parseIpv4(match[1]!) : undefined;
  return address === undefined ? undefined : blockOf(address, Number(match![2]));
}

/** Whether a CIDR text names an address inside the block (10.0.0.1/8) instead of the block itself. */
export function hasHostBits(text: string): boolean {
  const cidr = parseCidr(text);
  return cidr !== undefined && formatCidr(cidr) !== text;
}

/** Writes `10.0.0.0/8`. */
export function formatCidr(cidr: Cidr): string {
  return `${formatIpv4(cidr.first)}/${cidr.prefix}`;
}

/** Whether the address lies in the block, its first and last address included. */
export function contains(cidr: Cidr, address: Ipv4): boolean {
  return cidr.first <= address && address <= cidr.last;
}

/** Whether the blocks share an address. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** How many addresses a block has. */
export function sizeOf(cidr: Cidr): number {
  return cidr.last - cidr.first + 1;
}

/** Writes `10.0.0.1-4`, or both addresses whole when they differ in more than the last number. */
export function formatRange(first: Ipv4, last: Ipv4): string {
  if (first === last) return formatIpv4(first);
  const isShort = Math.floor(first / 256) === Math.floor(last / 256);
  return `${formatIpv4(first)}-${isShort ? last % 256 : formatIpv4(last)}`;
}

/**
 * Reads `10.0.0.1-4`, `10.0.0.1-10.0.0.4` or one address, as all its addresses; undefined when it is none of these, runs
 * backwards, or is longer than `limit`.
 */
export function parseRange(text: string, limit = 65_536): readonly Ipv4[] | undefined {
  const [from = '', to, ...rest] = text.split('-').map((part) => part.trim());
  const first = parseIpv4(from);
  if (first === undefined || rest.length > 0) return undefined;
  if (to === undefined) return [first];
  const last = parseIpv4(/^\d+$/.test(to) ? `${from.slice(0, from.lastIndexOf('.'))}.${to}` : to);
  if (last === undefined || last < first || last - first >= limit) return undefined;
  return Array.from({length: last - first + 1}, (_, index) => first + index);
}
