import type {ClusterNode} from '../cluster/cluster.js';
import {type Address, type Family, familyOf} from '../support/address.js';
import type {Interface} from './firewall-state.js';
import type {NodeServices, RunningContainer} from './node-services.js';
import type {End, Probe} from './probe.js';
import type {Rule} from './rule.js';

/** A node as the choice of probes needs it. */
export interface Candidate {
  readonly node: ClusterNode;
  readonly interfaces: readonly Interface[];
  readonly services: NodeServices;
  /** Node → hardware address with which its packets arrive here; missing where a router is in between. */
  readonly neighbours: ReadonlyMap<string, string>;
  /** The families of which an iptables works. */
  readonly families: readonly Family[];
}

/** The probes that prove a rule on a node, and why some are missing. */
export interface ProbePlan {
  readonly probes: readonly Probe[];
  readonly remarks: readonly string[];
}

/** Where http-only lets connections in. */
export const HTTP_PORT = 80;
/**
 * Seconds by which probes from the rule's own node start later. Their answers are rejected, too, and the kernel sends one host six ICMP errors and then
 * one a second (net.ipv4.icmp_ratelimit): concurrent probes of the denied host would get none.
 */
export const BACK_DELAY = 0.7;

/** IPv4 for a rule of both families. */
export function familyOfRule({match}: Rule): Family {
  return match.kind === 'net' ? match.net.family : 4;
}

/** The address of a node to probe: one that the rule names, else the one that the node uses in the cluster. */
export function endOf({node, interfaces}: Candidate, family: Family, rule?: Rule): End | undefined {
  const choice = (all: readonly Interface[]): readonly Address[] => {
    const own = all.flatMap(({addresses}) => addresses.filter(({scope}) => scope === 'global').map(({address}) => address));
    return [...new Set([node.address, ...own])].filter((address) => familyOf(address) === family);
  };
  // other interfaces, as a Docker bridge, may have an address that other nodes cannot reach
  const uplink = interfaces.filter(({addresses}) => addresses.some(({address}) => address === node.address));
  const {match} = rule ?? {};
  const named = match?.kind === 'net' ? choice(interfaces).find((one) => match.net.contains(one)) : undefined;
  const [usual, ...more] = choice(uplink.length > 0 ? uplink : interfaces);
  const address = named ?? usual;
  if (address === undefined) return undefined;
  // of several IPv6 addresses, the kernel chooses the source by rules of its own
  const isSecondary = address !== usual || (family === 6 && more.length > 0);
  return {label: node.name, address, node: node.name, isSecondary};
}

/** A container as an end of a probe, which its node sends in the container's network namespace. */
export function endIn({name, address, pid}: RunningContainer, {node}: Candidate): End {
  return {label: `${name} on ${node.name}`, address, node: node.name, pid};
}
