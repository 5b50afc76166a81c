/** The keys of Calico (data model v1, IPAM v2) and Docker in etcd v2. */
import {cidrKey} from './ipv4.js';

export const CALICO = '/calico';
export const READY = '/calico/v1/Ready';
export const HOSTS = '/calico/v1/host';
export const BGP_HOSTS = '/calico/bgp/v1/host';
export const BGP_GLOBAL = '/calico/bgp/v1/global';
export const BGP_NODE_MESH = '/calico/bgp/v1/global/node_mesh';
export const BGP_AS_NUMBER = '/calico/bgp/v1/global/as_num';
export const POOLS = '/calico/v1/ipam/v4/pool';
export const PROFILES = '/calico/v1/policy/profile';
export const POLICIES = '/calico/v1/policy/tier/default/policy';
export const FELIX_CONFIG = '/calico/v1/config';
export const IPAM_BLOCKS = '/calico/ipam/v2/assignment/ipv4/block';
export const IPAM_HOSTS = '/calico/ipam/v2/host';

/** The endpoints of the libnetwork plugin: orchestrator and workload are both `libnetwork`. */
export function endpointsKey(node: string): string {
  return `${HOSTS}/${node}/workload/libnetwork/libnetwork/endpoint`;
}

export function endpointKey(node: string, endpointId: string): string {
  return `${endpointsKey(node)}/${endpointId}`;
}

export function poolKey(cidr: string): string {
  return `${POOLS}/${cidrKey(cidr)}`;
}

/** A name as it is in a key: a slash would start another level of the tree. */
export function escapeName(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('/', '%2f');
}

export function unescapeName(name: string): string {
  return name.replaceAll(/%2f/gi, '/').replaceAll('%25', '%');
}

export function profileKey(name: string): string {
  return `${PROFILES}/${escapeName(name)}`;
}

export function policyKey(name: string): string {
  return `${POLICIES}/${escapeName(name)}`;
}

export function hostEndpointKey(node: string, name: string): string {
  return `${HOSTS}/${node}/endpoint/${escapeName(name)}`;
}

/** The endpoint of any orchestrator. */
export function workloadEndpointKey(node: string, orchestrator: string, workload: string, name: string): string {
  return `${HOSTS}/${node}/workload/${[orchestrator, workload].map(escapeName).join('/')}/endpoint/${escapeName(name)}`;
}

/** The BGP peer of one node, or of all. */
export function bgpPeerKey(node: string | undefined, version: 4 | 6, address: string): string {
  return `${node === undefined ? BGP_GLOBAL : `${BGP_HOSTS}/${node}`}/peer_v${version}/${address}`;
}

/** A setting of Felix for one node. */
export function nodeFelixKey(node: string, setting: string): string {
  return `${HOSTS}/${node}/config/${setting}`;
}

export function blockKey(cidr: string): string {
  return `${IPAM_BLOCKS}/${cidrKey(cidr)}`;
}

export function affinitiesKey(node: string): string {
  return `${IPAM_HOSTS}/${node}/ipv4/block`;
}

export function affinityKey(node: string, cidr: string): string {
  return `${affinitiesKey(node)}/${cidrKey(cidr)}`;
}
