import type {EtcdClient} from '../etcd/client.js';
import {Ipam, NOT_IN_POOL, NoFreeAddressError} from '../ipam/ipam.js';
import {BlockStore} from '../ipam/store.js';
import {reasonOf} from '../log.js';
import {formatCidr, parseCidr, parseIpv4} from '../model/ipv4.js';
import {poolKey} from '../model/keys.js';
import {type Body, type Handlers, NoReplyError, PluginError, record, text} from './protocol.js';

/** The id of the pool of a network without --subnet: any of Calico's pools. */
const ANY_POOL = 'CalicoPoolIPv4';
const ANY_IPV6_POOL = 'CalicoPoolIPv6';

const NONE_ASSIGNED = 'Unexpected number of assigned IP addresses. A single address should be assigned. Got []';

/** The IpamDriver calls. Error texts: libnetwork-plugin v1.1.3, ipam_driver.go. */
export function ipamHandlers(etcd: EtcdClient, nodeName: string): Handlers {
  const ipam = new Ipam(new BlockStore(etcd));
  const hasPool = async (cidr: string) => (await etcd.get(poolKey(cidr)).catch(() => undefined)) !== undefined;

  return {
    'Plugin.Activate': () => ({Implements: ['IpamDriver']}),
    'IpamDriver.GetCapabilities': () => ({RequiresMACAddress: false}),
    'IpamDriver.GetDefaultAddressSpaces': () => ({
      LocalDefaultAddressSpace: 'CalicoLocalAddressSpace',
      GlobalDefaultAddressSpace: 'CalicoGlobalAddressSpace',
    }),

    'IpamDriver.RequestPool': async (body) => {
      if (text(body, 'SubPool') !== '') {
        throw new PluginError(
          "Calico IPAM does not support sub pool configuration on 'docker create network'. Calico IP Pools should be configured first " +
            'and IP assignment is from those pre-configured pools.',
        );
      }
      if (Object.keys(record(body, 'Options')).length > 0) throw new PluginError('Arbitrary options are not supported');
      const any = body.V6 === true ? {id: ANY_IPV6_POOL, net: '::/0'} : {id: ANY_POOL, net: '0.0.0.0/0'};
      const pool = text(body, 'Pool');
      if (pool !== '') {
        const cidr = parseCidr(pool);
        if (cidr === undefined || !pool.includes('/')) throw new PluginError('Invalid CIDR');
        if (!(await hasPool(formatCidr(cidr)))) {
          throw new PluginError('The requested subnet must match the CIDR of a configured Calico IP Pool.');
        }
      }
      // With this gateway libnetwork requests no address for one, and the network driver recognises that the IPAM driver is Calico's.
      return {
        PoolID: pool === '' ? any.id : pool,
        Pool: pool === '' ? any.net : pool,
        Data: {'com.docker.network.gateway': any.net},
      };
    },

    'IpamDriver.ReleasePool': () => ({}),

    'IpamDriver.RequestAddress': async (body) => {
      if (record(body, 'Options').RequestAddressType === 'com.docker.network.gateway') {
        throw new PluginError('Calico IPAM does not support specifying a gateway.');
      }
      const address = text(body, 'Address');
      return {Address: `${address === '' ? await assignAny(body) : await assignFixed(address)}/32`, Data: null};
    },

    'IpamDriver.ReleaseAddress': async (body) => {
      const address = text(body, 'Address');
      if (parseIpv4(address) === undefined) throw new NoReplyError(`${address} is no address`);
      try {
        await ipam.releaseAddress(address);
      } catch (error) {
        throw new PluginError(`IP releasing error, ip: ${address}: ${reasonOf(error)}`);
      }
      return {};
    },
  };

  async function assignFixed(address: string): Promise<string> {
    const isAddress = parseIpv4(address) !== undefined;
    try {
      if (!isAddress) throw new Error(NOT_IN_POOL);
      await ipam.assignAddress(address, nodeName);
      return address;
    } catch (error) {
      const data = `{IP:${isAddress ? address : '<nil>'} HandleID:<nil> Attrs:map[] Hostname:${nodeName}}`;
      throw new PluginError(`IP assignment error, data: ${data}: ${reasonOf(error)}`);
    }
  }

  async function assignAny(body: Body): Promise<string> {
    const poolId = text(body, 'PoolID');
    if (poolId === ANY_POOL) return withContext(ipam.assignAny(nodeName));
    // The emulator has no IPv6 pools.
    if (poolId === ANY_IPV6_POOL) throw new PluginError(NONE_ASSIGNED);
    const cidr = parseCidr(poolId);
    if (cidr === undefined) throw new PluginError(`Invalid CIDR - ${poolId}: invalid CIDR address: ${poolId}`);
    if (!(await hasPool(formatCidr(cidr)))) {
      throw new PluginError(
        'The network references a Calico pool which has been deleted. Please re-instate the Calico pool before using the network.',
      );
    }
    return withContext(ipam.assignAny(nodeName, [formatCidr(cidr)]));
  }

  async function withContext(assignment: Promise<string>): Promise<string> {
    try {
      return await assignment;
    } catch (error) {
      if (error instanceof NoFreeAddressError) throw new PluginError(NONE_ASSIGNED);
      throw new PluginError(`IP assignment error: ${reasonOf(error)}`);
    }
  }
}
