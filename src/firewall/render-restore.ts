import {outerChain} from './layout.js';
import {canonical, type Jump, type ManagedLine, type ManagedTable} from './managed.js';

/**
 * The input of `iptables-restore --noflush --counters` that changes the managed tables from `from` to `to`: one transaction per table. Lines that stay
 * keep their counters; no other chain is named except in jumps to managed ones.
 */
export function renderRestore(from: readonly ManagedTable[], to: readonly ManagedTable[]): string {
  const names = [...new Set([...from, ...to].map((table) => table.name))];
  const empty = (name: string): ManagedTable => ({name, chains: new Map(), jumps: []});
  return names
    .map((name) => {
      const find = (tables: readonly ManagedTable[]): ManagedTable => tables.find((table) => table.name === name) ?? empty(name);
      return renderTable(find(from), find(to));
    })
    .join('');
}

function renderTable(from: ManagedTable, to: ManagedTable): string {
  const stale = [...from.chains.keys()].filter((chain) => !to.chains.has(chain));
  const isKept = (jump: Jump, others: readonly Jump[]): boolean =>
    others.some((other) => other.isFirst && jump.isFirst && isSameJump(jump, other));
  const lines = [
    `*${to.name}`,
    // naming a chain creates or empties it
    ...[...to.chains.keys(), ...stale].map((chain) => `:${chain} - [0:0]`),
    ...from.jumps.filter((jump) => !isKept(jump, to.jumps)).map((jump) => `-D ${jump.from} ${jump.text}`),
    ...[...to.chains].flatMap(([chain, own]) =>
      own.map((line) => `${counted(line, linesAt(chain, from))}-A ${chain} ${line.text}`),
    ),
    // the last one in is the first one met
    ...to.jumps
      .filter((jump) => !isKept(jump, from.jumps))
      .toReversed()
      .map((jump) => `-I ${jump.from} 1 ${jump.text}`),
    ...stale.map((chain) => `-X ${chain}`),
    'COMMIT',
    '',
  ];
  return lines.join('\n');
}

function isSameJump(a: Jump, b: Jump): boolean {
  return a.from === b.from && canonical(a.text) === canonical(b.text);
}

/** The lines that a packet may have met in place of a chain's: those of the chain and of the one with or without its suffix. */
function linesAt(chain: string, {chains}: ManagedTable): readonly ManagedLine[] {
  return [...chains].filter(([name]) => outerChain(name) === outerChain(chain)).flatMap(([, lines]) => lines);
}

function counted(line: ManagedLine, before: readonly ManagedLine[]): string {
  const counters = line.counters ?? before.find((other) => canonical(other.text) === canonical(line.text))?.counters;
  return counters ? `[${counters.packets}:${counters.bytes}] ` : '';
}
