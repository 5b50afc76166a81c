const NAMES = ['tcp', 'udp', 'icmp', 'icmpv6', 'sctp', 'udplite'];

/** The protocols that a rule may name, for error messages. */
export const PROTOCOLS_TEXT = `${NAMES.join(', ')} or a number from 1 to 255`;

/** Whether iptables accepts the protocol and matches only it: 0 would match all, and an unknown name fail the whole table. */
export function isProtocol(protocol: string): boolean {
  return NAMES.includes(protocol) || (/^[1-9]\d{0,2}$/.test(protocol) && Number(protocol) <= 255);
}

/** True for ICMP, by name or number. */
export function isIcmp(protocol: string | undefined): boolean {
  return protocol === 'icmp' || protocol === '1';
}

/** True for an ICMP type, with or without a code, that iptables matches as such: the type 255 would match every type. */
export function isIcmpMatch(type: unknown, code: unknown): boolean {
  return isByte(type) && type < 255 && (code === undefined || isByte(code));
}

function isByte(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
}
