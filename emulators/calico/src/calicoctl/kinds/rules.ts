import {parseNet} from '../../model/ip.js';
import {parseSelector} from '../../model/selector.js';
import type {Problems} from '../schema/problems.js';
import {field, INTEGER, listOf, STRING, struct, type Type} from '../schema/type.js';
import type {Version} from '../version.js';
import {NET, PORT, PROTOCOL} from './scalars.js';

/** A rule's source or destination in YAML. */
export interface Entity {
  readonly tag?: string;
  readonly net?: string;
  /** Since v1.6; older ones know `net` only. */
  readonly nets?: readonly string[];
  readonly selector?: string;
  readonly ports?: readonly (number | string)[];
  readonly notTag?: string;
  readonly notNet?: string;
  readonly notNets?: readonly string[];
  readonly notSelector?: string;
  readonly notPorts?: readonly (number | string)[];
}

interface Icmp {
  readonly type?: number;
  readonly code?: number;
}

/** A rule of a policy or profile in YAML. */
export interface ApiRule {
  readonly action?: string;
  readonly ipVersion?: number;
  readonly protocol?: string | number;
  readonly icmp?: Icmp;
  readonly notProtocol?: string | number;
  readonly notICMP?: Icmp;
  readonly source?: Entity;
  readonly destination?: Entity;
}

const NAME = /^[a-zA-Z0-9_.-]{1,128}$/;
const PROTOCOL_NAME = /^(tcp|udp|icmp|icmpv6|sctp|udplite)$/;

const ICMP = struct('api.ICMPFields', [field('type', INTEGER, {isPointer: true}), field('code', INTEGER, {isPointer: true})]);

/** A list of rules, as the version knows them. */
export function rulesType(version: Version): Type {
  const nets = (name: 'nets' | 'notNets') => (version === 'v1.2.0' ? [] : [field(name, listOf(NET))]);
  const entity = struct('api.EntityRule', [
    field('tag', STRING),
    field('net', NET),
    ...nets('nets'),
    field('selector', STRING),
    field('ports', listOf(PORT)),
    field('notTag', STRING),
    field('notNet', NET),
    ...nets('notNets'),
    field('notSelector', STRING),
    field('notPorts', listOf(PORT)),
  ]);
  return listOf(
    struct('api.Rule', [
      field('action', STRING, {isAlwaysPrinted: true}),
      field('ipVersion', INTEGER, {go: 'IPVersion', isPointer: true}),
      field('protocol', PROTOCOL, {isPointer: true}),
      field('icmp', ICMP, {go: 'ICMP', isPointer: true}),
      field('notProtocol', PROTOCOL, {isPointer: true}),
      field('notICMP', ICMP, {isPointer: true}),
      field('source', entity),
      field('destination', entity),
    ]),
  );
}

/** Checks the rules as calicoctl does. */
export function checkRules(rules: readonly ApiRule[] | undefined, problems: Problems, version: Version): void {
  for (const rule of rules ?? []) {
    const {action = '', ipVersion, protocol, notProtocol, source = {}, destination = {}} = rule;
    if (!/^(allow|deny|log|pass)$/.test(action)) problems.add('action', action);
    if (ipVersion !== undefined && ipVersion !== 4 && ipVersion !== 6) problems.add('ipVersion', ipVersion);
    for (const each of [protocol, notProtocol]) checkProtocol(each, problems);
    for (const icmp of [rule.icmp, rule.notICMP]) checkIcmp(icmp, problems);
    for (const entity of [source, destination]) checkEntity(entity, problems);
    checkPorts(rule, problems);
    if (version === 'v1.2.0') checkNet(rule, problems);
    else checkNets(rule, problems);
  }
}

function checkProtocol(protocol: string | number | undefined, problems: Problems): void {
  if (protocol === 0) problems.add('Protocol', 0, 'protocol number invalid');
  else if (typeof protocol === 'string' && !PROTOCOL_NAME.test(protocol))
    problems.add('Protocol', protocol, 'protocol name invalid');
}

