/** Calico's records in etcd, as far as the emulator supports them. */

export interface CalicoNode {
  readonly name: string;
  /** The address for BGP. */
  readonly address?: string;
  /** The network of that address, as `198.18.0.0/24`. */
  readonly network?: string;
  /** Set only where the node does not use the global AS number. */
  readonly asNumber?: string;
}

export interface Pool {
  readonly cidr: string;
  /** Whether traffic from the pool to elsewhere is masqueraded. */
  readonly natOutgoing: boolean;
  readonly disabled: boolean;
}

export interface Endpoint {
  readonly node: string;
  readonly id: string;
  /** The host's end of the veth pair, `cali…`. */
  readonly interfaceName: string;
  readonly mac: string;
  readonly profiles: readonly string[];
  /** Addresses with prefix, always /32. */
  readonly nets: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** An interface of a host. Its addresses are members of the sets of selectors. */
export interface HostEndpoint {
  readonly node: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly profiles: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** `next-tier` is the record's word for `pass`. */
export type RuleAction = 'allow' | 'deny' | 'log' | 'pass' | 'next-tier';

type Ports = readonly (number | string)[];

/** A rule in the flat form of the etcd records. All given fields must match; those with `!` must not. */
export interface Rule {
  readonly action: RuleAction;
  readonly ip_version?: number;
  readonly protocol?: string | number;
  readonly icmp_type?: number;
  readonly icmp_code?: number;
  readonly src_tag?: string;
  readonly src_net?: string;
  readonly src_nets?: readonly string[];
  readonly src_selector?: string;
  /** Port numbers, or ranges as `1000:2000`. */
  readonly src_ports?: Ports;
  readonly dst_tag?: string;
  readonly dst_net?: string;
  readonly dst_nets?: readonly string[];
  readonly dst_selector?: string;
  readonly dst_ports?: Ports;
  readonly '!protocol'?: string | number;
  readonly '!icmp_type'?: number;
  readonly '!icmp_code'?: number;
  readonly '!src_tag'?: string;
  readonly '!src_net'?: string;
  readonly '!src_nets'?: readonly string[];
  readonly '!src_selector'?: string;
  readonly '!src_ports'?: Ports;
  readonly '!dst_tag'?: string;
  readonly '!dst_net'?: string;
  readonly '!dst_nets'?: readonly string[];
  readonly '!dst_selector'?: string;
  readonly '!dst_ports'?: Ports;
}

export interface Profile {
  readonly name: string;
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Rules for traffic to the profile's endpoints. */
  readonly ingress: readonly Rule[];
  /** Rules for traffic from the profile's endpoints. */
  readonly egress: readonly Rule[];
}

export interface BgpPeer {
  readonly address: string;
  readonly asNumber: string;
}

/** What BIRD is configured with besides nodes and pools. */
export interface BgpSettings {
  /** Node → the blocks recorded as its own, which it announces. */
  readonly ownBlocks: Readonly<Record<string, readonly string[]>>;
  /** Peers of all nodes. */
  readonly globalPeers: readonly BgpPeer[];
  /** Node → its own peers. */
  readonly nodePeers: Readonly<Record<string, readonly BgpPeer[]>>;
  /** `info`, `debug` or `none`. */
  readonly logLevel: string;
  readonly nodeLogLevels: Readonly<Record<string, string>>;
  /** Statements of BIRD's filter language. */
  readonly customFilters: readonly string[];
}

/** Rules for all endpoints that a selector matches. */
export interface Policy {
  readonly name: string;
  /** Lower ones come first; one without an order comes last. */
  readonly order?: number;
  readonly selector: string;
  /** The directions of traffic to which it applies. */
  readonly types: readonly string[];
  readonly ingress: readonly Rule[];
  readonly egress: readonly Rule[];
  readonly isUntracked: boolean;
  readonly isPreDnat: boolean;
}

/** All of Calico's data that the emulator uses, from one read. */
export interface Snapshot {
  /** False where Calico is not initialised, as after a loss of etcd's data: then a missing record is no evidence. */
  readonly isReady: boolean;
  readonly nodes: readonly CalicoNode[];
  readonly pools: readonly Pool[];
  readonly profiles: readonly Profile[];
  readonly policies: readonly Policy[];
  readonly endpoints: readonly Endpoint[];
  readonly hostEndpoints: readonly HostEndpoint[];
  readonly bgp: BgpSettings;
  readonly asNumber: string;
  readonly isMeshEnabled: boolean;
  /** Felix's settings for all nodes, as DefaultEndpointToHostAction. */
  readonly felix: Readonly<Record<string, string>>;
  /** Node → its own settings of Felix, which override those for all nodes. */
  readonly nodeFelix: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A policy as etcd holds it. */
export interface PolicyRecord {
  readonly order?: number;
  readonly inbound_rules?: readonly Rule[];
  readonly outbound_rules?: readonly Rule[];
  readonly selector?: string;
  readonly untracked?: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly pre_dnat?: boolean;
  readonly types?: readonly string[];
}
