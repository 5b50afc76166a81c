import type {EtcdNode} from '../etcd/client.js';
import {parseBgp} from './bgp.js';
import * as keys from './keys.js';
import type {CalicoNode, Endpoint, HostEndpoint, Policy, PolicyRecord, Pool, Profile, Rule, Snapshot} from './types.js';

export const DEFAULT_AS_NUMBER = '64512';

/** All keys below a node of an etcd tree, as key → value. */
export function flatten(root: EtcdNode | undefined, into = new Map<string, string>()): Map<string, string> {
  if (root === undefined) return into;
  if (root.dir !== true && root.value !== undefined) into.set(root.key, root.value);
  for (const child of root.nodes ?? []) flatten(child, into);
  return into;
}

/** Parses the tree of /calico. Invalid records are left out: one of them must not affect the traffic of the others. */
export function parseSnapshot(tree: EtcdNode | undefined): Snapshot {
  const values = flatten(tree);
  return {
    isReady: values.get(keys.READY) === 'true',
    nodes: parseNodes(values),
    pools: parsePools(values),
    profiles: parseProfiles(values),
    policies: parsePolicies(values),
    endpoints: parseEndpoints(values),
    hostEndpoints: parseHostEndpoints(values),
    bgp: parseBgp(values),
    asNumber: values.get(keys.BGP_AS_NUMBER) ?? DEFAULT_AS_NUMBER,
    isMeshEnabled: parseJson<{enabled?: boolean}>(values.get(keys.BGP_NODE_MESH))?.enabled ?? true,
    felix: Object.fromEntries(below(values, keys.FELIX_CONFIG).map(([[name = ''], value]) => [name, value])),
    nodeFelix: parseNodeFelix(values),
  };
}

function parseNodeFelix(values: ReadonlyMap<string, string>): Record<string, Record<string, string>> {
  const all: Record<string, Record<string, string>> = {};
  for (const [[node = '', kind, name = ''], value] of below(values, keys.HOSTS)) {
    if (kind === 'config') all[node] = {...all[node], [name]: value};
  }
  return all;
}

function parseJson<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** The entries below `prefix`, each with the rest of its path split. */
function below(values: ReadonlyMap<string, string>, prefix: string): [string[], string][] {
  return [...values]
    .filter(([key]) => key.startsWith(`${prefix}/`))
    .map(([key, value]) => [key.slice(prefix.length + 1).split('/'), value]);
}

function parseNodes(values: ReadonlyMap<string, string>): CalicoNode[] {
  const names = new Set<string>();
  for (const [[name = '', leaf]] of below(values, keys.HOSTS)) if (leaf === 'metadata') names.add(name);
  for (const [[name = '']] of below(values, keys.BGP_HOSTS)) names.add(name);
  return [...names].sort().map((name) => {
    const of = (leaf: string) => values.get(`${keys.BGP_HOSTS}/${name}/${leaf}`) || undefined;
    const [address, network, asNumber] = [of('ip_addr_v4'), of('network_v4'), of('as_num')];
    return {
      name,
      ...(address === undefined ? {} : {address}),
      ...(network === undefined ? {} : {network}),
      ...(asNumber === undefined ? {} : {asNumber}),
    };
  });
}

function parsePools(values: ReadonlyMap<string, string>): Pool[] {
  return below(values, keys.POOLS).flatMap(([, value]) => {
    const pool = parseJson<{cidr?: string; masquerade?: boolean; disabled?: boolean}>(value);
    if (pool?.cidr === undefined) return [];
    return [{cidr: pool.cidr, natOutgoing: pool.masquerade ?? false, disabled: pool.disabled ?? false}];
  });
}

function parseProfiles(values: ReadonlyMap<string, string>): Profile[] {
  const names = new Set(below(values, keys.PROFILES).map(([[name = '']]) => keys.unescapeName(name)));
  return [...names].sort().map((name) => {
    const of = (leaf: string) => values.get(`${keys.profileKey(name)}/${leaf}`);
    const rules = parseJson<{inbound_rules?: Rule[]; outbound_rules?: Rule[]}>(of('rules'));
    return {
      name,
      tags: parseJson<string[]>(of('tags')) ?? [],
      labels: parseJson<Record<string, string>>(of('labels')) ?? {},
      ingress: rules?.inbound_rules ?? [],
      egress: rules?.outbound_rules ?? [],
    };
  });
}

function parsePolicies(values: ReadonlyMap<string, string>): Policy[] {
  return below(values, keys.POLICIES).flatMap(([[name = ''], value]) => {
    const record = parseJson<PolicyRecord>(value);
    if (record === undefined || record === null) return [];
    return [
      {
        name: keys.unescapeName(name),
        ...(typeof record.order === 'number' ? {order: record.order} : {}),
        selector: record.selector ?? '',
        // calicoctl before v1.3 wrote none: its policies apply to both directions
        types: (record.types ?? []).length > 0 ? record.types! : ['ingress', 'egress'],
        ingress: record.inbound_rules ?? [],
        egress: record.outbound_rules ?? [],
        isUntracked: record.untracked ?? false,
        isPreDnat: record.pre_dnat ?? false,
      },
    ];
  });
}

interface HostEndpointRecord {
  readonly expected_ipv4_addrs?: readonly string[];
  readonly profile_ids?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

function parseHostEndpoints(values: ReadonlyMap<string, string>): HostEndpoint[] {
  return below(values, keys.HOSTS).flatMap(([[node = '', kind, name = '', more], value]) => {
    const record = kind === 'endpoint' && more === undefined ? parseJson<HostEndpointRecord>(value) : undefined;
    if (record === undefined || record === null) return [];
    const {expected_ipv4_addrs: addresses = [], profile_ids: profiles = [], labels = {}} = record;
    return [{node, name: keys.unescapeName(name), addresses, profiles, labels}];
  });
}

interface EndpointRecord {
  readonly name?: string;
  readonly mac?: string | null;
  readonly profile_ids?: readonly string[] | null;
  readonly ipv4_nets?: readonly string[] | null;
  readonly labels?: Readonly<Record<string, string>>;
}

function parseEndpoints(values: ReadonlyMap<string, string>): Endpoint[] {
  return below(values, keys.HOSTS).flatMap(([path, value]) => {
    const [node = '', kind, , , leaf, id = ''] = path;
    if (kind !== 'workload' || leaf !== 'endpoint') return [];
    const record = parseJson<EndpointRecord>(value);
    if (record?.name === undefined) return [];
    return [
      {
        node,
        id,
        interfaceName: record.name,
        mac: record.mac ?? 'ee:ee:ee:ee:ee:ee',
        profiles: record.profile_ids ?? [],
        nets: record.ipv4_nets ?? [],
        ...(record.labels === undefined ? {} : {labels: record.labels}),
      },
    ];
  });
}
