import {Ipam} from '../../ipam/ipam.js';
import {BlockStore} from '../../ipam/store.js';
import {formatCidr, parseCidr} from '../../model/ipv4.js';
import {poolKey} from '../../model/keys.js';
import {poolRecord} from '../../model/records.js';
import {matches, type Resource, type ResourceKind, rejectUnknown} from './kind.js';

/** A pool must have room for a block. */
const LONGEST_PREFIX = 26;

export const ipPoolKind: ResourceKind = {
  kind: 'ipPool',
  names: ['ippool', 'ippools', 'ipp', 'ipps', 'pool', 'pools'],
  nameField: 'cidr',
  headings: {narrow: ['CIDR'], wide: ['CIDR', 'NAT', 'IPIP']},
  identify: (metadata) => `IPPool(cidr=${metadata.cidr})`,
  list: (snapshot, filter) =>
    snapshot.pools
      .map(
        (pool): Resource => ({
          apiVersion: 'v1',
          kind: 'ipPool',
          metadata: {cidr: pool.cidr},
          spec: {...(pool.natOutgoing ? {'nat-outgoing': true} : {}), ...(pool.disabled ? {disabled: true} : {})},
        }),
      )
      .filter((pool) => matches(pool.metadata, filter)),
  cells: ({metadata, spec}) => ({CIDR: String(metadata.cidr), NAT: String(spec['nat-outgoing'] ?? false), IPIP: 'false'}),
  check({metadata, spec}) {
    rejectUnknown('ipPool.metadata', metadata, ['cidr']);
    rejectUnknown('ipPool.spec', spec, ['ipip', 'nat-outgoing', 'disabled']);
    const cidr = parseCidr(String(metadata.cidr));
    if (cidr === undefined || formatCidr(cidr) !== metadata.cidr) throw new Error(`invalid CIDR address: ${metadata.cidr}`);
    if (cidr.bits > LONGEST_PREFIX) {
      throw new Error(`IP pool size is too small (min /${LONGEST_PREFIX}) for use with Calico IPAM: ${metadata.cidr}`);
    }
    if ((spec.ipip as {enabled?: boolean} | undefined)?.enabled === true)
      throw new Error("IPIP is not supported by the lab's Calico emulator");
  },
  async write(etcd, {metadata, spec}) {
    const pool = {cidr: String(metadata.cidr), natOutgoing: spec['nat-outgoing'] === true, disabled: spec.disabled === true};
    await etcd.set(poolKey(pool.cidr), poolRecord(pool));
  },
  async remove(etcd, {cidr}) {
    await new Ipam(new BlockStore(etcd)).releasePool(String(cidr));
    await etcd.delete(poolKey(String(cidr)));
  },
};
