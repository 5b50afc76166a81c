import {parseAddress} from '../support/address.js';
import type {SshSource} from './failsafe.js';
import type {FirewallState} from './firewall-state.js';
import {CONTAINER_INTERFACES} from './layout.js';
import {parseMac} from './mac.js';
import {type ManagedTable, managedTables, tagOf} from './managed.js';
import {optionValue, targetOf} from './parse-save.js';
import {EXERCISES, type Exercise, ID, type Match, makeRule, type Rule, SCOPES, type Scope} from './rule.js';
import {parseSource} from './source-block.js';
import {type RuleOption, readOptions, tokenize} from './tokens.js';

/** A rule as found in a kernel. */
export interface FoundRule extends Rule {
  /** Packets that its denying lines matched. */
  readonly hits: number;
}

/** A line of a managed chain. */
export interface Line {
  readonly text: string;
  readonly options: readonly RuleOption[];
  readonly packets: number;
  readonly isForward: boolean;
}

/**
 * The rules in the order in which a packet meets them. Lines in managed chains that no rule of hw5 can have are skipped. As a rule's id is a hash of
 * the whole rule, some of its lines are enough to know the rest.
 */
export function readRules(tables: readonly ManagedTable[]): readonly FoundRule[] {
  const groups = new Map<string, {exercise: Exercise; strict: boolean; lines: Line[]}>();
  for (const line of linesOf(tables)) {
    const tag = tagOf(line);
    const exercise = EXERCISES.find((name) => name === tag?.words[0]);
    if (!tag || !ID.test(tag.owner) || !exercise) continue;
    const group = groups.get(tag.owner) ?? {exercise, strict: tag.words.includes('strict'), lines: []};
    group.lines.push(line);
    groups.set(tag.owner, group);
  }
  return [...groups].flatMap(([id, {exercise, strict, lines}]) => {
    const matches = lines.flatMap((line) => matchOf(exercise, line) ?? []);
    const asMade = matches
      .flatMap((match) => SCOPES.map((scope) => makeRule({exercise, match, scope, strict})))
      .find((rule) => rule.id === id);
    const [match] = matches;
    if (match === undefined) return [];
    const hits = lines.filter(isDenying).reduce((sum, line) => sum + line.packets, 0);
    // no line belongs to the id where the rule was edited: flaws.ts reports it
    return [{...(asMade ?? {id, exercise, match, scope: scopeOf(lines), strict}), hits}];
  });
}

/** All rules of hw5 on a host, in the order in which packets meet them. */
export function rulesOn({tools}: Pick<FirewallState, 'tools'>): readonly FoundRule[] {
  return readRules(tools.flatMap(({tables}) => managedTables(tables)));
}

/** From where SSH is always let in, as earlier changes recorded it. */
export function readSshSources(tables: readonly ManagedTable[]): readonly SshSource[] {
  const sources = linesOf(tables)
    .filter(({options}) => tagOf({options})?.words[0] === 'ssh')
    .flatMap(({options}) => {
      const address = parseAddress(optionValue({options}, '-s')?.split('/')[0] ?? '');
      const port = Number(optionValue({options}, '--dport'));
      return address && port > 0 ? [{address, port}] : [];
    });
  return [...new Map(sources.map((source) => [`${source.address} ${source.port}`, source])).values()];
}

/** Lines for what the host itself receives, then lines for what it forwards. The order of a dump differs between the variants. */
export function linesOf(tables: readonly ManagedTable[]): readonly Line[] {
  const lines = tables.flatMap(linesInOrder);
  return [...lines.filter((line) => !line.isForward), ...lines.filter((line) => line.isForward)];
}

/** A table's lines as a packet meets them, through jumps between managed chains. */
function linesInOrder(table: ManagedTable): readonly Line[] {
  const walk = (chain: string, isForward: boolean): Line[] =>
    (table.chains.get(chain) ?? []).flatMap(({text, counters}) => {
      const options = readOptions(tokenize(text));
      const target = targetOf({options}) ?? '';
      if (target !== chain && table.chains.has(target)) return walk(target, isForward);
      return [{text, options, packets: counters?.packets ?? 0, isForward}];
    });
  const inner = new Set([...table.chains.values()].flat().map(({text}) => targetOf({options: readOptions(tokenize(text))})));
  return [...table.chains.keys()].filter((chain) => !inner.has(chain)).flatMap((chain) => walk(chain, chain.includes('FORWARD')));
}

function isDenying({options}: Line): boolean {
  return ['REJECT', 'DROP'].includes(targetOf({options}) ?? '');
}

function matchOf(exercise: Exercise, {options}: Line): Match | undefined {
  if (exercise === 'http-only') return {kind: 'all'};
  if (exercise === 'deny-mac') {
    const mac = parseMac(optionValue({options}, '--mac-source') ?? '');
    return mac === undefined ? undefined : {kind: 'mac', mac};
  }
  const net = parseSource(optionValue({options}, '-s') ?? '');
  return net && {kind: 'net', net};
}

function scopeOf(lines: readonly Line[]): Scope {
  const isForContainers = (line: Line): boolean => line.isForward || CONTAINER_INTERFACES.includes(optionValue(line, '-i') ?? '');
  if (lines.every(isForContainers)) return 'containers';
  return lines.some((line) => line.isForward) ? 'both' : 'host';
}
