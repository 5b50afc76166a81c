import type {FirewallState} from './firewall-state.js';
import {isSame, type ManagedTable, managedTables} from './managed.js';
import {renderBoot} from './render-boot.js';
import {renderRestore} from './render-restore.js';

/** What changes in one iptables of a host. */
export interface Edit {
  /** As `iptables-nft`. */
  readonly tool: string;
  /** Input of `TOOL-restore --noflush`. */
  readonly forward: string;
  /** The managed chains as they were, as a state file for the host's program, which restores them whatever part of the change is installed. */
  readonly back: string;
}

/** One change to one host's firewall, rendered. */
export interface HostChange {
  readonly edits: readonly Edit[];
  /** Changes to the host's records of rules: `set ID SECONDS|- yes|-` and `drop ID`. */
  readonly notes: readonly string[];
  /** What the next boot restores when the change is confirmed: a state file for each tool. */
  readonly boot: readonly {readonly tool: string; readonly content: string}[];
  /** Tables that the change creates, each as `TOOL TABLE`: the host deletes them when they are empty again. */
  readonly newTables: readonly string[];
  /** Of the state on which the change was planned. */
  readonly fingerprint: string;
  /** Seconds after which a strict rule ends by itself. Its change is not confirmed: a new connection may be just what the rule forbids. */
  readonly strictSeconds: number | undefined;
  /** What the user should know although the change succeeds. */
  readonly remarks: readonly string[];
}

/** Nothing to install and nothing to record. */
export const isNothing = (change: HostChange): boolean => change.edits.length === 0 && change.notes.length === 0;

/** What a plan decides; the rest of a HostChange follows from it and from the host's state. */
export interface Plan {
  /** The managed tables that each of these tools should have. Tools that are not named keep theirs. */
  readonly desired: ReadonlyMap<string, readonly ManagedTable[]>;
  readonly notes: readonly string[];
  readonly strictSeconds?: number | undefined;
  readonly remarks?: readonly string[];
}

/** Pure: renders a plan for a host. */
export function renderChange(state: FirewallState, {desired, notes, strictSeconds, remarks = []}: Plan): HostChange {
  const edits = state.tools.flatMap(({tool, tables}): Edit[] => {
    const before = managedTables(tables);
    const after = desired.get(tool);
    if (!after || isSame(before, after)) return [];
    return [{tool, forward: renderRestore(before, after), back: renderRestore([], before)}];
  });
  const newTables = state.tools.flatMap(({tool, tables}) =>
    (desired.get(tool) ?? []).filter(({name}) => !tables.some((table) => table.name === name)).map(({name}) => `${tool} ${name}`),
  );
  const kept = keptAfter(state, notes);
  const boot = state.tools.map(({tool, tables}) => ({
    tool,
    content: renderBoot(desired.get(tool) ?? managedTables(tables), kept),
  }));
  return {edits, notes, boot, newTables, fingerprint: state.fingerprint, strictSeconds, remarks};
}

/** The ids of the rules that survive a reboot when the notes have been applied. */
function keptAfter(state: FirewallState, notes: readonly string[]): readonly string[] {
  const words = notes.map((note) => note.split(' '));
  const dropped = words.filter(([verb]) => verb === 'drop').map(([, id]) => id);
  const added = words.filter(([verb, , , persist]) => verb === 'set' && persist === 'yes').map(([, id]) => id!);
  const before = [...state.notes].filter(([id, {persisted}]) => persisted && !dropped.includes(id)).map(([id]) => id);
  return [...before, ...added];
}
