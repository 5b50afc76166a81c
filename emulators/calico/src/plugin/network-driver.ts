import type {EtcdClient} from '../etcd/client.js';
import {isEtcdError, NODE_EXISTS} from '../etcd/errors.js';
import {reasonOf} from '../log.js';
import {parseIpv4} from '../model/ipv4.js';
import {DOCKER_NETWORKS, endpointKey} from '../model/keys.js';
import {createProfile, networkProfile} from '../model/profiles.js';
import {endpointRecord} from '../model/records.js';
import type {NodeEnvironment} from '../node/environment.js';
import type {Run} from '../process.js';
import {type Body, type Handlers, PluginError, record, records, shortId, text} from './protocol.js';
import {createVeth, deleteVeth} from './veth.js';

/** The same for all containers. No interface has the gateway's address: the host replies to ARP requests for it (proxy ARP). */
const CONTAINER_MAC = 'EE:EE:EE:EE:EE:EE';
const GATEWAY = '169.254.1.1';

/** The NetworkDriver calls. Error texts: libnetwork-plugin v1.1.0, network_driver.go. */
export function networkHandlers(etcd: EtcdClient, environment: NodeEnvironment, run: Run): Handlers {
  const noAction = () => ({});
  return {
    'Plugin.Activate': () => ({Implements: ['NetworkDriver']}),
    'NetworkDriver.GetCapabilities': () => ({Scope: 'global'}),
    'NetworkDriver.CreateNetwork': (body) => {
      rejectOptions(record(body, 'Options'));
      if (records(body, 'IPv4Data').some((data) => text(data, 'Gateway') !== '0.0.0.0/0')) {
        throw new PluginError('Non-Calico IPAM driver is used. Note: Docker before 1.12.3 is unsupported');
      }
      return {};
    },
    'NetworkDriver.CreateEndpoint': (body) => createEndpoint(body),
    'NetworkDriver.DeleteEndpoint': async (body) => {
      const id = text(body, 'EndpointID');
      try {
        await etcd.delete(endpointKey(environment.nodeName, id));
      } catch (error) {
        throw new PluginError(`Endpoint ${id} removal error: ${reasonOf(error)}`);
      }
      return {};
    },
    'NetworkDriver.Join': async (body) => {
      const short = shortId(text(body, 'EndpointID'));
      const [hostName, containerName] = [`cali${short}`, `temp${short}`];
      try {
        await createVeth(run, hostName, containerName);
      } catch (error) {
        throw new PluginError(
          `Veth creation error, hostInterfaceName=${hostName}, tempInterfaceName=${containerName}, vethMTU=0: ${reasonOf(error)}`,
        );
      }
      return {
        InterfaceName: {SrcName: containerName, DstPrefix: environment.interfacePrefix},
        Gateway: GATEWAY,
        StaticRoutes: [{Destination: `${GATEWAY}/32`, RouteType: 1, NextHop: ''}],
      };
    },
    'NetworkDriver.Leave': async (body) => {
      await deleteVeth(run, `cali${shortId(text(body, 'EndpointID'))}`);
      return {};
    },
    'NetworkDriver.EndpointOperInfo': () => ({Value: {}}),
    'NetworkDriver.DeleteNetwork': noAction,
    'NetworkDriver.DiscoverNew': noAction,
    'NetworkDriver.DiscoverDelete': noAction,
    'NetworkDriver.ProgramExternalConnectivity': noAction,
    'NetworkDriver.RevokeExternalConnectivity': noAction,
  };

  async function createEndpoint(body: Body): Promise<object> {
    const id = text(body, 'EndpointID');
    const requested = record(body, 'Interface');
    const address = text(requested, 'Address').split('/')[0] ?? '';
    if (address === '') throw new PluginError('No address assigned for endpoint');
    if (parseIpv4(address) === undefined)
      throw new PluginError(`Parsing ${text(requested, 'Address')} as CIDR failed: invalid CIDR address`);
    const network = await networkName(etcd, text(body, 'NetworkID'));
    const userMac = text(requested, 'MacAddress');
    if (environment.createsProfiles) await createProfile(etcd, networkProfile(network));
    // Last, so that an earlier failure leaves no incomplete endpoint.
    const endpoint = {
      node: environment.nodeName,
      id,
      interfaceName: `cali${shortId(id)}`,
      mac: (userMac || CONTAINER_MAC).toLowerCase(),
      profiles: environment.createsProfiles ? [network] : [],
      nets: [`${address}/32`],
    };
    try {
      await etcd.create(endpointKey(endpoint.node, id), endpointRecord(endpoint));
    } catch (error) {
      const reason = isEtcdError(error, NODE_EXISTS) ? 'resource already exists' : reasonOf(error);
      throw new PluginError(`Workload endpoints creation error, data: ${JSON.stringify(endpoint)}: ${reason}`);
    }
    return {Interface: userMac === '' ? {MacAddress: CONTAINER_MAC} : {}};
  }
}

/**
 * The network's name from Docker's cluster store. A request to Docker's API would deadlock: while dockerd restarts containers at boot it
 * holds the lock that it needs to reply.
 */
async function networkName(etcd: EtcdClient, networkId: string): Promise<string> {
  try {
    const read = await etcd.get(`${DOCKER_NETWORKS}/${networkId}`);
    if (read?.node.value === undefined) throw new Error(`No such network: ${networkId}`);
    const {name} = JSON.parse(read.node.value) as {name?: string};
    if (!name) throw new Error('its record in the cluster store has no name');
    return name;
  } catch (error) {
    throw new PluginError(`Network ${networkId} inspection error: ${reasonOf(error)}`);
  }
}

/** Calico supports neither --opt nor --internal. */
function rejectOptions(options: Body): void {
  for (const [name, value] of Object.entries(options)) {
    if (name === 'com.docker.network.enable_ipv6' || value === false) continue;
    if (value === true)
      throw new PluginError(`Calico driver does not support the flag --${name.replace(/^com\.docker\.network\./, '')}.`);
    if (typeof value === 'object' && value !== null) {
      const flags = Object.keys(value).sort();
      if (flags.length === 0) continue;
      throw new PluginError(`Calico driver does not support the flag${flags.length > 1 ? 's' : ''} ${flags.join(', ')}.`);
    }
    throw new PluginError(`Calico driver does not support the flag ${name} (${String(value)}).`);
  }
}
