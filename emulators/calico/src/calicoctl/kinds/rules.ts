import {parseCidr} from '../../model/ipv4.js';
import {isIcmp, isIcmpMatch, isProtocol, PROTOCOLS_TEXT} from '../../model/protocols.js';
import type {Rule, RuleAction} from '../../model/types.js';
import {rejectUnknown} from './kind.js';

type Ports = readonly (number | string)[];

/** A rule's source or destination in YAML. */
interface Entity {
  readonly tag?: string;
  readonly net?: string;
  readonly ports?: Ports;
  readonly notNet?: string;
  readonly notPorts?: Ports;
}

/** A rule in YAML. */
export interface ApiRule {
  readonly action: string;
  readonly ipVersion?: number;
  readonly protocol?: string | number;
  readonly icmp?: {readonly type?: number; readonly code?: number};
  readonly notProtocol?: string | number;
  readonly source?: Entity;
  readonly destination?: Entity;
}

const ACTIONS = ['allow', 'deny', 'log', 'pass'];
const ICMP_FIELDS = ['type', 'code'];
const RULE_FIELDS = ['action', 'ipVersion', 'protocol', 'icmp', 'notProtocol', 'source', 'destination'];
const ENTITY_FIELDS = ['tag', 'net', 'ports', 'notNet', 'notPorts'];
const PORT_PROTOCOLS = ['tcp', 'udp'];

/** The rule as it is stored in etcd. @throws Error that names `where` if the rule is invalid */
export function ruleFromApi(where: string, api: ApiRule): Rule {
  rejectUnknown(where, api, RULE_FIELDS);
  if (!ACTIONS.includes(api.action))
    throw new Error(`${where}: action must be one of ${ACTIONS.join(', ')}, not '${api.action}'`);
  const [source, destination] = [entityOf(`${where}.source`, api.source), entityOf(`${where}.destination`, api.destination)];
  const [protocol, notProtocol] = [protocolOf(where, api.protocol), protocolOf(where, api.notProtocol)];
  if (protocol !== undefined && notProtocol !== undefined) throw new Error(`${where}: give either protocol or notProtocol`);
  checkIcmp(where, api.icmp, protocol);
  const hasPorts = [source.ports, source.notPorts, destination.ports, destination.notPorts].some((ports) => ports !== undefined);
  if (hasPorts && !PORT_PROTOCOLS.includes(protocol ?? '')) throw new Error(`${where}: ports need the protocol tcp or udp`);
  return withoutUndefined({
    action: api.action as RuleAction,
    ip_version: api.ipVersion,
    protocol,
    icmp_type: api.icmp?.type,
    icmp_code: api.icmp?.code,
    '!protocol': notProtocol,
    src_tag: source.tag,
    src_net: source.net,
    src_ports: source.ports,
    '!src_net': source.notNet,
    '!src_ports': source.notPorts,
    dst_tag: destination.tag,
    dst_net: destination.net,
    dst_ports: destination.ports,
    '!dst_net': destination.notNet,
    '!dst_ports': destination.notPorts,
  }) as unknown as Rule;
}

/** The rule in YAML. */
export function ruleToApi(rule: Rule): ApiRule {
  const entity = (side: 'src' | 'dst') =>
    withoutUndefined({
      tag: rule[`${side}_tag`],
      net: rule[`${side}_net`],
      ports: rule[`${side}_ports`],
      notNet: rule[`!${side}_net`],
      notPorts: rule[`!${side}_ports`],
    });
  const icmp = withoutUndefined({type: rule.icmp_type, code: rule.icmp_code});
  return withoutUndefined({
    action: rule.action,
    ipVersion: rule.ip_version,
    protocol: rule.protocol,
    icmp: Object.keys(icmp).length === 0 ? undefined : icmp,
    notProtocol: rule['!protocol'],
    source: entity('src'),
    destination: entity('dst'),
  }) as unknown as ApiRule;
}

function protocolOf(where: string, protocol: string | number | undefined): string | undefined {
  if (protocol === undefined) return undefined;
  const name = String(protocol).toLowerCase();
  if (!isProtocol(name)) throw new Error(`${where}: a protocol is ${PROTOCOLS_TEXT}, not '${protocol}'`);
  return name;
}

/** Rejects ICMP matches that iptables cannot express: it would match more packets. */
function checkIcmp(where: string, icmp: ApiRule['icmp'], protocol: string | undefined): void {
  if (icmp === undefined) return;
  rejectUnknown(`${where}.icmp`, icmp, ICMP_FIELDS);
  if (!isIcmp(protocol)) throw new Error(`${where}: icmp needs the protocol icmp`);
  if (!isIcmpMatch(icmp.type, icmp.code)) throw new Error(`${where}.icmp: the type must be 0 to 254, the code 0 to 255 if given`);
}

function entityOf(where: string, entity: Entity = {}): Entity {
  if ('selector' in entity) throw new Error(`${where}: selectors are not supported by the lab's Calico emulator`);
  rejectUnknown(where, entity, ENTITY_FIELDS);
  for (const net of [entity.net, entity.notNet]) {
    if (net !== undefined && parseCidr(net) === undefined) throw new Error(`${where}: invalid CIDR address: ${net}`);
  }
  for (const port of [...(entity.ports ?? []), ...(entity.notPorts ?? [])]) {
    const [first, last = first] = String(port).split(':').map(Number);
    if (!(first !== undefined && last !== undefined && first >= 0 && first <= last && last <= 65_535)) {
      throw new Error(`${where}: invalid port: ${port}`);
    }
  }
  return entity;
}

function withoutUndefined(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
