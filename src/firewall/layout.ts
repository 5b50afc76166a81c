import type {Family} from '../support/address.js';
import type {Block} from '../support/block.js';
import {type Failsafe, NEIGHBOUR_TYPES} from './failsafe.js';
import type {Jump, ManagedLine, ManagedTable} from './managed.js';
import {type SavedTable, targetOf} from './parse-save.js';
import {coversContainers, coversHost, coversOwnNode, familiesOf, type Rule} from './rule.js';

/** A managed chain and the jumps to it. */
export interface ManagedChain {
  readonly table: 'filter' | 'mangle';
  readonly chain: string;
  readonly scope: 'host' | 'containers';
  readonly jumps: readonly Jump[];
  /** Whether a packet that comes here may match the rule. */
  readonly concerns: (rule: Rule) => boolean;
}

export const INPUT = 'HW5-INPUT';
export const FORWARD = 'HW5-FORWARD';
/** With a strict `http-only`, which decides about every packet, the failsafe and the rules behind it are in a chain of their own with this suffix. */
const SAFE = '-SAFE';

/** The chain that a packet enters first, for a chain and the one with the suffix: lines may move between the two. */
export const outerChain = (chain: string): string => (chain.endsWith(SAFE) ? chain.slice(0, -SAFE.length) : chain);

/** Interfaces to containers: Docker's bridges and Calico's veth pairs. */
export const CONTAINER_INTERFACES: readonly string[] = ['docker0', 'br-+', 'cali+'];

const jump = (from: string, text: string): Jump => ({from, text, isFirst: true});

/**
 * The managed chains of a family. Containers' packets pass DOCKER-USER; but Calico accepts packets of its containers before Docker's chain, and
 * what they answer their own node, so with Calico there are also chains one table earlier, in mangle, where packets can only be dropped.
 * @param pool the addresses of Calico's containers
 */
export function managedChains(tables: readonly SavedTable[], pool: Block): readonly ManagedChain[] {
  const filter = tables.find((table) => table.name === 'filter');
  const from = filter?.chains.has('DOCKER-USER') ? 'DOCKER-USER' : 'FORWARD';
  const hasCalico = filter?.rules.some((rule) => rule.chain === 'FORWARD' && targetOf(rule) === 'cali-FORWARD') ?? false;
  const isOfContainer = ({match}: Rule): boolean =>
    match.kind !== 'net' || pool.contains(match.net.address) || match.net.contains(pool.address);
  return [
    {table: 'filter', chain: INPUT, scope: 'host', jumps: [jump('INPUT', `-j ${INPUT}`)], concerns: coversOwnNode},
    {table: 'filter', chain: FORWARD, scope: 'containers', jumps: [jump(from, `-j ${FORWARD}`)], concerns: coversContainers},
    ...(hasCalico
      ? [
          {
            table: 'mangle',
            chain: FORWARD,
            scope: 'containers',
            jumps: [jump('FORWARD', `-o cali+ -j ${FORWARD}`), jump('FORWARD', `-i cali+ -j ${FORWARD}`)],
            concerns: coversContainers,
          } as const,
          {
            table: 'mangle',
            chain: INPUT,
            scope: 'host',
            jumps: [jump('INPUT', `-i cali+ -j ${INPUT}`)],
            concerns: (rule: Rule) => coversOwnNode(rule) && isOfContainer(rule),
          } as const,
        ]
      : []),
  ];
}

/** Pure: the managed tables of one family for these rules. Chains without a rule are left out. */
export function layOut(
  rules: readonly Rule[],
  family: Family,
  failsafe: Failsafe,
  chains: readonly ManagedChain[],
): readonly ManagedTable[] {
  const tables = new Map<string, {chains: Map<string, readonly ManagedLine[]>; jumps: Jump[]}>();
  for (const managed of chains) {
    const here = rules.filter((rule) => familiesOf(rule).includes(family) && managed.concerns(rule));
    if (here.length === 0) continue;
    const table = tables.get(managed.table) ?? {chains: new Map<string, readonly ManagedLine[]>(), jumps: [] as Jump[]};
    for (const [chain, lines] of chainsOf(here, family, failsafe[managed.scope][family], managed)) {
      table.chains.set(
        chain,
        lines.map((text) => ({text})),
      );
    }
    table.jumps.push(...managed.jumps);
    tables.set(managed.table, table);
  }
  return [...tables].map(([name, table]) => ({name, ...table}));
}

