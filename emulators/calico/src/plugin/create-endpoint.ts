import {isEtcdError, NODE_EXISTS} from '../etcd/errors.js';
import {reasonOf} from '../log.js';
import {parseIpv4} from '../model/ipv4.js';
import {endpointKey} from '../model/keys.js';
import {createProfile, networkProfile} from '../model/profiles.js';
import {endpointRecord} from '../model/records.js';
import type {Endpoint} from '../model/types.js';
import type {NetworkDriverParts} from './network-driver-parts.js';
import {type Body, NoReplyError, PluginError, record, shortId, text} from './protocol.js';

/** The same for all containers. */
const CONTAINER_MAC = 'EE:EE:EE:EE:EE:EE';

/** Writes the record of an endpoint, and the network's profile unless it exists. */
export async function createEndpoint({etcd, environment, networkName}: NetworkDriverParts, body: Body): Promise<object> {
  const id = text(body, 'EndpointID');
  // Upstream dereferences it unchecked.
  if (body.Interface === undefined || body.Interface === null) throw new NoReplyError('the call has no Interface');
  const requested = record(body, 'Interface');
  const given = text(requested, 'Address');
  if (given === '' && text(requested, 'AddressIPv6') === '') throw new PluginError('No address assigned for endpoint');
  if (text(requested, 'AddressIPv6') !== '') throw new PluginError("IPv6 is not supported by the lab's Calico emulator");
  const address = /^([\d.]+)\/(?:\d|[12]\d|3[0-2])$/.exec(given)?.[1];
  if (address === undefined || parseIpv4(address) === undefined)
    throw new PluginError(`Parsing ${given} as CIDR failed: invalid CIDR address: ${given}`);
  const userMac = text(requested, 'MacAddress');
  if (userMac !== '' && !/^([\da-f]{2}[:-]){5}[\da-f]{2}$/i.test(userMac))
    throw new PluginError(`Error parsing MAC address: address ${userMac}: invalid MAC address`);
  const networkId = text(body, 'NetworkID');
  const network = await networkName(networkId).catch((error: unknown) => {
    throw new PluginError(`Network ${networkId} inspection error: ${reasonOf(error)}`);
  });
  if (environment.createsProfiles) await createProfile(etcd, networkProfile(network));
  // Last, so that an earlier failure leaves no incomplete endpoint.
  const endpoint = {
    node: environment.nodeName,
    id,
    interfaceName: `cali${shortId(id)}`,
    mac: (userMac || CONTAINER_MAC).toLowerCase().replaceAll('-', ':'),
    profiles: environment.createsProfiles ? [network] : [],
    nets: [`${address}/32`],
  };
  try {
    await etcd.create(endpointKey(endpoint.node, id), endpointRecord(endpoint));
  } catch (error) {
    const reason = isEtcdError(error, NODE_EXISTS)
      ? `resource already exists: ${endpointName(endpoint.node, id)}`
      : reasonOf(error);
    throw new PluginError(`Workload endpoints creation error, data: ${asGoPrints(endpoint)}: ${reason}`);
  }
  return {Interface: {Address: '', AddressIPv6: '', MacAddress: userMac === '' ? CONTAINER_MAC : ''}};
}

/** How Calico's error messages name the endpoint. */
export function endpointName(node: string, id: string): string {
  return `WorkloadEndpoint(node=${node}, orchestrator=libnetwork, workload=libnetwork, name=${id})`;
}

/** Go's `%+v` of the resource. */
function asGoPrints({node, id, interfaceName, mac, profiles, nets}: Omit<Endpoint, 'labels'>): string {
  return (
    '&{TypeMetadata:{Kind:workloadEndpoint APIVersion:v1} ' +
    `Metadata:{ObjectMetadata:{} Name:${id} Workload:libnetwork Orchestrator:libnetwork Node:${node} ActiveInstanceID: Labels:map[]} ` +
    `Spec:{IPNetworks:[${nets.join(' ')}] IPNATs:[] IPv4Gateway:<nil> IPv6Gateway:<nil> Profiles:[${profiles.join(' ')}] ` +
    `InterfaceName:${interfaceName} MAC:${mac}}}`
  );
}
