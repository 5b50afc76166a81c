import {type Counters, commentOf, type SavedRule, type SavedTable, targetOf} from './parse-save.js';
import {type RuleOption, readOptions, tokenize} from './tokens.js';

/** Everything of ours in the kernel is in chains of this name. */
export const PREFIX = 'HW5-';

/** A line of one of our chains, as it follows `-A CHAIN`. */
export interface ManagedLine {
  readonly text: string;
  readonly counters?: Counters | undefined;
}

/** The rule that leads from somebody else's chain into ours. */
export interface Jump {
  readonly from: string;
  readonly text: string;
  /** Whether no rule ahead of it lets packets pass it by. Calico's do not count: it puts them first again and again. */
  readonly isFirst: boolean;
}

/** Our part of one table. */
export interface ManagedTable {
  readonly name: string;
  readonly chains: ReadonlyMap<string, readonly ManagedLine[]>;
  /** First entered first. */
  readonly jumps: readonly Jump[];
}

/** Picks our part out of a dump. Tables without it are left out. */
export function managedTables(tables: readonly SavedTable[]): readonly ManagedTable[] {
  return tables.map(managedTable).filter((table) => table.chains.size > 0 || table.jumps.length > 0);
}

function managedTable(table: SavedTable): ManagedTable {
  const chains = new Map<string, ManagedLine[]>();
  const jumps: Jump[] = [];
  const passed = new Set<string>();
  for (const name of table.chains.keys()) if (name.startsWith(PREFIX)) chains.set(name, []);
  for (const rule of table.rules) {
    const target = targetOf(rule) ?? '';
    if (rule.chain.startsWith(PREFIX)) chains.get(rule.chain)?.push({text: rule.text, counters: rule.counters});
    else if (target.startsWith(PREFIX)) jumps.push({from: rule.chain, text: rule.text, isFirst: !passed.has(rule.chain)});
    else if (mayLetPass(target, table)) passed.add(rule.chain);
  }
  return {name: table.name, chains, jumps};
}

/** Targets after which a packet goes on to the next rule, or nowhere at all. */
const HARMLESS = ['', 'DROP', 'REJECT', 'LOG', 'NFLOG', 'MARK', 'CONNMARK', 'SET', 'TCPMSS'];

/** Whether a packet that goes to a target, or to the chain of that name, may get by what follows. fail2ban's chain, for one, only rejects. */
function mayLetPass(target: string, table: SavedTable): boolean {
  if (target.startsWith('cali-') || HARMLESS.includes(target)) return false;
  if (!table.chains.has(target)) return true;
  return table.rules.some((rule) => {
    const next = targetOf(rule) ?? '';
    return rule.chain === target && next !== 'RETURN' && mayLetPass(next, table);
  });
}

/** What a comment of ours says. */
export interface Tag {
  /** A rule's id, or `failsafe`. */
  readonly owner: string;
  readonly words: readonly string[];
}

export function tagOf(rule: Pick<SavedRule, 'options'>): Tag | undefined {
  const [, owner, rest] = /^hw5:(\S+) ?(.*)$/.exec(commentOf(rule)) ?? [];
  return owner === undefined ? undefined : {owner, words: (rest ?? '').split(' ').filter(Boolean)};
}

/**
 * The same text for lines that mean the same: iptables says in full what one may leave out (a prefix length, `-m tcp`, how a REJECT
 * rejects), and its versions differ in order and in the case of MACs.
 */
export function canonical(text: string): string {
  const options = readOptions(tokenize(text))
    .filter((option) => option.name !== '-m')
    .map((option) => `${option.isNegated ? '! ' : ''}${option.name} ${plainValues(option).join(' ')}`)
    .filter((option) => !option.startsWith('--reject-with '));
  return options.sort().join(' ');
}

function plainValues({name, values}: RuleOption): readonly string[] {
  if (name === '-s' || name === '-d')
    return values.map((value) => (value.includes('/') ? value : `${value}/${value.includes(':') ? 128 : 32}`));
  if (name === '--mac-source') return values.map((value) => value.toLowerCase());
  return values;
}

/** Whether two states of our ground are the same, counters aside. */
export function isSame(a: readonly ManagedTable[], b: readonly ManagedTable[]): boolean {
  return fingerprint(a) === fingerprint(b);
}

function fingerprint(tables: readonly ManagedTable[]): string {
  const parts = tables.map((table) => ({
    name: table.name,
    chains: [...table.chains].map(([name, lines]) => [name, lines.map((line) => canonical(line.text))] as const).sort(byFirst),
    jumps: table.jumps.map((jump) => `${jump.from} ${canonical(jump.text)} ${jump.isFirst}`).sort(),
  }));
  return JSON.stringify(parts.sort((a, b) => (a.name < b.name ? -1 : 1)));
}

function byFirst(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
