import {randomUUID} from 'node:crypto';
import {goJson} from '../../model/go-json.js';
import {parseIp, parseNet} from '../../model/ip.js';
import {workloadEndpointKey} from '../../model/keys.js';
import type {Problems} from '../schema/problems.js';
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
  type Resource,
  resource,
  sortedOrAbsent,
} from './kind.js';
import {IP, MAC, NET} from './scalars.js';

interface Nat {
  readonly internalIP: string;
  readonly externalIP: string;
}

interface NatRecord {
  readonly int_ip: string;
  readonly ext_ip: string;
}

interface EndpointRecord {
  readonly name: string;
  readonly active_instance_id?: string;
  readonly mac?: string | null;
  readonly profile_ids?: readonly string[] | null;
  readonly ipv4_nets?: readonly string[] | null;
  readonly ipv6_nets?: readonly string[] | null;
  readonly ipv4_nat?: readonly NatRecord[];
  readonly ipv6_nat?: readonly NatRecord[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly ipv4_gateway?: string;
  readonly ipv6_gateway?: string;
}

interface Spec {
  readonly ipNetworks?: readonly string[];
  readonly ipNATs?: readonly Nat[];
  readonly ipv4Gateway?: string;
  readonly ipv6Gateway?: string;
  readonly profiles?: readonly string[];
  readonly interfaceName?: string;
  readonly mac?: string;
}

const ONE = ['NODE', 'ORCHESTRATOR', 'WORKLOAD', 'NAME'];
const IDENTIFIERS = ['node', 'orchestrator', 'workload', 'name'];
/** The key of an endpoint: node, orchestrator, workload, name. */
export const WORKLOAD_ENDPOINT = /^\/calico\/v1\/host\/([^/]+)\/workload\/([^/]+)\/([^/]+)\/endpoint\/([^/]+)$/;

/** A container's interface. The libnetwork plugin writes it; calicoctl can as well, for instance to give it labels. */
export function workloadEndpointKind(version: Version): Kind {
  const nat = struct('api.IPNAT', [
    field('internalIP', IP, {isAlwaysPrinted: true}),
    field('externalIP', IP, {isAlwaysPrinted: true}),
  ]);
  const spec = (resource: Resource) => resource.spec as Spec;
  return {
    kind: 'workloadEndpoint',
    names: ['workloadendpoint', 'workloadendpoints', 'wep', 'weps'],
    metadata: struct('api.WorkloadEndpointMetadata', [
      field('name', STRING),
      field('workload', STRING),
      field('orchestrator', STRING),
      field('node', STRING),
      field('activeInstanceID', STRING),
      field('labels', STRING_MAP),
    ]),
    spec: struct('api.WorkloadEndpointSpec', [
      field('ipNetworks', listOf(NET), {go: 'IPNetworks'}),
      field('ipNATs', listOf(nat), {go: 'IPNATs'}),
      field('ipv4Gateway', IP, {go: 'IPv4Gateway', isPointer: true}),
      field('ipv6Gateway', IP, {go: 'IPv6Gateway', isPointer: true}),
      field('profiles', listOf(STRING)),
      field('interfaceName', STRING),
      field('mac', MAC, {go: 'MAC', isPointer: true}),
    ]),
    headings: {narrow: ONE, wide: [...ONE, 'NETWORKS', 'NATS', 'INTERFACE', 'PROFILES']},
    cells: {
      NODE: ({metadata}) => cell(metadata.node),
      ORCHESTRATOR: ({metadata}) => cell(metadata.orchestrator),
      WORKLOAD: ({metadata}) => cell(metadata.workload),
      NAME: ({metadata}) => cell(metadata.name),
      NETWORKS: (endpoint) => joined(spec(endpoint).ipNetworks),
      NATS: (endpoint) => joined(spec(endpoint).ipNATs?.map((one) => `${one.internalIP}<>${one.externalIP}`)),
      IPV4GATEWAY: (endpoint) => spec(endpoint).ipv4Gateway ?? '<nil>',
      // of IPv4, as in upstream's template
      IPV6GATEWAY: (endpoint) => spec(endpoint).ipv4Gateway ?? '<nil>',
      PROFILES: (endpoint) => joined(spec(endpoint).profiles),
      INTERFACE: (endpoint) => cell(spec(endpoint).interfaceName),
      MAC: (endpoint) => spec(endpoint).mac ?? '<nil>',
    },
    fromArguments: ({name, node, orchestrator, workload}) => ({name, node, orchestrator, workload}),
    checkMetadata({name, workload, orchestrator, node, activeInstanceID, labels}, problems) {
      for (const [label, value] of Object.entries({name, workload, orchestrator})) problems.match(label, value, NAMESPACED_NAME);
      for (const [label, value] of Object.entries({node, activeInstanceID})) problems.match(label, value, NAME);
      checkLabels(labels, problems);
    },
    check: (endpoint, problems) => check(spec(endpoint), problems, version),
    missing: (metadata) => firstMissing(metadata, IDENTIFIERS),
    identify: ({node, orchestrator, workload, name}) =>
      `WorkloadEndpoint(node=${node}, orchestrator=${orchestrator}, workload=${workload}, name=${name})`,
    exists: (values, metadata) => values.has(keyOf(metadata)),
    list: (values, metadata) =>
      keysMatching(values, WORKLOAD_ENDPOINT)
        .flatMap(({names, value}) => {
          const record = parseRecord<EndpointRecord>(value);
          return record === undefined ? [] : [fromRecord(names, record)];
        })
        .filter((endpoint) => matches(endpoint.metadata, Object.fromEntries(IDENTIFIERS.map((name) => [name, metadata[name]])))),
    async write(etcd, {metadata, spec: written}) {
      await etcd.set(keyOf(metadata), goJson(toRecord(metadata, written as Spec)));
    },
    async remove(etcd, metadata) {
      await etcd.delete(keyOf(metadata));
    },
    complete: (endpoint) =>
      endpoint.metadata.name ? endpoint : {...endpoint, metadata: {...endpoint.metadata, name: randomUUID()}},
  };
}

function keyOf({node, orchestrator, workload, name}: Metadata): string {
  return workloadEndpointKey(String(node), String(orchestrator), String(workload), String(name));
}

function fromRecord([node, orchestrator, workload, name]: readonly string[], record: EndpointRecord): Resource {
  const nets = [...(record.ipv4_nets ?? []), ...(record.ipv6_nets ?? [])];
  const nats = [...(record.ipv4_nat ?? []), ...(record.ipv6_nat ?? [])];
  return resource(
    'workloadEndpoint',
    {name, workload, orchestrator, node, activeInstanceID: record.active_instance_id, labels: record.labels},
    {
      ipNetworks: nets,
      ipNATs: nats.map(({int_ip: internalIP, ext_ip: externalIP}) => ({internalIP, externalIP})),
      ipv4Gateway: record.ipv4_gateway,
      ipv6Gateway: record.ipv6_gateway,
      profiles: record.profile_ids ?? undefined,
      interfaceName: record.name,
      mac: record.mac ?? undefined,
    },
  );
}

function toRecord({activeInstanceID, labels}: Metadata, spec: Spec): Metadata {
  const nets = (version: 4 | 6) =>
    (spec.ipNetworks ?? []).flatMap((text) => {
      const net = parseNet(text);
      return net?.version === version ? [net.masked] : [];
    });
  const nats = (version: 4 | 6) => {
    const found = (spec.ipNATs ?? []).filter(({internalIP}) => parseIp(internalIP)?.version === version);
    return found.length === 0 ? undefined : found.map(({internalIP, externalIP}) => ({int_ip: internalIP, ext_ip: externalIP}));
  };
  return defined({
    state: 'active',
    name: spec.interfaceName ?? '',
    active_instance_id: activeInstanceID ?? '',
    mac: spec.mac ?? null,
    profile_ids: spec.profiles ?? null,
    ipv4_nets: nets(4),
    ipv6_nets: nets(6),
    ipv4_nat: nats(4),
    ipv6_nat: nats(6),
    labels: sortedOrAbsent(labels),
    ipv4_gateway: spec.ipv4Gateway,
    ipv6_gateway: spec.ipv6Gateway,
  });
}

function check(spec: Spec, problems: Problems, version: Version): void {
  const nets = (spec.ipNetworks ?? []).map((text) => parseNet(text)!);
  if (nets.some((net) => net.bits !== (net.version === 4 ? 32 : 128)))
    problems.add('IPNetworks', spec.ipNetworks, 'IP network contains multiple addresses');
  for (const ip of [4, 6] as const) {
    const gateway = spec[`ipv${ip}Gateway`];
    if (gateway !== undefined && parseIp(gateway)?.version !== ip)
      problems.add(`IPv${ip}Gateway`, gateway, `invalid IPv${ip} gateway address specified`);
  }
  const nats = spec.ipNATs ?? [];
  if (nats.some(({internalIP, externalIP}) => parseIp(internalIP)?.version !== parseIp(externalIP)?.version))
    problems.add('ExternalIP', nats[0]?.externalIP, 'mismatched IP versions');
  if (!nats.every(({internalIP}) => nets.some((net) => net.address === parseIp(internalIP)?.text)))
    problems.add(
      'IPNATs',
      nats.map((one) => `${one.internalIP}<>${one.externalIP}`),
      'NAT is not in the endpoint networks',
    );
  const interfacePattern = version === 'v1.2.0' ? /^[a-zA-Z0-9_-]{1,15}$/ : /^[a-zA-Z0-9_.-]{1,15}$/;
  if (!interfacePattern.test(spec.interfaceName ?? '')) problems.add('interfaceName', spec.interfaceName ?? '');
  for (const [i, profile] of (spec.profiles ?? []).entries())
    if (!NAMESPACED_NAME.test(profile)) problems.add(`profiles[${i}]`, profile);
}
