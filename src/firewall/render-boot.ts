import {type ManagedLine, type ManagedTable, tagOf} from './managed.js';
import {renderRestore} from './render-restore.js';
import {readOptions, tokenize} from './tokens.js';

/**
 * What a boot restores: these tables without the rules that do not survive a reboot, and without the tables in which no rule is left.
 * @param kept ids of the rules that survive
 */
export function renderBoot(tables: readonly ManagedTable[], kept: readonly string[]): string {
  const ownerOf = ({text}: ManagedLine): string | undefined => tagOf({options: readOptions(tokenize(text))})?.owner;
  const survivors = tables.map(({name, chains, jumps}) => ({
    name,
    jumps,
    chains: new Map(
      [...chains].map(([chain, lines]) => [
        chain,
        lines
          .filter((line) => ['failsafe', undefined, ...kept].includes(ownerOf(line)))
          // counted from 0 again
          .map(({text}) => ({text})),
      ]),
    ),
  }));
  const hasRule = (table: ManagedTable): boolean =>
    [...table.chains.values()].flat().some((line) => kept.includes(ownerOf(line) ?? ''));
  return renderRestore([], survivors.filter(hasRule));
}
