import {reasonOf} from '../log.js';
import {endpointKey} from '../model/keys.js';
import {createEndpoint, endpointName} from './create-endpoint.js';
import type {NetworkDriverParts} from './network-driver-parts.js';
import {type Body, type Handlers, PluginError, record, records, shortId, text} from './protocol.js';
import {createVeth, deleteVeth, linkLocalAddress} from './veth.js';

/** No interface has this address: the host replies to ARP requests for it (proxy ARP). */
const GATEWAY = '169.254.1.1';

/** The NetworkDriver calls. Replies and error texts: libnetwork-plugin v1.1.3, network_driver.go. */
export function networkHandlers(parts: NetworkDriverParts): Handlers {
  const {etcd, environment, run, log} = parts;
  const noAction = () => ({});
  return {
    'Plugin.Activate': () => ({Implements: ['NetworkDriver']}),
    'NetworkDriver.GetCapabilities': () => ({Scope: 'global', ConnectivityScope: ''}),
    // For swarm mode, which Calico does not support.
    'NetworkDriver.AllocateNetwork': () => ({Options: null}),
    'NetworkDriver.FreeNetwork': noAction,
    'NetworkDriver.CreateNetwork': (body) => {
      rejectOptions(record(body, 'Options'));
      if (records(body, 'IPv4Data').some((data) => text(data, 'Gateway') !== '0.0.0.0/0')) {
        throw new PluginError('Non-Calico IPAM driver is used. Note: Docker before 1.12.3 is unsupported');
      }
      if (records(body, 'IPv6Data').some((data) => text(data, 'AddressSpace') !== 'CalicoGlobalAddressSpace')) {
        throw new PluginError('Non-Calico IPAM driver is used');
      }
      return {};
    },
    'NetworkDriver.CreateEndpoint': (body) => createEndpoint(parts, body),
    'NetworkDriver.DeleteEndpoint': async (body) => {
      const id = text(body, 'EndpointID');
      const isDeleted = await etcd.delete(endpointKey(environment.nodeName, id)).catch((error: unknown) => {
        throw new PluginError(`Endpoint ${id} removal error: ${reasonOf(error)}`);
      });
      if (!isDeleted) {
        throw new PluginError(`Endpoint ${id} removal error: resource does not exist: ${endpointName(environment.nodeName, id)}`);
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
      const gatewayIpv6 = await linkLocalAddress(run, hostName);
      if (gatewayIpv6 === undefined) log.warn(`No IPv6 link local address for ${hostName}`);
      const connected = (destination: string) => ({Destination: destination, RouteType: 1, NextHop: ''});
      return {
        InterfaceName: {SrcName: containerName, DstPrefix: environment.interfacePrefix},
        Gateway: GATEWAY,
        GatewayIPv6: gatewayIpv6 ?? '',
        // Docker cannot set the IPv6 route where IPv6 is off in containers, and then starts none.
        StaticRoutes: [`${GATEWAY}/32`, ...(gatewayIpv6 === undefined ? [] : [`${gatewayIpv6}/128`])].map(connected),
        DisableGatewayService: false,
      };
    },
    'NetworkDriver.Leave': async (body) => {
      await deleteVeth(run, `cali${shortId(text(body, 'EndpointID'))}`);
      return {};
    },
    'NetworkDriver.EndpointOperInfo': () => null,
    'NetworkDriver.DeleteNetwork': noAction,
    'NetworkDriver.DiscoverNew': noAction,
    'NetworkDriver.DiscoverDelete': noAction,
    'NetworkDriver.ProgramExternalConnectivity': noAction,
    'NetworkDriver.RevokeExternalConnectivity': noAction,
  };
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
