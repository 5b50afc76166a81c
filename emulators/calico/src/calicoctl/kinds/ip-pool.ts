import {Ipam} from '../../ipam/ipam.js';
import {BlockStore} from '../../ipam/store.js';
import {netsOverlap, parseNet} from '../../model/ip.js';
import {FELIX_CONFIG, poolKey} from '../../model/keys.js';
import type {Problems} from '../schema/problems.js';
import {BOOLEAN, field, STRING, struct} from '../schema/type.js';
import type {Version} from '../version.js';
import {firstMissing, type Kind, keysMatching, matches, parseRecord, type Resource, resource} from './kind.js';
import {NET} from './scalars.js';

interface Ipip {
  readonly enabled?: boolean;
  readonly mode?: string;
}

interface PoolRecord {
  readonly cidr: string;
  readonly ipip?: string;
  readonly ipip_mode?: string;
  readonly masquerade?: boolean;
  readonly disabled?: boolean;
}

const PATTERN = /^\/calico\/v1\/ipam\/v[46]\/pool\/([^/]+)$/;
/** The networks with link-local addresses, in which no pool may be. */
const LINK_LOCAL = {4: '169.254.0.0/16', 6: 'fe80::/10'} as const;
/** The only interface that upstream configures for IPIP. */
const TUNNEL = 'tunl0';

export function ipPoolKind(version: Version): Kind {
  const ipip = struct('api.IPIPConfiguration', [field('enabled', BOOLEAN), field('mode', STRING)]);
  return {
    kind: 'ipPool',
    names: ['ippool', 'ippools', 'ipp', 'ipps', 'pool', 'pools'],
    metadata: struct('api.IPPoolMetadata', [field('cidr', NET, {go: 'CIDR', isAlwaysPrinted: true})]),
    spec: struct('api.IPPoolSpec', [
      field('ipip', ipip, {go: 'IPIP', isPointer: true}),
      field('nat-outgoing', BOOLEAN, {go: 'NATOutgoing'}),
      field('disabled', BOOLEAN),
    ]),
    headings: {narrow: ['CIDR'], wide: ['CIDR', 'NAT', 'IPIP']},
    cells: {
      CIDR: ({metadata}) => String(metadata.cidr),
      NAT: ({spec}) => String(spec['nat-outgoing'] ?? false),
      IPIP: ({spec}) => String((spec.ipip as Ipip | undefined)?.enabled ?? false),
    },
    fromArguments({name}) {
      const net = parseNet(name);
      if (name !== '' && (net === undefined || !name.includes('/'))) throw new Error(`invalid CIDR address: ${name}`);
      return net === undefined ? {} : {cidr: net.masked};
    },
    checkMetadata: () => undefined,
    check: (pool, problems) => check(pool, problems, version),
    missing: (metadata) => firstMissing(metadata, ['cidr']),
    identify: ({cidr}) => `IPPool(cidr=${cidr})`,
    exists: (values, {cidr}) => values.has(keyOf(cidr)),
    list: (values, {cidr}) =>
      keysMatching(values, PATTERN)
        .flatMap(({value}) => {
          const record = parseRecord<PoolRecord>(value);
          return record?.cidr === undefined ? [] : [fromRecord(record)];
        })
        .filter((pool) => matches(pool.metadata, {cidr})),
    async write(etcd, {metadata: {cidr}, spec}) {
      const {enabled = false, mode = ''} = (spec.ipip ?? {}) as Ipip;
      const isDisabled = spec.disabled === true;
      const record = {
        cidr,
        ipip: enabled ? TUNNEL : '',
        ipip_mode: mode,
        masquerade: spec['nat-outgoing'] === true,
        ipam: !isDisabled,
        disabled: isDisabled,
      };
      await etcd.set(keyOf(cidr), JSON.stringify(record));
      if (enabled) await etcd.set(`${FELIX_CONFIG}/IpInIpEnabled`, 'true');
    },
    async remove(etcd, {cidr}) {
      if (parseNet(String(cidr))?.version === 4) await new Ipam(new BlockStore(etcd)).releasePool(String(cidr));
      await etcd.delete(keyOf(cidr));
    },
  };
}

function keyOf(cidr: unknown): string {
  const text = String(cidr);
  return parseNet(text)?.version === 6 ? `/calico/v1/ipam/v6/pool/${text.replace('/', '-')}` : poolKey(text);
}

function fromRecord(record: PoolRecord): Resource {
  const hasIpip = Boolean(record.ipip) || Boolean(record.ipip_mode);
  return resource(
    'ipPool',
    {cidr: record.cidr},
    {
      ipip: hasIpip ? {enabled: record.ipip !== '', mode: record.ipip_mode} : undefined,
      'nat-outgoing': record.masquerade,
      disabled: record.disabled,
    },
  );
}

function check({metadata, spec}: Resource, problems: Problems, version: Version): void {
  const {enabled = false, mode} = (spec.ipip ?? {}) as Ipip;
  problems.match('mode', mode, /^(always|cross-subnet)$/);
  const net = parseNet(String(metadata.cidr ?? ''));
  if (net === undefined) return;
  if (net.version === 6 && enabled) problems.add('IPIP.Enabled', true, 'IPIP is not supported on an IPv6 IP pool');
  const longest = net.version === 4 ? 26 : 122;
  if (spec.disabled !== true && net.bits > longest)
    problems.add('CIDR', net.text, `IP pool size is too small (min /${longest}) for use with Calico IPAM`);
  if (version !== 'v1.2.0' && net.text !== net.masked) problems.add('CIDR', net.text, 'IP pool CIDR is not strictly masked');
  const linkLocal = LINK_LOCAL[net.version];
  if (netsOverlap(net, parseNet(linkLocal)!))
    problems.add('CIDR', net.text, `IP pool range overlaps with IPv${net.version} Link Local range ${linkLocal}`);
}
