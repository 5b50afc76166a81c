import {cidrContains, parseCidr} from '../model/ipv4.js';
import {isIcmp, isIcmpMatch, isProtocol} from '../model/protocols.js';
import type {Rule} from '../model/types.js';

/** Tag → the addresses of all endpoints whose profiles have it. */
export type TagMembers = ReadonlyMap<string, readonly string[]>;

/** iptables accepts 15 entries per multiport match; a range counts as two. */
const PORTS_PER_MATCH = 15;
const PROTOCOLS_WITH_PORTS = new Set(['tcp', 'udp', 'sctp', 'dccp', 'udplite']);
const KNOWN_FIELDS = new Set([
  'action',
  'ip_version',
  'protocol',
  'icmp_type',
  'icmp_code',
  'src_tag',
  'src_net',
  'src_ports',
  'dst_tag',
  'dst_net',
  'dst_ports',
  '!protocol',
  '!src_net',
  '!src_ports',
  '!dst_net',
  '!dst_ports',
  'log_prefix',
]);

/**
 * The iptables matches that together are equivalent to the rule: several when a tag has several members or the ports need more than one
 * match, none when it can match nothing. Undefined when the rule contains what this emulator does not support (selectors) or what iptables
 * would reject: one rejected rule makes iptables-restore fail for the whole table.
 */
export function matchesOf(rule: Rule, tags: TagMembers): string[][] | undefined {
  const isKnown = Object.entries(rule).every(([field, value]) => KNOWN_FIELDS.has(field) || value === null || value === '');
  if (!isKnown) return undefined;
  if (rule.ip_version !== undefined && rule.ip_version !== 4) return [];
  const sources = addresses('-s', rule.src_net, rule.src_tag, tags);
  const destinations = addresses('-d', rule.dst_net, rule.dst_tag, tags);
  const [protocol, ports] = [protocolMatch(rule), portMatches(rule)];
  if (protocol === undefined || ports === undefined) return undefined;
  const fixed = [...protocol, ...not('-s', rule['!src_net']), ...not('-d', rule['!dst_net'])];
  return sources.flatMap((source) =>
    destinations.flatMap((destination) => ports.map((port) => [...source, ...destination, ...fixed, ...port])),
  );
}

/** One match per address: the net itself, or the members of the tag that are in the net. `[[]]` matches everything. */
function addresses(option: '-s' | '-d', net: string | undefined, tag: string | undefined, tags: TagMembers): string[][] {
  if (tag === undefined) return net === undefined ? [[]] : parseCidr(net) === undefined ? [] : [[option, net]];
  const members = (tags.get(tag) ?? []).filter((address) => net === undefined || cidrContains(net, address));
  return members.map((address) => [option, `${address}/32`]);
}

function not(option: '-s' | '-d', net: string | undefined): string[] {
  return net === undefined ? [] : ['!', option, net];
}

function protocolMatch(rule: Rule): string[] | undefined {
  const {protocol, '!protocol': excluded, icmp_type: type, icmp_code: code} = rule;
  if (protocol !== undefined && excluded !== undefined) return undefined;
  if ([protocol, excluded].some((each) => each !== undefined && !isProtocol(String(each)))) return undefined;
  if (type !== undefined || code !== undefined) {
    if (!isIcmp(protocol) || !isIcmpMatch(type, code)) return undefined;
    return ['-p', 'icmp', '-m', 'icmp', '--icmp-type', code === undefined ? String(type) : `${type}/${code}`];
  }
  if (excluded !== undefined) return ['!', '-p', excluded];
  return protocol === undefined ? [] : ['-p', protocol];
}

function portMatches(rule: Rule): string[][] | undefined {
  const groups = [
    {option: '--sports', isNegated: false, ports: rule.src_ports},
    {option: '--dports', isNegated: false, ports: rule.dst_ports},
    {option: '--sports', isNegated: true, ports: rule['!src_ports']},
    {option: '--dports', isNegated: true, ports: rule['!dst_ports']},
  ].filter((group) => (group.ports ?? []).length > 0);
  if (groups.length === 0) return [[]];
  if (!PROTOCOLS_WITH_PORTS.has(rule.protocol ?? '')) return undefined;
  return groups.reduce<string[][]>(
    (matches, {option, isNegated, ports}) => {
      const chunks = chunked(ports ?? []).map((chunk) => ['-m', 'multiport', ...(isNegated ? ['!'] : []), option, chunk]);
      // All negated chunks must match in one rule; of the others, one match per chunk is an alternative.
      return isNegated
        ? matches.map((match) => [...match, ...chunks.flat()])
        : matches.flatMap((match) => chunks.map((chunk) => [...match, ...chunk]));
    },
    [[]],
  );
}

function chunked(ports: readonly (number | string)[]): string[] {
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
