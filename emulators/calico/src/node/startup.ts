import {randomBytes} from 'node:crypto';
import type {EtcdClient} from '../etcd/client.js';
import {isEtcdError, NODE_EXISTS} from '../etcd/errors.js';
import * as keys from '../model/keys.js';
import {poolRecord} from '../model/records.js';
import {DEFAULT_AS_NUMBER, parseSnapshot} from '../model/snapshot.js';
import type {NodeEnvironment} from './environment.js';

/** The version of Calico that the emulator stands for. */
const CALICO_VERSION = 'v2.6.12';

/** A node cannot start because of another node's record. */
export class NodeConflictError extends Error {}

/**
 * Writes the node's records, as the start-up program of Calico's node container does at each start. `print` gets its output by lines.
 * @throws NodeConflictError when another node has the address; EtcdUnavailableError
 */
export async function registerNode(etcd: EtcdClient, environment: NodeEnvironment, print: (line: string) => void): Promise<void> {
  const {nodeName, address, network} = environment;
  const before = parseSnapshot((await etcd.get(keys.CALICO, {recursive: true}))?.node);
  const other = before.nodes.find((node) => node.name !== nodeName && node.address === address);
  if (other !== undefined)
    throw new NodeConflictError(`Calico node '${other.name}' is already using the IPv4 address ${address}.`);
  const own = before.nodes.find((node) => node.name === nodeName);
  if (own?.address !== undefined && own.address !== address) {
    print('IPv4 address has changed. This could happen if there are multiple nodes with the same name.');
  }
  const asNumber = environment.asNumber ?? own?.asNumber;
  if (asNumber === undefined) print('No AS number configured on node resource, using global value');
  else print(`Using AS number ${asNumber}`);

  await Promise.all([
    setIfChanged(etcd, `${keys.BGP_HOSTS}/${nodeName}/network_v4`, network),
    setIfChanged(etcd, `${keys.BGP_HOSTS}/${nodeName}/ip_addr_v6`, ''),
    setIfChanged(etcd, `${keys.HOSTS}/${nodeName}/metadata`, '{}'),
    setIfChanged(etcd, `${keys.HOSTS}/${nodeName}/bird_ip`, address),
    ...(asNumber === undefined ? [] : [setIfChanged(etcd, `${keys.BGP_HOSTS}/${nodeName}/as_num`, asNumber)]),
  ]);
  // Last of the node's keys: from here on the peers connect to it.
  await setIfChanged(etcd, `${keys.BGP_HOSTS}/${nodeName}/ip_addr_v4`, address);

  if (before.pools.length === 0 && environment.hasDefaultPools) await createDefaultPool(etcd, print);
  await writeDefaults(etcd, nodeName);
  await setIfChanged(etcd, keys.READY, 'true');
  print(`Using node name: ${nodeName}`);
}

/** The settings that upstream writes where they are missing, and the directories that its confd watches. */
async function writeDefaults(etcd: EtcdClient, nodeName: string): Promise<void> {
  await Promise.all([
    createOnly(etcd, `${keys.FELIX_CONFIG}/ClusterGUID`, randomBytes(16).toString('hex')),
    createOnly(etcd, `${keys.FELIX_CONFIG}/LogSeverityScreen`, 'info'),
    createOnly(etcd, `${keys.FELIX_CONFIG}/ReportingIntervalSecs`, '0'),
    setIfChanged(etcd, `${keys.FELIX_CONFIG}/CalicoVersion`, CALICO_VERSION),
    // Felix's own default is DROP: without this no container could connect to its own node.
    createOnly(etcd, keys.nodeFelixKey(nodeName, 'DefaultEndpointToHostAction'), 'RETURN'),
    createOnly(etcd, keys.BGP_NODE_MESH, '{"enabled": true}'),
    createOnly(etcd, keys.BGP_AS_NUMBER, DEFAULT_AS_NUMBER),
    createOnly(etcd, `${keys.BGP_GLOBAL}/loglevel`, 'info'),
    ...[
      keys.POOLS,
      '/calico/v1/ipam/v6/pool',
      `${keys.BGP_GLOBAL}/custom_filters/v4`,
      `${keys.BGP_GLOBAL}/custom_filters/v6`,
      `${keys.BGP_GLOBAL}/peer_v4`,
      `${keys.BGP_HOSTS}/${nodeName}/peer_v4`,
      '/calico/v1/policy/tier/default',
      keys.affinitiesKey(nodeName),
      `${keys.IPAM_HOSTS}/${nodeName}/ipv6/block`,
    ].map((directory) => etcd.ensureDirectory(directory)),
  ]);
}

async function createDefaultPool(etcd: EtcdClient, print: (line: string) => void): Promise<void> {
  const pool = {cidr: '192.168.0.0/16', natOutgoing: true, disabled: false};
  if (await createOnly(etcd, keys.poolKey(pool.cidr), poolRecord(pool))) {
    print(`Created default IPv4 pool (${pool.cidr}) with NAT outgoing enabled. IPIP mode: off`);
  }
}

/** Returns false when the key exists: another node was faster. */
async function createOnly(etcd: EtcdClient, key: string, value: string): Promise<boolean> {
  try {
    await etcd.create(key, value);
    return true;
  } catch (error) {
    if (isEtcdError(error, NODE_EXISTS)) return false;
    throw error;
  }
}

/** Skips writes that change nothing: each write wakes every agent of the cluster. */
async function setIfChanged(etcd: EtcdClient, key: string, value: string): Promise<void> {
  if ((await etcd.get(key))?.node.value !== value) await etcd.set(key, value);
}
