import type {Chains} from './firewall.js';

/** What one table holds now, from `iptables-save -t <table>`. */
export interface SavedTable {
  /** Our chains with their rules, in iptables' own words and without counters. */
  readonly own: ReadonlyMap<string, readonly string[]>;
  /** Built-in chain → the positions (from 0) and rules that enter our chains. */
  readonly entries: ReadonlyMap<string, readonly {readonly position: number; readonly rule: string}[]>;
}

/** Reads a table. Rules of others are looked at only for their number. */
export function parseSavedTable(text: string): SavedTable {
  const own = new Map<string, string[]>();
  const entries = new Map<string, {position: number; rule: string}[]>();
  const lengths = new Map<string, number>();
  for (const line of text.split('\n')) {
    const chain = /^:(cali-\S+) /.exec(line)?.[1];
    if (chain !== undefined) own.set(chain, []);
    const [, name, rule] = /^-A (\S+) (.*)$/.exec(line) ?? [];
    if (name === undefined || rule === undefined) continue;
    if (name.startsWith('cali-')) {
      own.set(name, [...(own.get(name) ?? []), rule]);
      continue;
    }
    const position = lengths.get(name) ?? 0;
    lengths.set(name, position + 1);
    if (/(^| )-[jg] cali-/.test(rule)) entries.set(name, [...(entries.get(name) ?? []), {position, rule}]);
  }
  return {own, entries};
}

/** A text that is equal exactly when our part of the table is: our chains and where they are entered. */
export function fingerprint(saved: SavedTable): string {
  return JSON.stringify([
    [...saved.own].sort(([a], [b]) => (a < b ? -1 : 1)),
    [...saved.entries].sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}

/**
 * The input for `iptables-restore --noflush` that makes our chains exactly `wanted` and enters them first, in one transaction: a packet meets
 * either the old rules or the new.
 */
export function renderRestore(
  table: 'filter' | 'nat',
  wanted: Chains,
  entries: Readonly<Record<string, string>>,
  saved: SavedTable,
): string {
  const stale = [...saved.own.keys()].filter((chain) => !wanted.has(chain));
  return [
    `*${table}`,
    // Naming a chain empties it.
    ...[...wanted.keys(), ...stale].map((chain) => `:${chain} - [0:0]`),
    ...[...wanted].flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
    ...[...saved.entries].flatMap(([chain, found]) => found.map(({rule}) => `-D ${chain} ${rule}`)),
    ...Object.entries(entries).map(([chain, ours]) => `-I ${chain} 1 -j ${ours}`),
    ...stale.map((chain) => `-X ${chain}`),
    'COMMIT',
    '',
  ].join('\n');
}
