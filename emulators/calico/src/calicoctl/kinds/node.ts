import type {EtcdClient} from '../../etcd/client.js';
import {Ipam} from '../../ipam/ipam.js';
import {BlockStore} from '../../ipam/store.js';
import {formatCidr, parseCidr, parseIpv4} from '../../model/ipv4.js';
import {BGP_HOSTS, HOSTS, IPAM_HOSTS} from '../../model/keys.js';
import type {CalicoNode, Snapshot} from '../../model/types.js';
import {matches, type Resource, type ResourceKind, rejectUnknown} from './kind.js';

interface Bgp {
  readonly ipv4Address?: string;
  readonly asNumber?: number | string;
}

export const nodeKind: ResourceKind = {
  kind: 'node',
  names: ['node', 'nodes', 'no', 'nos'],
  nameField: 'name',
  headings: {narrow: ['NAME'], wide: ['NAME', 'ASN', 'IPV4', 'IPV6']},
  identify: (metadata) => `Node(name=${metadata.name})`,
  list: (snapshot, filter) => snapshot.nodes.map(toResource).filter((node) => matches(node.metadata, filter)),
  cells({metadata, spec}, snapshot) {
    const bgp = (spec.bgp ?? {}) as Bgp;
    return {
      NAME: String(metadata.name),
      ASN: String(bgp.asNumber ?? `(${snapshot.asNumber})`),
      IPV4: bgp.ipv4Address ?? '',
      IPV6: '',
    };
  },
  check({metadata, spec}) {
    rejectUnknown('node.metadata', metadata, ['name']);
    rejectUnknown('node.spec', spec, ['bgp']);
    const bgp = (spec.bgp ?? {}) as Bgp;
    rejectUnknown('node.spec.bgp', bgp, ['ipv4Address', 'asNumber']);
    if (!/^[a-zA-Z0-9_.-]{1,128}$/.test(String(metadata.name)))
      throw new Error(`node.metadata.name: invalid name '${metadata.name}'`);
    if (bgp.ipv4Address !== undefined && parseCidr(bgp.ipv4Address) === undefined)
      throw new Error(`invalid CIDR address: ${bgp.ipv4Address}`);
  },
  async write(etcd, {metadata, spec}) {
    const name = String(metadata.name);
    const bgp = (spec.bgp ?? {}) as Bgp;
    const address = bgp.ipv4Address?.split('/')[0] ?? '';
    const network = bgp.ipv4Address?.includes('/') ? formatCidr(parseCidr(bgp.ipv4Address)!) : '';
    await etcd.set(`${HOSTS}/${name}/metadata`, '{}');
    await etcd.set(`${HOSTS}/${name}/bird_ip`, address);
    await etcd.set(`${BGP_HOSTS}/${name}/network_v4`, network);
    if (bgp.asNumber !== undefined) await etcd.set(`${BGP_HOSTS}/${name}/as_num`, String(bgp.asNumber));
    await etcd.set(`${BGP_HOSTS}/${name}/ip_addr_v4`, address);
  },
  remove: (etcd, {name}, snapshot) => removeNode(etcd, String(name), snapshot),
};

/** Removes a node with its endpoints, and releases their addresses and the node's blocks. Its peers end their sessions. */
async function removeNode(etcd: EtcdClient, name: string, snapshot: Snapshot): Promise<void> {
  const ipam = new Ipam(new BlockStore(etcd));
  const nets = snapshot.endpoints.filter((endpoint) => endpoint.node === name).flatMap((endpoint) => endpoint.nets);
  for (const address of nets.map((net) => net.split('/')[0] ?? '')) {
    if (parseIpv4(address) !== undefined) await ipam.releaseAddress(address);
  }
  await ipam.releaseNode(name);
  for (const tree of [BGP_HOSTS, IPAM_HOSTS, HOSTS]) await etcd.delete(`${tree}/${name}`, {recursive: true});
}

function toResource(node: CalicoNode): Resource {
  const bits = node.network?.split('/')[1];
  return {
    apiVersion: 'v1',
    kind: 'node',
    metadata: {name: node.name},
    spec: {
      bgp: {
        ...(node.asNumber === undefined ? {} : {asNumber: Number(node.asNumber)}),
        ...(node.address === undefined ? {} : {ipv4Address: bits === undefined ? node.address : `${node.address}/${bits}`}),
      },
    },
  };
}