function checkIcmp({type, code}: Icmp = {}, problems: Problems): void {
  if (type !== undefined && !(type >= 0 && type <= 254)) problems.add('type', type);
  if (code !== undefined && !(code >= 0 && code <= 255)) problems.add('code', code);
  if (code !== undefined && type === undefined) problems.add('Code', code, 'ICMP code specified without an ICMP type');
}

function checkEntity(entity: Entity, problems: Problems): void {
  problems.match('tag', entity.tag, NAME);
  problems.match('notTag', entity.notTag, NAME);
  for (const name of ['selector', 'notSelector'] as const) checkSelector(name, entity[name], problems);
  for (const port of [...(entity.ports ?? []), ...(entity.notPorts ?? [])]) {
    if (port === 0 || String(port).startsWith('0:'))
      problems.add('Port', 0, 'port range invalid, port number must be between 0 and 65536');
  }
}

/** Adds a problem if the selector cannot be parsed. */
export function checkSelector(name: string, selector: string | undefined, problems: Problems): void {
  try {
    parseSelector(selector ?? '');
  } catch {
    problems.add(name, selector);
  }
}

function checkPorts({protocol, source = {}, destination = {}}: ApiRule, problems: Problems): void {
  if (['tcp', 'udp', 6, 17].includes(protocol ?? '')) return;
  const found = {
    'Source.Ports': source.ports,
    'Source.NotPorts': source.notPorts,
    'Destination.Ports': destination.ports,
    'Destination.NotPorts': destination.notPorts,
  };
  for (const [name, ports] of Object.entries(found)) {
    if ((ports ?? []).length > 0) problems.add(name, ports, 'protocol does not support ports');
  }
}

function checkNet({ipVersion, source = {}, destination = {}}: ApiRule, problems: Problems): void {
  const versions = [source.net, destination.net].map((net) => (net === undefined ? undefined : parseNet(net)?.version));
  const differs = (version: number | undefined) => version !== undefined && ipVersion !== undefined && version !== ipVersion;
  const mismatch = 'rule contains an IP version that does not match';
  if (differs(versions[0])) problems.add('Source.Net', source.net, `${mismatch} src CIDR version`);
  if (differs(versions[1])) problems.add('Destination.Net', destination.net, `${mismatch} dst CIDR version`);
  if (versions[0] !== undefined && versions[1] !== undefined && versions[0] !== versions[1])
    problems.add('Destination.Net', destination.net, 'rule does not support mixing of IPv4/v6 CIDRs');
}

function checkNets({ipVersion, source = {}, destination = {}}: ApiRule, problems: Problems): void {
  const sides = [source, destination];
  const hasNet = sides.some(({net, notNet}) => net !== undefined || notNet !== undefined);
  const hasNets = sides.some(({nets = [], notNets = []}) => nets.length + notNets.length > 0);
  if (hasNet && hasNets)
    problems.add('Source/Destination.Net/Nets', source.nets ?? [], 'only one of Net and Nets fields allowed');
  const fields = {
    'Source.Net(s)': all(source.net, source.nets),
    'Source.NotNet(s)': all(source.notNet, source.notNets),
    'Destination.Net(s)': all(destination.net, destination.nets),
    'Destination.NotNet(s)': all(destination.notNet, destination.notNets),
  };
  const seen = new Set<number | undefined>();
  for (const [name, nets] of Object.entries(fields)) {
    const versions = new Set(nets.map((net) => parseNet(net)?.version));
    if (ipVersion !== undefined && [...versions].some((version) => version !== ipVersion))
      problems.add(name, source.net, "rule IP version doesn't match CIDR version");
    for (const version of versions) seen.add(version);
    if (versions.size > 0 && seen.size > 1) problems.add(name, nets, 'rule contains both IPv4 and IPv6 CIDRs');
  }
}

function all(net: string | undefined, nets: readonly string[] = []): readonly string[] {
  return net === undefined ? nets : [...nets, net];
}
