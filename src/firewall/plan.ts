import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import {Hw5Error} from '../support/errors.js';
import type {Family} from './address.js';
import {showDuration} from './duration.js';
import {failsafeOf, type SshSource} from './failsafe.js';
import type {FirewallChange, RuleToAdd} from './firewall-change.js';
import {type FirewallState, isForgetful, type ToolState} from './firewall-state.js';
import {layOut, managedChains} from './layout.js';
import {isSame, type ManagedTable, managedTables} from './managed.js';
import {readRules, readSshSources, rulesOn} from './read-rules.js';
import {renderRestore} from './render-restore.js';
import {coversContainers, coversHost, familiesOf, type Rule} from './rule.js';
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
export interface HostChange {
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

/** Where a plan is for, and from where its maker comes. */
export interface PlanContext {
  readonly node: ClusterNode;
  readonly cluster: Cluster;
  readonly source: SshSource | undefined;
}

export const isNothing = (change: HostChange): boolean => change.edits.length === 0 && change.notes.length === 0;

/** Pure: what one host has to do for a change. @throws Hw5Error when the host cannot have the rule. */
export function planChange(state: FirewallState, change: FirewallChange, context: PlanContext): HostChange {
  if (change.kind === 'add') return planAdd(state, change, context);
  return change.kind === 'remove' ? planRemove(state, [change.id], context) : planReset(state);
}

/** Pure: how a host comes to have the rule. @throws Hw5Error when it cannot have it. */
export function planAdd(state: FirewallState, {rule, forSeconds, persist}: RuleToAdd, context: PlanContext): HostChange {
  const {node} = context;
  const remarks: string[] = [];
  const edits: Edit[] = [];
  for (const family of familiesOf(rule)) {
    const tool = chooseTool(state, family, node.name);
    if (!tool) {
      if (rule.match.kind === 'net' || family === 4) throw noTool(node.name, family);
      const why = state.broken.find((said) => said.startsWith('ip6tables'));
      remarks.push(`${node.name} has no ip6tables${why ? ` that works (${why})` : ''}: the rule stands for IPv4 only`);
      continue;
    }
    if (coversContainers(rule) && family === 4) assertDocker(tool, node.name);
    // with what others have of it in every family: where somebody took a half of one out, it comes back
    const others = rulesOn(state).filter((other) => other.id !== rule.id);
    edits.push(...edit(tool, [...others, rule], context));
  }
  if (rule.exercise === 'http-only' && coversHost(rule) && node.roles.includes('proxy') && edits.length > 0) {
    remarks.push(`the notebook at port ${context.cluster.proxy.port} of ${node.name} is closed, too`);
  }
  const note = state.notes.get(rule.id);
  if (note?.ends !== undefined && forSeconds === undefined) {
    remarks.push(`it still ends in ${showDuration(note.ends - state.now)}; --for gives it another end`);
  }
  const isNew = edits.length > 0 && note === undefined;
  const isNoted = isNew || forSeconds !== undefined || (persist === true && (!note?.persisted || isForgetful(state)));
  return {
    edits,
    notes: isNoted ? [`set ${rule.id} ${forSeconds ?? '-'} ${persist ? 'yes' : '-'}`] : [],
    fingerprint: state.fingerprint,
    strictSeconds: rule.strict && edits.length > 0 ? forSeconds : undefined,
    remarks,
  };
}

/** Pure: how a host gets rid of the rules with these ids, wherever they stand. */
export function planRemove(state: FirewallState, ids: readonly string[], context: PlanContext): HostChange {
  const tool = state.tools.filter(({tables}) => managedTables(tables).length > 0);
  const edits = tool.flatMap((one) => {
    const rules = rulesIn(one);
    const left = rules.filter((rule) => !ids.includes(rule.id));
    return left.length === rules.length ? [] : edit(one, left, context);
  });
  const notes = ids.filter((id) => state.notes.has(id)).map((id) => `drop ${id}`);
  return {edits, notes, fingerprint: state.fingerprint, strictSeconds: undefined, remarks: []};
}

/** Pure: how a host gets rid of all of it, damaged rules included. */
export function planReset(state: FirewallState): HostChange {
  const edits = state.tools.flatMap(({tool, tables}) => {
    const own = managedTables(tables);
    return own.length === 0 ? [] : [{tool, forward: renderRestore(own, []), back: renderRestore([], own)}];
  });
  const notes = [...state.notes.keys()].map((id) => `drop ${id}`);
  return {edits, notes, fingerprint: state.fingerprint, strictSeconds: undefined, remarks: []};
}

function edit(tool: ToolState, rules: readonly Rule[], {node, cluster, source}: PlanContext): readonly Edit[] {
  const own = managedTables(tool.tables);
  const failsafe = failsafeOf(node, cluster, sourcesOf(own, source));
  const wanted = layOut(rules, tool.family, failsafe, managedChains(tool.tables));
  if (isSame(own, wanted)) return [];
  return [{tool: tool.tool, forward: renderRestore(own, wanted), back: renderRestore([], own)}];
}

/** Whoever made rules before keeps the way in that those left open. */
function sourcesOf(own: readonly ManagedTable[], source: SshSource | undefined): readonly SshSource[] {
  const before = readSshSources(own);
  const isKnown = !source || before.some((other) => other.address === source.address && other.port === source.port);
  return isKnown ? before : [...before, source];
}

function rulesIn({tables}: ToolState): readonly Rule[] {
  return readRules(managedTables(tables));
}

function assertDocker({tables}: ToolState, node: string): void {
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
