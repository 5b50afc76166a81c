import {hashed} from './rule-hashes.js';
import type {Chains} from './tables.js';

/** The present content of one table, from `iptables-save`. */
export interface SavedTable {
  /** The cali-* chains with their rules, as iptables prints them without counters. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Built-in chain → its rules that jump to a cali-* chain, with their positions (from 0). */
  readonly entries: ReadonlyMap<string, readonly {readonly position: number; readonly rule: string}[]>;
}

/** A table that the kernel does not have yet. */
export const NO_TABLE: SavedTable = {chains: new Map(), entries: new Map()};

/** Reads the output of iptables-save: table → its content. */
export function parseSaved(text: string): ReadonlyMap<string, SavedTable> {
  return new Map(
    text
      .split(/^\*/m)
      .slice(1)
      .map((table) => [table.split('\n', 1)[0] ?? '', parseSavedTable(table)]),
  );
}

/** Reads one table of the output of iptables-save. Foreign rules only count for the positions. */
export function parseSavedTable(text: string): SavedTable {
  const chains = new Map<string, string[]>();
  const entries = new Map<string, {position: number; rule: string}[]>();
  const lengths = new Map<string, number>();
  for (const line of text.split('\n')) {
    const chain = /^:(cali-\S+) /.exec(line)?.[1];
    if (chain !== undefined) chains.set(chain, []);
    const [, name, rule] = /^-A (\S+) (.*)$/.exec(line) ?? [];
    if (name === undefined || rule === undefined) continue;
    if (name.startsWith('cali-')) {
      chains.set(name, [...(chains.get(name) ?? []), rule]);
      continue;
    }
    const position = lengths.get(name) ?? 0;
    lengths.set(name, position + 1);
    if (/(^| )-[jg] cali-/.test(rule)) entries.set(name, [...(entries.get(name) ?? []), {position, rule}]);
  }
  return {chains, entries};
}

/** A string that changes exactly when the cali-* chains or the rules that jump to them change. */
export function fingerprint(saved: SavedTable): string {
  return JSON.stringify([
    [...saved.chains].sort(([a], [b]) => (a < b ? -1 : 1)),
    [...saved.entries].sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}

/**
 * The input for `iptables-restore --noflush` that makes the cali-* chains exactly `desired` and jumps to them first, in one transaction:
 * each packet passes either the old rules or the new ones.
 */
export function renderRestore(
  table: string,
  desired: Chains,
  entries: Readonly<Record<string, string>>,
  saved: SavedTable,
): string {
  const stale = [...saved.chains.keys()].filter((chain) => !desired.has(chain));
  return [
    `*${table}`,
    // Declaring a chain flushes it.
    ...[...desired.keys(), ...stale].map((chain) => `:${chain} - [0:0]`),
    ...[...desired].flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
    ...[...saved.entries].flatMap(([chain, found]) => found.map(({rule}) => `-D ${chain} ${rule}`)),
    ...Object.entries(entries).map(([chain, target]) => `-I ${chain} 1 ${hashed(chain, [`--jump ${target}`])[0]}`),
    ...stale.map((chain) => `-X ${chain}`),
    'COMMIT',
    '',
  ].join('\n');
}
