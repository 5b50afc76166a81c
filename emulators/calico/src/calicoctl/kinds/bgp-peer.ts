import {parseIp} from '../../model/ip.js';
import {bgpPeerKey} from '../../model/keys.js';
import {field, STRING, struct} from '../schema/type.js';
import type {Version} from '../version.js';
import {
  cell,
  type Kind,
  keysMatching,
  type Metadata,
  matches,
  NAME,
  parseRecord,
  type Resource,
  resource,
  type Values,
} from './kind.js';
import {AS_NUMBER, IP} from './scalars.js';

const GLOBAL = /^\/calico\/bgp\/v1\/global\/peer_v[46]\/([^/]+)$/;
const NODE = /^\/calico\/bgp\/v1\/host\/([^/]+)\/peer_v[46]\/([^/]+)$/;

/** A BGP peer outside of the mesh: of all nodes, or of one. */
export function bgpPeerKind(version: Version): Kind {
  const headings = ['SCOPE', 'PEERIP', 'NODE', 'ASN'];
  return {
    kind: 'bgpPeer',
    names: ['bgppeer', 'bgppeers', 'bgpp', 'bgpps', 'bp', 'bps'],
    metadata: struct('api.BGPPeerMetadata', [
      field('scope', STRING, {isAlwaysPrinted: true}),
      field('node', STRING),
      field('peerIP', IP, {isAlwaysPrinted: true}),
    ]),
    spec: struct('api.BGPPeerSpec', [field('asNumber', AS_NUMBER, {go: 'ASNumber', isAlwaysPrinted: true})]),
    headings: {narrow: headings, wide: headings},
    cells: {
      SCOPE: ({metadata}) => cell(metadata.scope),
      PEERIP: ({metadata}) => cell(metadata.peerIP),
      NODE: ({metadata}) => cell(metadata.node),
      ASN: ({spec}) => cell(spec.asNumber),
    },
    fromArguments({name, node, scope}) {
      const ip = parseIp(name);
      if (name !== '' && ip === undefined) throw new Error(`invalid IP address: ${name}`);
      if (!['', 'global', 'node'].includes(scope)) throw new Error(`Unrecognized scope '${scope}', must be one of: global, node`);
      return {peerIP: ip?.text, node, scope};
    },
    checkMetadata({scope, node}, problems) {
      problems.match('scope', scope, /^(global|node)$/);
      problems.match('node', node, NAME);
      if (version !== 'v1.2.0' && scope === 'global' && node)
        problems.add('Metadata.Node', node, 'no BGP Peer node name should be specified when scope is global');
    },
    check: () => undefined,
    missing: (metadata) => missing(metadata, version),
    identify: ({scope, node, peerIP}) => `BGPPeer(${scope === 'global' ? 'global' : `node=${node}`}, ip=${peerIP})`,
    exists: (values, metadata) => values.has(keyOf(metadata)),
    list: (values, {scope, node, peerIP}) => {
      const hasGlobal = scope === 'global' || (!scope && !node);
      const peers = [...(hasGlobal ? globalPeers(values) : []), ...(scope === 'global' ? [] : nodePeers(values))];
      return peers.filter((peer) => matches(peer.metadata, {peerIP, ...(scope === 'global' ? {} : {node})}));
    },
    async write(etcd, {metadata, spec}) {
      // a string: confd's templates would print a large number with an exponent
      await etcd.set(keyOf(metadata), JSON.stringify({ip: metadata.peerIP, as_num: String(spec.asNumber ?? 0)}));
    },
    async remove(etcd, metadata) {
      await etcd.delete(keyOf(metadata));
    },
  };
}

function missing({scope, node, peerIP}: Metadata, version: Version): string | undefined {
  if (version === 'v1.2.0' && !scope) return 'scope';
  if (!peerIP) return 'peerIP';
  return !scope || (scope !== 'global' && !node) ? 'node' : undefined;
}

function keyOf({scope, node, peerIP}: Metadata): string {
  const ip = parseIp(String(peerIP));
  return bgpPeerKey(scope === 'global' ? undefined : String(node), ip?.version ?? 4, ip?.text ?? '');
}

function globalPeers(values: Values): Resource[] {
  return keysMatching(values, GLOBAL).map(({names: [peerIP], value}) => peer({scope: 'global', peerIP}, value));
}

function nodePeers(values: Values): Resource[] {
  return keysMatching(values, NODE).map(({names: [node, peerIP], value}) => peer({scope: 'node', node, peerIP}, value));
}

function peer(metadata: Metadata, value: string): Resource {
  const record = parseRecord<{as_num?: string | number}>(value);
  return resource('bgpPeer', metadata, {asNumber: Number(record?.as_num ?? 0)});
}
