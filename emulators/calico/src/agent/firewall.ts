import type {Endpoint, Snapshot} from '../model/types.js';
import {dispatchChains} from './dispatch-chains.js';
import {endpointChain, workloadChains} from './endpoint-chains.js';
import {ALL_HOSTS, type IpSets, SelectorSets} from './ip-sets.js';
import {hostEndpointChains, staticFilterChains, staticMangleChains, staticNatChains, staticRawChains} from './static-chains.js';
import type {Tables} from './tables.js';

export interface Firewall {
  readonly ipv4: Tables;
  readonly ipv6: Tables;
  /** The ipsets that the rules of IPv4 match. */
  readonly sets: IpSets;
}

/** The chains of one node: which packets may enter and leave its containers, and which are masqueraded. */
export function renderFirewall(node: string, snapshot: Snapshot): Firewall {
  const local = snapshot.endpoints.filter((endpoint) => endpoint.node === node);
  const sets = new SelectorSets();
  const {DefaultEndpointToHostAction: toHost} = {...snapshot.felix, ...snapshot.nodeFelix[node]};
  return {
    ipv4: {
      filter: new Map([
        ...staticFilterChains(4, toHost),
        ...hostEndpointChains('filter'),
        ...dispatch(local),
        ...workloadChains(local, snapshot, sets),
      ]),
      nat: new Map([...staticNatChains(), ['cali-nat-outgoing', natOutgoing(snapshot)]]),
      mangle: new Map([...staticMangleChains(), ...hostEndpointChains('mangle')]),
      raw: new Map([...staticRawChains(4), ...hostEndpointChains('raw')]),
    },
    // Containers have no IPv6 addresses: everything of them is dropped here.
    ipv6: {
      filter: new Map([...staticFilterChains(6, toHost), ...hostEndpointChains('filter'), ...dispatch([])]),
      nat: new Map([...staticNatChains(), ['cali-nat-outgoing', []]]),
      mangle: new Map([...staticMangleChains(), ...hostEndpointChains('mangle')]),
      raw: new Map([...staticRawChains(6), ...hostEndpointChains('raw')]),
    },
    // after all rules, which add the sets that they need
    sets: new Map([...sets.members(snapshot), ...fixedSets(snapshot)]),
  };
}

function dispatch(local: readonly Endpoint[]): [string, string[]][] {
  const names = local.map((endpoint) => endpoint.interfaceName);
  const chainOf = (prefix: string) => (name: string) => endpointChain(prefix, {interfaceName: name});
  return [
    ...dispatchChains('cali-from-wl-dispatch', '--in-interface', names, chainOf('cali-fw-')),
    ...dispatchChains('cali-to-wl-dispatch', '--out-interface', names, chainOf('cali-tw-')),
  ];
}

/** Sets of networks, with Felix's names. */
const ALL_POOLS = 'cali4-all-ipam-pools';
const MASQUERADED_POOLS = 'cali4-masq-ipam-pools';

/** Packets that leave the pools get the node's address, also of disabled pools: these only have no new addresses. */
function natOutgoing(snapshot: Snapshot): string[] {
  if (!snapshot.pools.some((pool) => pool.natOutgoing)) return [];
  return [`-m set --match-set ${MASQUERADED_POOLS} src -m set ! --match-set ${ALL_POOLS} dst --jump MASQUERADE`];
}

function fixedSets({pools, nodes}: Snapshot): [string, string[]][] {
  return [
    [ALL_POOLS, pools.map((pool) => pool.cidr)],
    [MASQUERADED_POOLS, pools.filter((pool) => pool.natOutgoing).map((pool) => pool.cidr)],
    [ALL_HOSTS, nodes.flatMap((node) => node.address ?? [])],
  ];
}
