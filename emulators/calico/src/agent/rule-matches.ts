import {parseNet} from '../model/ip.js';
import {isIcmp, isIcmpMatch, isProtocol} from '../model/protocols.js';
import {SelectorError} from '../model/selector.js';
import type {Rule} from '../model/types.js';
import type {SelectorSets} from './ip-sets.js';
import {isSet, SCRATCH, setMark} from './marks.js';
import {MARK} from './tables.js';

/** iptables accepts 15 entries per multiport match; a range counts as two. */
const PORTS_PER_MATCH = 15;
const PORT_PROTOCOLS = new Set(['tcp', 'udp', 'sctp', 'dccp', 'udplite', '6', '17']);
const FIELDS = new Set([
  'action',
  'ip_version',
  'log_prefix',
  ...['', '!'].flatMap((not) => [
    ...['protocol', 'icmp_type', 'icmp_code'].map((name) => `${not}${name}`),
    ...['src', 'dst'].flatMap((side) => ['tag', 'net', 'nets', 'selector', 'ports'].map((name) => `${not}${side}_${name}`)),
  ]),
]);

/** A rule that cannot be expressed in iptables: one rejected line makes iptables-restore fail for the whole table. */
class InexpressibleError extends Error {}

/**
 * The lines of a chain that enforce a rule, as Felix writes them. A rule that cannot be expressed is left out, so that it allows nothing; if
 * it denies, it denies every packet that reaches it.
 */
export function ruleLines(rule: Rule, sets: SelectorSets): string[] {
  try {
    return expressibleLines(rule, sets);
  } catch (error) {
    if (!(error instanceof InexpressibleError || error instanceof SelectorError)) throw error;
    return rule.action === 'deny' ? ['-j DROP'] : [];
  }
}

function expressibleLines(rule: Rule, sets: SelectorSets): string[] {
  const unknown = Object.entries(rule).find(([name, value]) => !FIELDS.has(name) && value !== null && value !== '');
  if (unknown !== undefined) throw new InexpressibleError(`unknown field ${unknown[0]}`);
  if (rule.ip_version !== undefined && rule.ip_version !== 4) return [];
  const nets = {
    src: ipv4Nets(rule.src_net, rule.src_nets),
    dst: ipv4Nets(rule.dst_net, rule.dst_nets),
    notSrc: ipv4Nets(rule['!src_net'], rule['!src_nets']),
    notDst: ipv4Nets(rule['!dst_net'], rule['!dst_nets']),
  };
  // no packet is of a protocol and not of it
  if (rule.protocol !== undefined && String(rule.protocol) === String(rule['!protocol'])) return [];
  // nets of IPv6 only: the rule is one of IPv6
  if (Object.values(nets).some((list) => list?.length === 0)) return [];
  const {lines, rest, match} = netBlocks(nets);
  const matches = chunked(rule.src_ports).flatMap((sources) =>
    chunked(rule.dst_ports).map((destinations) => [...matchOf(rule, rest, sets, sources, destinations), ...match].join(' ')),
  );
  return [...lines, ...matches.flatMap((text) => actionLines(rule, text))];
}

/** The given nets of IPv4; undefined if there is no net at all. */
function ipv4Nets(net: string | undefined, nets: readonly string[] = []): readonly string[] | undefined {
  const all = net === undefined ? nets : [...nets, net];
  if (all.length === 0) return undefined;
  return all.flatMap((text) => {
    const parsed = parseNet(text);
    if (parsed === undefined) throw new InexpressibleError(`invalid net ${text}`);
    return parsed.version === 4 ? [parsed.masked] : [];
  });
}

interface Nets {
  readonly src: readonly string[] | undefined;
  readonly dst: readonly string[] | undefined;
  readonly notSrc: readonly string[] | undefined;
  readonly notDst: readonly string[] | undefined;
}

/**
 * A rule of iptables can match one source and one destination. Where there are more, lines before it set a mark if the packet is in one of
 * the nets, and take it away if it is in an excluded one; the rule matches that mark. Felix's bits and order.
 */
function netBlocks({src = [], dst = [], notSrc = [], notDst = []}: Nets): {lines: string[]; rest: Nets; match: string[]} {
  const [sources, destinations] = [src.length + notSrc.length, dst.length + notDst.length];
  const single = (list: readonly string[], isSingle: boolean) => (isSingle && list.length > 0 ? list : undefined);
  const rest = {
    src: single(src, src.length === 1),
    dst: single(dst, dst.length === 1),
    notSrc: single(notSrc, sources === 1),
    notDst: single(notDst, destinations === 1),
  };
  if (sources <= 1 && destinations <= 1) return {lines: [], rest, match: []};
  const isInBlock = src.length > 1 || dst.length > 1;
  const lines = [`-j MARK --set-xmark ${isInBlock ? '0x0' : SCRATCH.all}/${SCRATCH.both}`];
  const blocks = [
    ...(src.length > 1 ? [src.map((net) => `-s ${net}`)] : []),
    ...(dst.length > 1 ? [dst.map((net) => `-d ${net}`)] : []),
  ];
  for (const [i, block] of blocks.entries()) {
    const bit = i === 0 ? SCRATCH.all : SCRATCH.block;
    lines.push(...block.map((match) => `${match} ${setMark(bit)}`));
    if (i > 0) lines.push(`-m mark --mark 0x0/${SCRATCH.block} -j MARK --set-xmark 0x0/${SCRATCH.all}`);
  }
  const excluded = [
    ...(sources > 1 ? notSrc.map((net) => `-s ${net}`) : []),
    ...(destinations > 1 ? notDst.map((net) => `-d ${net}`) : []),
  ];
  lines.push(...excluded.map((match) => `${match} -j MARK --set-xmark 0x0/${SCRATCH.all}`));
  return {lines, rest, match: isSet(SCRATCH.all).split(' ')};
}

