/** An IPv4 network: its first address as a number, and the prefix length. */
export interface Subnet {
  readonly network: number;
  readonly prefix: number;
}

const PATTERN = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** Reads `198.18.0.0/24`. @returns undefined for anything that is not a network in CIDR notation (host bits must be 0). */
export function parseSubnet(text: string): Subnet | undefined {
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32) return undefined;
  const network = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  return network % 2 ** (32 - prefix) === 0 ? {network, prefix} : undefined;
}

/** The address `offset` after the network's own, in dotted notation. */
export function addressAt(subnet: Subnet, offset: number): string {
  const address = subnet.network + offset;
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

export function formatSubnet(subnet: Subnet): string {
  return `${addressAt(subnet, 0)}/${subnet.prefix}`;
}

/** True when the two networks share an address. */
export function overlaps(one: Subnet, other: Subnet): boolean {
  const size = 2 ** (32 - Math.min(one.prefix, other.prefix));
  return Math.floor(one.network / size) === Math.floor(other.network / size);
}
