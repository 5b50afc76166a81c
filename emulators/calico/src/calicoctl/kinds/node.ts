import {randomBytes} from 'node:crypto';
import type {EtcdClient} from '../../etcd/client.js';
import {isEtcdError, NODE_EXISTS} from '../../etcd/errors.js';
import {Ipam} from '../../ipam/ipam.js';
import {BlockStore} from '../../ipam/store.js';
import {parseNet} from '../../model/ip.js';
import {parseIpv4} from '../../model/ipv4.js';
import {BGP_AS_NUMBER, BGP_HOSTS, FELIX_CONFIG, HOSTS, IPAM_HOSTS, READY} from '../../model/keys.js';
import {DEFAULT_AS_NUMBER} from '../../model/snapshot.js';
import type {Problems} from '../schema/problems.js';
import {field, listOf, STRING, struct} from '../schema/type.js';
import type {Version} from '../version.js';
import {cell, firstMissing, type Kind, NAME, parseRecord, type Resource, resource, type Values} from './kind.js';
import {AS_NUMBER, NET} from './scalars.js';
import {WORKLOAD_ENDPOINT} from './workload-endpoint.js';

interface Bgp {
  readonly ipv4Address?: string;
  readonly ipv6Address?: string;
  readonly asNumber?: number;
}

interface OrchRef {
  readonly nodeName?: string;
  readonly orchestrator?: string;
}

export function nodeKind(version: Version): Kind {
  const bgp = struct('api.NodeBGPSpec', [
    field('asNumber', AS_NUMBER, {go: 'ASNumber', isPointer: true}),
    field('ipv4Address', NET, {go: 'IPv4Address', isPointer: true}),
    field('ipv6Address', NET, {go: 'IPv6Address', isPointer: true}),
  ]);
  const orchRef = struct('api.OrchRef', [field('nodeName', STRING), field('orchestrator', STRING, {isAlwaysPrinted: true})]);
  return {
    kind: 'node',
    names: ['node', 'nodes', 'no', 'nos'],
    metadata: struct('api.NodeMetadata', [field('name', STRING)]),
    spec: struct('api.NodeSpec', [
      field('bgp', bgp, {go: 'BGP', isPointer: true}),
      ...(version === 'v1.2.0' ? [] : [field('orchRefs', listOf(orchRef))]),
    ]),
    headings: {narrow: ['NAME'], wide: ['NAME', 'ASN', 'IPV4', 'IPV6']},
    cells: {
      NAME: ({metadata}) => String(metadata.name),
      ASN: ({spec}, values) =>
        spec.bgp === undefined ? '' : String((spec.bgp as Bgp).asNumber ?? `(${values.get(BGP_AS_NUMBER) ?? DEFAULT_AS_NUMBER})`),
      IPV4: ({spec}) => cell((spec.bgp as Bgp | undefined)?.ipv4Address),
      IPV6: ({spec}) => cell((spec.bgp as Bgp | undefined)?.ipv6Address),
    },
    fromArguments: ({name}) => ({name}),
    checkMetadata: ({name}, problems) => problems.match('name', name, NAME),
    check: ({spec}, problems) => checkBgp(spec.bgp as Bgp | undefined, problems),
    missing: (metadata) => firstMissing(metadata, ['name']),
    identify: ({name}) => `Node(name=${name})`,
    exists: (values, {name}) => [...values.keys()].some((key) => key.startsWith(`${HOSTS}/${name}/`)),
    list(values, {name}) {
      if (!name) return nodeNames(values).map((one) => fromValues(one, values, version));
      // the one kind whose missing resource is an error of `get`
      if (!values.has(`${HOSTS}/${name}/metadata`)) throw new Error(`resource does not exist: Node(name=${name})`);
      return [fromValues(String(name), values, version)];
    },
    write: (etcd, node) => writeNode(etcd, String(node.metadata.name), node),
    remove: (etcd, {name}, values) => removeNode(etcd, String(name), values),
  };
}

function checkBgp(bgp: Bgp | undefined, problems: Problems): void {
  if (bgp === undefined) return;
  if (bgp.ipv4Address === undefined && bgp.ipv6Address === undefined)
    problems.add('BGP.IPv4Address', undefined, 'no BGP IP address and subnet specified');
  for (const version of [4, 6] as const) {
    const net = bgp[`ipv${version}Address`];
    if (net !== undefined && parseNet(net)?.version !== version)
      problems.add(`BGP.IPv${version}Address`, net, `invalid IPv${version} address and subnet specified`);
  }
}