function matchOf(rule: Rule, nets: Nets, sets: SelectorSets, sources: string, destinations: string): string[] {
  const side = (name: 'src' | 'dst', not: '' | '!') => {
    const [tag, selector] = [rule[`${not}${name}_tag`], rule[`${not}${name}_selector`]];
    const names = [...(tag ? [sets.ofTag(tag)] : []), ...(selector ? [sets.ofSelector(selector)] : [])];
    return names.flatMap((set) => ['-m', 'set', ...(not === '' ? [] : ['!']), '--match-set', set, name]);
  };
  const ports = (option: '--sports' | '--dports', list: string) => (list === '' ? [] : ['-m', 'multiport', option, list]);
  const notPorts = (option: '--sports' | '--dports', list: Rule['src_ports']) =>
    chunked(list).flatMap((chunk) => (chunk === '' ? [] : ['-m', 'multiport', '!', option, chunk]));
  checkPorts(rule);
  return [
    ...protocolMatch(rule),
    ...(nets.src === undefined ? [] : ['-s', nets.src[0]!]),
    ...side('src', ''),
    ...ports('--sports', sources),
    ...(nets.dst === undefined ? [] : ['-d', nets.dst[0]!]),
    ...side('dst', ''),
    ...ports('--dports', destinations),
    ...icmpMatch(rule, ''),
    ...(nets.notSrc === undefined ? [] : ['!', '-s', nets.notSrc[0]!]),
    ...side('src', '!'),
    ...notPorts('--sports', rule['!src_ports']),
    ...(nets.notDst === undefined ? [] : ['!', '-d', nets.notDst[0]!]),
    ...side('dst', '!'),
    ...notPorts('--dports', rule['!dst_ports']),
    ...icmpMatch(rule, '!'),
  ];
}

function protocolMatch({protocol, '!protocol': excluded}: Rule): string[] {
  const names = [protocol, excluded].map((each) => (each === undefined ? undefined : String(each)));
  if (names.some((name) => name !== undefined && !isProtocol(name))) throw new InexpressibleError('invalid protocol');
  // iptables takes one protocol per rule; a packet of the one is not of the other
  return names[0] !== undefined ? ['-p', names[0]] : names[1] !== undefined ? ['!', '-p', names[1]] : [];
}

function icmpMatch(rule: Rule, not: '' | '!'): string[] {
  const [type, code] = [rule[`${not}icmp_type`], rule[`${not}icmp_code`]];
  if (type === undefined && code === undefined) return [];
  const protocol = rule.protocol === undefined ? undefined : String(rule.protocol);
  if (!isIcmp(protocol) || !isIcmpMatch(type, code)) throw new InexpressibleError('invalid ICMP match');
  const value = code === undefined ? String(type) : `${type}/${code}`;
  return ['-m', 'icmp', ...(not === '' ? [] : ['!']), '--icmp-type', value];
}

function checkPorts(rule: Rule): void {
  const lists = [rule.src_ports, rule.dst_ports, rule['!src_ports'], rule['!dst_ports']];
  if (lists.every((list) => (list ?? []).length === 0) || PORT_PROTOCOLS.has(String(rule.protocol ?? ''))) return;
  throw new InexpressibleError('ports without a protocol that has them');
}

function actionLines({action}: Rule, match: string): string[] {
  const line = (target: string) => `${match} ${target}`.trim();
  switch (action) {
    case 'allow':
      return [line(setMark(MARK.accept)), `${isSet(MARK.accept)} -j RETURN`];
    case 'pass':
    case 'next-tier':
      return [line(setMark(MARK.pass)), `${isSet(MARK.pass)} -j RETURN`];
    case 'log':
      return [line('-j LOG --log-prefix "calico-packet: " --log-level 5')];
    default:
      return [line('-j DROP')];
  }
}

/** Port lists that fit into one match each; one empty list if there are no ports. */
function chunked(ports: Rule['src_ports'] = []): string[] {
  const chunks: string[][] = [[]];
  let weight = 0;
  for (const port of ports.map(String)) {
    const own = port.includes(':') ? 2 : 1;
    if (weight + own > PORTS_PER_MATCH) {
      chunks.push([]);
      weight = 0;
    }
    chunks.at(-1)?.push(port);
    weight += own;
  }
  return chunks.map((chunk) => chunk.join(','));
}
