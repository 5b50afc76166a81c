import {type Counters, commentOf, type SavedRule, type SavedTable, targetOf} from './parse-save.js';
import {type RuleOption, readOptions, tokenize} from './tokens.js';

/** The names of all managed chains begin with this. */
export const PREFIX = 'HW5-';

/** A line of a managed chain, as it follows `-A CHAIN`. */
export interface ManagedLine {
  readonly text: string;
  readonly counters?: Counters | undefined;
}

/** A rule in another chain that leads to a managed one. */
export interface Jump {
  readonly from: string;
  readonly text: string;
  /** Whether no rule ahead of it lets packets bypass it. Calico's do not count: it moves them to the front again and again. */
  readonly isFirst: boolean;
}

/** The managed chains of one table. */
export interface ManagedTable {
  readonly name: string;
  readonly chains: ReadonlyMap<string, readonly ManagedLine[]>;
  /** First entered first. */
  readonly jumps: readonly Jump[];
}

/** Finds the managed chains in a dump. Tables without any are left out. */
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

/** Targets after which a packet continues with the next rule, or is dropped. */
const HARMLESS = ['', 'DROP', 'REJECT', 'LOG', 'NFLOG', 'MARK', 'CONNMARK', 'SET', 'TCPMSS'];

/** Whether a packet that goes to a target, or to a chain of that name, may bypass the rules that follow. fail2ban's chain, for example, only rejects. */
function mayLetPass(target: string, table: SavedTable): boolean {
  if (target.startsWith('cali-') || HARMLESS.includes(target)) return false;
  if (!table.chains.has(target)) return true;
  return table.rules.some((rule) => {
    const next = targetOf(rule) ?? '';
    return rule.chain === target && next !== 'RETURN' && mayLetPass(next, table);
  });
}

/** The comment of a line in a managed chain. */
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
 * The same string for equivalent lines: iptables prints what may be left out on input (a prefix length, `-m tcp`, how a REJECT rejects), and its versions
 * differ in order and in the case of MACs. The order of a list of ports makes no difference.
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
  if (name === '--dports' || name === '--sports') return values.map((value) => value.split(',').sort().join(','));
  return values;
}

/** Whether managed chains are the same, apart from counters. */
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
