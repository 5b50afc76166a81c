/** Calico's records below /calico/bgp/v1, and the blocks that BIRD announces, parsed. */
import {BGP_GLOBAL, BGP_HOSTS, IPAM_HOSTS} from './keys.js';
import type {BgpPeer, BgpSettings} from './types.js';

/** Parses the settings of BIRD from all values of etcd, by key. */
export function parseBgp(values: ReadonlyMap<string, string>): BgpSettings {
  const ownBlocks: Record<string, string[]> = {};
  const nodePeers: Record<string, BgpPeer[]> = {};
  const nodeLogLevels: Record<string, string> = {};
  const globalPeers: BgpPeer[] = [];
  const customFilters: string[] = [];
  for (const [key, value] of [...values].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [, blocksOf, block] = match(key, IPAM_HOSTS, /^([^/]+)\/ipv4\/block\/([^/]+)$/);
    if (blocksOf !== undefined && block !== undefined)
      ownBlocks[blocksOf] = [...(ownBlocks[blocksOf] ?? []), block.replace('-', '/')];
    const [, node, leaf, address] = match(key, BGP_HOSTS, /^([^/]+)\/(loglevel|peer_v4)(?:\/([^/]+))?$/);
    if (node !== undefined && leaf === 'loglevel') nodeLogLevels[node] = value;
    if (node !== undefined && address !== undefined) nodePeers[node] = [...(nodePeers[node] ?? []), ...parsePeer(value)];
    if (match(key, BGP_GLOBAL, /^peer_v4\/[^/]+$/).length > 0) globalPeers.push(...parsePeer(value));
    if (match(key, BGP_GLOBAL, /^custom_filters\/v4\/[^/]+$/).length > 0) customFilters.push(value);
  }
  return {
    ownBlocks,
    nodePeers,
    nodeLogLevels,
    globalPeers,
    customFilters,
    logLevel: values.get(`${BGP_GLOBAL}/loglevel`) ?? 'info',
  };
}

function match(key: string, prefix: string, pattern: RegExp): readonly (string | undefined)[] {
  return key.startsWith(`${prefix}/`) ? (pattern.exec(key.slice(prefix.length + 1)) ?? []) : [];
}

function parsePeer(text: string): BgpPeer[] {
  try {
    const {ip, as_num: asNumber} = JSON.parse(text) as {ip?: string; as_num?: string | number};
    return ip === undefined || asNumber === undefined ? [] : [{address: ip, asNumber: String(asNumber)}];
  } catch {
    return [];
  }
}
