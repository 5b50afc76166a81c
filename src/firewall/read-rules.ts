import {parseMac, parseNet} from './address.js';
import type {SshSource} from './failsafe.js';
import type {FirewallState} from './firewall-state.js';
import {type ManagedTable, managedTables, tagOf} from './managed.js';
import {optionValue, targetOf} from './parse-save.js';
import {EXERCISES, type Exercise, ID, type Match, makeRule, type Rule, SCOPES, type Scope} from './rule.js';
import {type RuleOption, readOptions, tokenize} from './tokens.js';

/** A rule as it was found in a kernel. */
export interface FoundRule extends Rule {
  /** Packets that its denying lines caught. */
  readonly hits: number;
}

/** A line of one of our chains. */
export interface Line {
  readonly text: string;
  readonly options: readonly RuleOption[];
  readonly packets: number;
  readonly isForward: boolean;
}

/**
 * The rules in the order in which a packet meets them. Lines in our chains that no rule of ours could have made are passed over. A rule's id says
 * what it was made for, even when somebody has since taken some of its lines out.
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
    // where none of its lines says what its id says, somebody edited it: flaws.ts tells
    return [{...(asMade ?? {id, exercise, match, scope: scopeOf(lines), strict}), hits}];
  });
}

/** All rules of hw5 on a host, in the order in which packets meet them. */
export function rulesOn({tools}: Pick<FirewallState, 'tools'>): readonly FoundRule[] {
  return readRules(tools.flatMap(({tables}) => managedTables(tables)));
}

/** Who may come by SSH whatever is denied, as an earlier change saw them. */
export function readSshSources(tables: readonly ManagedTable[]): readonly SshSource[] {
  const sources = linesOf(tables)
    .filter(({options}) => tagOf({options})?.words[0] === 'ssh')
    .flatMap(({options}) => {
      const address = optionValue({options}, '-s')?.split('/')[0];
      const port = Number(optionValue({options}, '--dport'));
      return address && port > 0 ? [{address, port}] : [];
    });
  return [...new Map(sources.map((source) => [`${source.address} ${source.port}`, source])).values()];
}

/** What the host itself receives first, then what it passes on, whatever the order of a dump: the variants differ in it. */
export function linesOf(tables: readonly ManagedTable[]): readonly Line[] {
  const lines = tables.flatMap(linesInOrder);
  return [...lines.filter((line) => !line.isForward), ...lines.filter((line) => line.isForward)];
}

/** A table's lines as a packet meets them: from the chain that is entered from outside, into ours it leads to. */
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
  const net = parseNet(optionValue({options}, '-s') ?? '');
  return net && {kind: 'net', net};
}

function scopeOf(lines: readonly Line[]): Scope {
  if (lines.every((line) => line.isForward)) return 'containers';
  return lines.some((line) => line.isForward) ? 'both' : 'host';
}
