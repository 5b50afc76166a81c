import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import {Hw5Error} from '../support/errors.js';
import type {Family} from './address.js';
import {showDuration} from './duration.js';
import {failsafeOf, type SshSource} from './failsafe.js';
import {layOut, placesFor} from './layout.js';
import {rulesOn} from './nodes.js';
import {isSame, type OwnTable, ownTables} from './own.js';
import {readRules, readSshSources} from './read-rules.js';
import {renderRestore} from './restore.js';
import {coversContainers, coversHost, familiesOf, type Rule} from './rule.js';
import {type Holding, isForgetful, type Sighting} from './sighting.js';
import {chooseTool} from './variant.js';

/** What one iptables of a host is told. */
export interface Edit {
  readonly tool: string;
  /** Input of `TOOL-restore --noflush`. */
  readonly forward: string;
  /** Our ground as it was, in the same words: the host takes it back to that from whatever of the change is in. */
  readonly back: string;
}

/** One change to one host's firewall. Nothing to edit and nothing to note: there is nothing to do. */
export interface Change {
  readonly edits: readonly Edit[];
  /** For the host's notes: `set ID SECONDS|- yes|-` and `drop ID`. */
  readonly notes: readonly string[];
  /** What the change was planned on. */
  readonly fingerprint: string;
  /** Seconds after which a strict rule ends by itself: its change is not confirmed, for that could be just what it forbids. */
  readonly strictSeconds: number | undefined;
  /** What the user should know although it goes well. */
  readonly remarks: readonly string[];
}

/** A rule that should be there. */
export interface Wish {
  readonly rule: Rule;
  /** Ends by itself after so many seconds. Undefined: as it was, or never. */
  readonly forSeconds?: number | undefined;
  /** Outlives a reboot. */
  readonly persist?: boolean | undefined;
}

/** Where a plan is for, and from where its maker comes. */
export interface Place {
  readonly node: ClusterNode;
  readonly cluster: Cluster;
  readonly source: SshSource | undefined;
}

export const isNothing = (change: Change): boolean => change.edits.length === 0 && change.notes.length === 0;

/** Pure: how a host comes to have the rule. @throws Hw5Error when it cannot have it. */
export function planAdd(seen: Sighting, {rule, forSeconds, persist}: Wish, place: Place): Change {
  const {node} = place;
  const remarks: string[] = [];
  const edits: Edit[] = [];
  for (const family of familiesOf(rule)) {
    const holding = chooseTool(seen, family, node.name);
    if (!holding) {
      if (rule.match.kind === 'net' || family === 4) throw noTool(node.name, family);
      const why = seen.broken.find((said) => said.startsWith('ip6tables'));
      remarks.push(`${node.name} has no ip6tables${why ? ` that works (${why})` : ''}: the rule stands for IPv4 only`);
      continue;
    }
    if (coversContainers(rule) && family === 4) assertDocker(holding, node.name);
    // with what others have of it in every family: where somebody took a half of one out, it comes back
    const others = rulesOn(seen).filter((other) => other.id !== rule.id);
    edits.push(...edit(holding, [...others, rule], place));
  }
  if (rule.exercise === 'http-only' && coversHost(rule) && node.roles.includes('proxy') && edits.length > 0) {
    remarks.push(`the notebook at port ${place.cluster.proxy.port} of ${node.name} is closed, too`);
  }
  const note = seen.notes.get(rule.id);
  if (note?.ends !== undefined && forSeconds === undefined) {
    remarks.push(`it still ends in ${showDuration(note.ends - seen.now)}; --for gives it another end`);
  }
  const isNew = edits.length > 0 && note === undefined;
  const isNoted = isNew || forSeconds !== undefined || (persist === true && (!note?.persisted || isForgetful(seen)));
  return {
    edits,
    notes: isNoted ? [`set ${rule.id} ${forSeconds ?? '-'} ${persist ? 'yes' : '-'}`] : [],
    fingerprint: seen.fingerprint,
    strictSeconds: rule.strict && edits.length > 0 ? forSeconds : undefined,
    remarks,
  };
}

/** Pure: how a host gets rid of the rules with these ids, wherever they stand. */
export function planRemove(seen: Sighting, ids: readonly string[], place: Place): Change {
  const holding = seen.holdings.filter(({tables}) => ownTables(tables).length > 0);
  const edits = holding.flatMap((one) => {
    const rules = rulesIn(one);
    const left = rules.filter((rule) => !ids.includes(rule.id));
    return left.length === rules.length ? [] : edit(one, left, place);
  });
  const notes = ids.filter((id) => seen.notes.has(id)).map((id) => `drop ${id}`);
  return {edits, notes, fingerprint: seen.fingerprint, strictSeconds: undefined, remarks: []};
}

/** Pure: how a host gets rid of all of it, damaged rules included. */
export function planReset(seen: Sighting): Change {
  const edits = seen.holdings.flatMap(({tool, tables}) => {
    const own = ownTables(tables);
    return own.length === 0 ? [] : [{tool, forward: renderRestore(own, []), back: renderRestore([], own)}];
  });
  const notes = [...seen.notes.keys()].map((id) => `drop ${id}`);
  return {edits, notes, fingerprint: seen.fingerprint, strictSeconds: undefined, remarks: []};
}

function edit(holding: Holding, rules: readonly Rule[], {node, cluster, source}: Place): readonly Edit[] {
  const own = ownTables(holding.tables);
  const failsafe = failsafeOf(node, cluster, sourcesOf(own, source));
  const wanted = layOut(rules, holding.family, failsafe, placesFor(holding.tables));
  if (isSame(own, wanted)) return [];
  return [{tool: holding.tool, forward: renderRestore(own, wanted), back: renderRestore([], own)}];
}

/** Whoever made rules before keeps the way in that those left open. */
function sourcesOf(own: readonly OwnTable[], source: SshSource | undefined): readonly SshSource[] {
  const before = readSshSources(own);
  const isKnown = !source || before.some((other) => other.address === source.address && other.port === source.port);
  return isKnown ? before : [...before, source];
}

function rulesIn({tables}: Holding): readonly Rule[] {
  return readRules(ownTables(tables));
}

function assertDocker({tables}: Holding, node: string): void {
  const filter = tables.find((table) => table.name === 'filter');
  if (filter?.chains.has('DOCKER-USER')) return;
  throw new Hw5Error(`there is no chain DOCKER-USER on ${node}`, {
    hint: 'Docker makes it: rules for containers need Docker running; `--scope host` needs no Docker',
  });
}

function noTool(node: string, family: Family): Hw5Error {
  const command = family === 4 ? 'iptables' : 'ip6tables';
  return new Hw5Error(`there is no ${command} on ${node}`, {hint: 'install it there: `apt-get install iptables`'});
}
