/** Addresses and networks of both IP versions in the text form that Go prints; the arithmetic of IPv4 is in ipv4.ts. */
import ipaddr from 'ipaddr.js';
import {parseIpv4} from './ipv4.js';

export interface IpNet {
  readonly version: 4 | 6;
  /** The address as given, which may have host bits. */
  readonly address: string;
  readonly bits: number;
  /** As given: `198.18.0.10/24`. */
  readonly text: string;
  /** With the host bits cleared: `198.18.0.0/24`. */
  readonly masked: string;
}

/** Reads an address. Undefined if it is not one. */
export function parseIp(text: string): {readonly version: 4 | 6; readonly text: string} | undefined {
  if (parseIpv4(text) !== undefined) return {version: 4, text};
  // a zone, as in `fe80::1%eth0`, is none of an address's
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress()
    ? {version: 4, text: address.toIPv4Address().toString()}
    : {version: 6, text: address.toRFC5952String()};
}

/** Reads `a.b.c.d/n` or an address, which is a network of one. Undefined if it is neither. */
export function parseNet(text: string): IpNet | undefined {
  const [address = '', length, ...more] = text.split('/');
  const ip = parseIp(address);
  if (ip === undefined || more.length > 0) return undefined;
  const longest = ip.version === 4 ? 32 : 128;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  const bits = length === undefined ? longest : Number(length);
  if (bits > longest) return undefined;
  const given = `${ip.text}/${bits}`;
  const network =
    ip.version === 4
      ? ipaddr.IPv4.networkAddressFromCIDR(given).toString()
      : ipaddr.IPv6.networkAddressFromCIDR(given).toRFC5952String();
  return {version: ip.version, address: ip.text, bits, text: given, masked: `${network}/${bits}`};
}

/** Whether the networks have an address in common. */
export function netsOverlap(a: IpNet, b: IpNet): boolean {
  if (a.version !== b.version) return false;
  const [net, other] = a.bits <= b.bits ? [a, b] : [b, a];
  return ipaddr.parse(other.address).match(ipaddr.parseCIDR(net.masked));
}
