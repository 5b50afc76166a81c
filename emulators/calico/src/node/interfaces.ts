import {networkInterfaces} from 'node:os';
import {formatCidr, parseCidr} from '../model/ipv4.js';

export interface FoundInterface {
  readonly name: string;
  readonly address: string;
  /** As `198.18.0.0/24`. */
  readonly network: string;
}

/** Interfaces that Calico's autodetection skips: bridges and tunnels of container networks. */
const EXCLUDED = /^(docker.*|cbr.*|dummy.*|virbr.*|lxcbr.*|veth.*|lo|cali.*|tunl.*|flannel.*)$/;

/** All IPv4 addresses of this machine. */
export function listInterfaces(): FoundInterface[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).flatMap((one) => {
      const network = one.family === 'IPv4' && one.cidr !== null ? parseCidr(one.cidr) : undefined;
      return network === undefined ? [] : [{name, address: one.address, network: formatCidr(network)}];
    }),
  );
}

/** The interface that has `address`. */
export function findInterface(address: string, interfaces = listInterfaces()): FoundInterface | undefined {
  return interfaces.find((one) => one.address === address);
}

/**
 * Finds the node's address by `first-found`, `interface=<regular expression>[,…]` or `skip-interface=…`, as Calico does. Undefined when there is none.
 * @throws Error for other methods; `can-reach` is not implemented
 */
export function detectAddress(method: string, interfaces = listInterfaces()): FoundInterface | undefined {
  if (method === 'first-found') return interfaces.find((one) => !EXCLUDED.test(one.name) && !one.address.startsWith('169.254.'));
  const skipped = /^skip-interface=(.+)$/.exec(method)?.[1]?.split(',');
  if (skipped !== undefined) {
    const isSkipped = (name: string) => EXCLUDED.test(name) || skipped.some((expression) => new RegExp(expression).test(name));
    return interfaces.find((one) => !isSkipped(one.name) && !one.address.startsWith('169.254.'));
  }
  const expressions = /^interface=(.+)$/.exec(method)?.[1]?.split(',');
  if (expressions === undefined) throw new Error(`Invalid IP autodetection method: ${method}`);
  return interfaces.find((one) => expressions.some((expression) => new RegExp(expression).test(one.name)));
}
