import {readFile} from 'node:fs/promises';
import {type Address, parseIpv4} from '../../support/address.js';
import {blockLiteral} from '../../support/block.js';
import {Hw5Error} from '../../support/errors.js';

/** The machines' DNS configuration. */
export interface Resolver {
  /** IPv4 addresses: the only private ones the machines may reach. */
  readonly addresses: readonly Address[];
  /** The machines' resolv.conf. */
  readonly resolvConf: string;
}

/** In this order: where /etc/resolv.conf names only a local stub, the other file has the upstream resolvers. */
const FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/** Nameservers that only the host itself can reach. */
const LOCAL = ['127.0.0.0/8', '0.0.0.0/32'].map(blockLiteral);

/** @throws Hw5Error when the host has no IPv4 resolver that a machine could reach */
export async function findResolver(): Promise<Resolver> {
  for (const file of FILES) {
    const resolver = parseResolvConf(await readFile(file, 'utf8').catch(() => ''));
    if (resolver) return resolver;
  }
  throw new Hw5Error('this host has no DNS resolver that the lab could use', {
    hint: `put a "nameserver" line with an IPv4 address other than 127.0.0.1 into ${FILES[0]}`,
  });
}

/** @returns undefined when no nameserver in it can be reached from another machine over IPv4 */
export function parseResolvConf(text: string): Resolver | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const addresses = lines.flatMap((line) => {
    const address = parseIpv4(/^nameserver\s+(\S+)$/.exec(line)?.[1] ?? '');
    return address === undefined || LOCAL.some((block) => block.contains(address)) ? [] : [address];
  });
  if (addresses.length === 0) return undefined;
  const kept = lines.filter((line) => /^(search|domain|options)\s/.test(line));
  return {addresses, resolvConf: [...addresses.map((address) => `nameserver ${address}`), ...kept, ''].join('\n')};
}
