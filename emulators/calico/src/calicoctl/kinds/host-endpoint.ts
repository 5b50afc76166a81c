import {goJson} from '../../model/go-json.js';
import {parseIp} from '../../model/ip.js';
import {hostEndpointKey} from '../../model/keys.js';
import {field, listOf, STRING, STRING_MAP, struct} from '../schema/type.js';
import type {Version} from '../version.js';
import {
  cell,
  checkLabels,
  defined,
  firstMissing,
  joined,
  type Kind,
  keysMatching,
  type Metadata,
  matches,
  NAME,
  NAMESPACED_NAME,
  parseRecord,
  resource,
  sortedOrAbsent,
} from './kind.js';
import {IP} from './scalars.js';

interface Spec {
  readonly interfaceName?: string;
  readonly expectedIPs?: readonly string[];
  readonly profiles?: readonly string[];
}

interface HostEndpointRecord {
  readonly name?: string;
  readonly expected_ipv4_addrs?: readonly string[];
  readonly expected_ipv6_addrs?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly profile_ids?: readonly string[];
}

const PATTERN = /^\/calico\/v1\/host\/([^/]+)\/endpoint\/([^/]+)$/;

/** An interface of a host. Its addresses count for selectors; the emulator's agent does not filter its traffic. */
export function hostEndpointKind(version: Version): Kind {
  const keyOf = ({node, name}: Metadata) => hostEndpointKey(String(node), String(name));
  return {
    kind: 'hostEndpoint',
    names: ['hostendpoint', 'hostendpoints', 'hep', 'heps'],
    metadata: struct('api.HostEndpointMetadata', [field('name', STRING), field('node', STRING), field('labels', STRING_MAP)]),
    spec: struct('api.HostEndpointSpec', [
      field('interfaceName', STRING),
      field('expectedIPs', listOf(IP)),
      field('profiles', listOf(STRING)),
    ]),
    headings: {narrow: ['NODE', 'NAME'], wide: ['NODE', 'NAME', 'INTERFACE', 'IPS', 'PROFILES']},
    cells: {
      NODE: ({metadata}) => cell(metadata.node),
      NAME: ({metadata}) => cell(metadata.name),
      INTERFACE: ({spec}) => cell(spec.interfaceName),
      IPS: ({spec}) => joined(spec.expectedIPs),
      PROFILES: ({spec}) => joined(spec.profiles),
    },
    fromArguments: ({name, node}) => ({name, node}),
    checkMetadata({name, node, labels}, problems) {
      problems.match('name', name, NAMESPACED_NAME);
      problems.match('node', node, NAME);
      checkLabels(labels, problems);
    },
    check({spec}, problems) {
      const {interfaceName = '', expectedIPs = [], profiles = []} = spec as Spec;
      problems.match('interfaceName', interfaceName, version === 'v1.2.0' ? /^[a-zA-Z0-9_-]{1,15}$/ : /^[a-zA-Z0-9_.-]{1,15}$/);
      for (const [i, profile] of profiles.entries()) if (!NAMESPACED_NAME.test(profile)) problems.add(`profiles[${i}]`, profile);
      if (interfaceName === '' && expectedIPs.length === 0)
        problems.add('InterfaceName', '', 'no interface or expected IPs have been specified');
    },
    missing: (metadata) => firstMissing(metadata, ['node', 'name']),
    identify: ({node, name}) => `HostEndpoint(node=${node}, name=${name})`,
    exists: (values, metadata) => values.has(keyOf(metadata)),
    list: (values, {node: onNode, name: named}) =>
      keysMatching(values, PATTERN)
        .flatMap(({names: [node, name], value}) => {
          const record = parseRecord<HostEndpointRecord>(value);
          if (record === undefined) return [];
          const expectedIPs = [...(record.expected_ipv4_addrs ?? []), ...(record.expected_ipv6_addrs ?? [])];
          const {labels, name: interfaceName, profile_ids: profiles} = record;
          return [resource('hostEndpoint', {name, node, labels}, {interfaceName, expectedIPs, profiles})];
        })
        .filter((endpoint) => matches(endpoint.metadata, {node: onNode, name: named})),
    async write(etcd, {metadata, spec}) {
      await etcd.set(keyOf(metadata), goJson(toRecord(metadata, spec as Spec)));
    },
    async remove(etcd, metadata) {
      await etcd.delete(keyOf(metadata));
    },
  };
}

function toRecord({labels}: Metadata, {interfaceName, expectedIPs = [], profiles = []}: Spec): Metadata {
  const addresses = (version: 4 | 6) => {
    const found = expectedIPs.filter((ip) => parseIp(ip)?.version === version);
    return found.length === 0 ? undefined : found;
  };
  return defined({
    name: interfaceName || undefined,
    expected_ipv4_addrs: addresses(4),
    expected_ipv6_addrs: addresses(6),
    labels: sortedOrAbsent(labels),
    profile_ids: profiles.length === 0 ? undefined : profiles,
  });
}
