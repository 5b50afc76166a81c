import type {Endpoint, Snapshot} from '../model/types.js';
import {endpointChain, workloadChains} from './endpoint-chains.js';
import {type IpSets, SelectorSets} from './ip-sets.js';

/** Chain name → its rules, as iptables-restore accepts them after `-A <chain>`. */
export type Chains = ReadonlyMap<string, readonly string[]>;

export interface Firewall {
  readonly filter: Chains;
  readonly nat: Chains;
  /** The ipsets that the rules match. */
  readonly sets: IpSets;
}

/** Built-in chain → the cali-* chain that its first rule jumps to, as with Felix's ChainInsertMode "insert". */
export const ENTRIES = {
  filter: {INPUT: 'cali-INPUT', FORWARD: 'cali-FORWARD', OUTPUT: 'cali-OUTPUT'},
  nat: {POSTROUTING: 'cali-POSTROUTING'},
} as const;

/** The chains of one node: which packets may enter and leave its containers, and which are masqueraded. */
export function renderFirewall(node: string, snapshot: Snapshot): Firewall {
  const local = snapshot.endpoints.filter((endpoint) => endpoint.node === node);
  const sets = new SelectorSets();
  const workloads = workloadChains(local, snapshot, sets);
  return {
    sets: sets.members(snapshot),
    filter: new Map([
      ...staticChains({...snapshot.felix, ...snapshot.nodeFelix[node]}.DefaultEndpointToHostAction),
      ['cali-from-wl-dispatch', dispatch(local, '-i', 'cali-fw-')],
      ['cali-to-wl-dispatch', dispatch(local, '-o', 'cali-tw-')],
      ...workloads,
    ]),
    nat: new Map([
      ['cali-POSTROUTING', ['-j cali-nat-outgoing']],
      ['cali-nat-outgoing', natOutgoing(snapshot)],
    ]),
  };
}

function staticChains(endpointToHost = 'DROP'): [string, string[]][] {
  const action = ['ACCEPT', 'RETURN'].includes(endpointToHost.toUpperCase()) ? endpointToHost.toUpperCase() : 'DROP';
  return [
    ['cali-INPUT', ['-i cali+ -g cali-wl-to-host']],
    [
      'cali-wl-to-host',
      ['-j cali-from-wl-dispatch', `-m comment --comment "Configured DefaultEndpointToHostAction" -j ${action}`],
    ],
    [
      'cali-FORWARD',
      ['-i cali+ -j cali-from-wl-dispatch', '-o cali+ -j cali-to-wl-dispatch', '-i cali+ -j ACCEPT', '-o cali+ -j ACCEPT'],
    ],
    // Processes of the host may always connect to its own containers.
    ['cali-OUTPUT', ['-o cali+ -j RETURN']],
  ];
}

function dispatch(local: readonly Endpoint[], option: '-i' | '-o', prefix: string): string[] {
  return [
    ...local.map((endpoint) => `${option} ${endpoint.interfaceName} -g ${endpointChain(prefix, endpoint)}`),
    '-m comment --comment "Unknown interface" -j DROP',
  ];
}

function natOutgoing(snapshot: Snapshot): string[] {
  const sources = snapshot.pools.filter((pool) => pool.natOutgoing && !pool.disabled);
  if (sources.length === 0) return [];
  return [
    ...snapshot.pools.map((pool) => `-d ${pool.cidr} -j RETURN`),
    ...sources.map((pool) => `-s ${pool.cidr} -j MASQUERADE`),
  ];
}