function nodeNames(values: Values): string[] {
  const names = [...values.keys()]
    .filter((key) => key.startsWith(`${HOSTS}/`))
    .map((key) => key.slice(HOSTS.length + 1).split('/')[0]);
  return [...new Set(names.map(String))].sort();
}

function fromValues(name: string, values: Values, version: Version): Resource {
  const of = (leaf: string) => values.get(`${BGP_HOSTS}/${name}/${leaf}`) || undefined;
  const net = (ip: 4 | 6) => {
    const address = of(`ip_addr_v${ip}`);
    const bits = of(`network_v${ip}`)?.split('/')[1];
    return address === undefined ? undefined : parseNet(bits === undefined ? address : `${address}/${bits}`)?.text;
  };
  const [ipv4Address, ipv6Address, asNumber] = [net(4), net(6), of('as_num')];
  const hasBgp = ipv4Address !== undefined || ipv6Address !== undefined;
  const bgp = {
    ...(asNumber === undefined ? {} : {asNumber: Number(asNumber)}),
    ...(ipv4Address === undefined ? {} : {ipv4Address}),
    ...(ipv6Address === undefined ? {} : {ipv6Address}),
  };
  const orchRefs = version === 'v1.2.0' ? undefined : parseRecord<OrchRef[]>(values.get(`${HOSTS}/${name}/orchestrator_refs`));
  return resource('node', {name}, {bgp: hasBgp ? bgp : undefined, orchRefs});
}

/** Writes the records of a node's addresses, and removes those of what it no longer has. */
async function writeNode(etcd: EtcdClient, name: string, {spec}: Resource): Promise<void> {
  const {asNumber, ...addresses} = (spec.bgp ?? {}) as Bgp;
  const [ipv4, ipv6] = ([4, 6] as const).map((version) => parseNet(addresses[`ipv${version}Address`] ?? ''));
  const orchRefs = (spec.orchRefs ?? []) as readonly OrchRef[];
  // the first node initialises the datastore
  await createOnly(etcd, READY, 'true');
  await createOnly(etcd, `${FELIX_CONFIG}/ClusterGUID`, randomBytes(16).toString('hex'));
  await etcd.set(`${HOSTS}/${name}/metadata`, '{}');
  await etcd.set(`${BGP_HOSTS}/${name}/ip_addr_v4`, ipv4?.address ?? '');
  await etcd.set(`${BGP_HOSTS}/${name}/ip_addr_v6`, ipv6?.address ?? '');
  await setOrDelete(etcd, `${HOSTS}/${name}/bird_ip`, ipv4?.address);
  await setOrDelete(etcd, `${BGP_HOSTS}/${name}/as_num`, asNumber === undefined ? undefined : String(asNumber));
  await setOrDelete(etcd, `${BGP_HOSTS}/${name}/network_v4`, ipv4?.masked);
  await setOrDelete(etcd, `${BGP_HOSTS}/${name}/network_v6`, ipv6?.masked);
  if (orchRefs.length > 0) {
    const record = orchRefs.map(({orchestrator, nodeName}) => ({orchestrator, nodeName}));
    await etcd.set(`${HOSTS}/${name}/orchestrator_refs`, JSON.stringify(record));
  }
}

async function createOnly(etcd: EtcdClient, key: string, value: string): Promise<void> {
  await etcd.create(key, value).catch((error: unknown) => {
    if (!isEtcdError(error, NODE_EXISTS)) throw error;
  });
}

async function setOrDelete(etcd: EtcdClient, key: string, value: string | undefined): Promise<void> {
  if (value === undefined) await etcd.delete(key);
  else await etcd.set(key, value);
}

/** Removes a node with its endpoints, and releases their addresses and the node's blocks. Its peers end their sessions. */
async function removeNode(etcd: EtcdClient, name: string, values: Values): Promise<void> {
  const ipam = new Ipam(new BlockStore(etcd));
  const endpoints = [...values].filter(([key]) => WORKLOAD_ENDPOINT.exec(key)?.[1] === name);
  const nets = endpoints.flatMap(([, value]) => parseRecord<{ipv4_nets?: readonly string[]}>(value)?.ipv4_nets ?? []);
  for (const address of nets.map((net) => net.split('/')[0] ?? '')) {
    if (parseIpv4(address) !== undefined) await ipam.releaseAddress(address);
  }
  await ipam.releaseNode(name);
  for (const tree of [BGP_HOSTS, IPAM_HOSTS, HOSTS]) await etcd.delete(`${tree}/${name}`, {recursive: true});
}