/**
 * Strict denials first, then the failsafe, then what it guards; `http-only`, which decides about everything, comes last. A strict one may not be
 * softened by the failsafe, and must not outrank the denials either: then failsafe and denials move to a chain of their own.
 */
function chainsOf(
  rules: readonly Rule[],
  family: Family,
  failsafe: readonly string[],
  managed: ManagedChain,
): readonly [string, readonly string[]][] {
  const pick = (isHttp: boolean, strict: boolean): string[] =>
    rules
      .filter((rule) => (rule.exercise === 'http-only') === isHttp && rule.strict === strict)
      // all of them reject, so their order does not matter; a fixed one gives the same chain for the same rules
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .flatMap((rule) => linesOf(rule, family, managed));
  const [strict, strictHttp] = [pick(false, true), pick(true, true)];
  const guarded = [...pick(false, false), ...pick(true, false)];
  const safe = guarded.length > 0 ? [...failsafe, ...guarded] : [];
  if (strictHttp.length === 0 || safe.length === 0) return [[managed.chain, [...strict, ...safe, ...strictHttp]]];
  return [
    [managed.chain, [...strict, `-j ${managed.chain}${SAFE}`, ...strictHttp]],
    [`${managed.chain}${SAFE}`, safe],
  ];
}

/** The lines for one rule in one chain: the report's, each with the rule's id in its comment. */
function linesOf(rule: Rule, family: Family, managed: ManagedChain): readonly string[] {
  const tag = `-m comment --comment "hw5:${rule.id} ${rule.exercise}${rule.strict ? ' strict' : ''}"`;
  const reject =
    managed.table === 'mangle'
      ? '-j DROP'
      : `-j REJECT --reject-with ${family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable'}`;
  const {match} = rule;
  // a rule for containers only: what they send to their own node is not forwarded
  const interfaces = managed.table === 'mangle' ? ['cali+'] : CONTAINER_INTERFACES;
  const from = managed.scope === 'host' && !coversHost(rule) ? interfaces.map((name) => `-i ${name} `) : [''];
  if (match.kind === 'mac') return from.map((side) => `${side}-m mac --mac-source ${match.mac} ${tag} ${reject}`);
  if (match.kind === 'net') {
    const echo = family === 4 ? '-p icmp -m icmp --icmp-type 8' : '-p ipv6-icmp -m icmp6 --icmpv6-type 128';
    return from.map((side) => `-s ${match.net} ${side}${rule.exercise === 'deny-ping' ? `${echo} ` : ''}${tag} ${reject}`);
  }
  const isHost = managed.scope === 'host';
  const accept = managed.table === 'filter' && isHost ? 'ACCEPT' : 'RETURN';
  return [
    ...(isHost ? [`-i lo ${tag} -j RETURN`] : []),
    `-m conntrack --ctstate RELATED,ESTABLISHED ${tag} -j RETURN`,
    ...(isHost && family === 6
      ? NEIGHBOUR_TYPES.map((type) => `-p ipv6-icmp -m icmp6 --icmpv6-type ${type} ${tag} -j RETURN`)
      : []),
    // what may pass to a container is still Docker's and Calico's to judge; the node itself accepts, as in the report
    `-p tcp -m tcp --dport 80 ${tag} -j ${accept}`,
    ...(isHost ? [`${tag} -j DROP`] : CONTAINER_INTERFACES.map((name) => `-o ${name} ${tag} -j DROP`)),
  ];
}
