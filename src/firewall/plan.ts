import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import type {Family} from '../support/address.js';
import {Hw5Error} from '../support/errors.js';
import {showDuration} from './duration.js';
import {failsafeOf, type SshSource} from './failsafe.js';
import type {FirewallChange, RuleToAdd} from './firewall-change.js';
import {type FirewallState, isForgetful, type ToolState, type Variant} from './firewall-state.js';
import {type HostChange, renderChange} from './host-change.js';
import {layOut, managedChains} from './layout.js';
import {type ManagedTable, managedTables} from './managed.js';
import {readRules, readSshSources, rulesOn} from './read-rules.js';
import {coversContainers, coversHost, familiesOf, type Rule} from './rule.js';
import {chooseTool} from './variant.js';

/** The node that a plan is for, and where the SSH session of the user who plans comes from. */
export interface PlanContext {
  readonly node: ClusterNode;
  readonly cluster: Cluster;
  readonly source: SshSource | undefined;
}

/** Pure: what one host has to do for a change. @throws Hw5Error when the host cannot have the rule. */
export function planChange(state: FirewallState, change: FirewallChange, context: PlanContext): HostChange {
  if (change.kind === 'add') return planAdd(state, change, context);
  return change.kind === 'remove' ? planRemove(state, [change.id], context) : planReset(state);
}

/** Pure: how a host gets the rule. @throws Hw5Error when it cannot have it. */
export function planAdd(state: FirewallState, {rule, forSeconds, persist}: RuleToAdd, context: PlanContext): HostChange {
  const {node} = context;
  const remarks: string[] = [];
  const desired = new Map<string, readonly ManagedTable[]>();
  const explained = new Set<Variant>();
  // found in any family, so that a rule of which another program removed one family's half gets it back
  const others = rulesOn(state).filter((other) => other.id !== rule.id);
  for (const family of familiesOf(rule)) {
    const tool = chooseTool(state, family, node.name);
    if (!tool) {
      if (rule.match.kind === 'net' || family === 4) throw noTool(node.name, family);
      const why = state.broken.find((one) => one.startsWith('ip6tables'));
      remarks.push(`${node.name} has no ip6tables${why ? ` that works (${why})` : ''}: the rule applies to IPv4 only`);
      continue;
    }
    if (coversContainers(rule) && family === 4) assertDocker(tool, node.name);
    desired.set(tool.tool, desiredTables(tool, [...others, rule], context));
    // once is enough for both families
    if (tool.remark !== undefined && !explained.has(tool.variant)) remarks.push(tool.remark);
    explained.add(tool.variant);
  }
  const note = state.notes.get(rule.id);
  const change = renderChange(state, {desired, notes: []});
  const isEdited = change.edits.length > 0;
  if (rule.exercise === 'http-only' && coversHost(rule) && node.roles.includes('proxy') && isEdited) {
    remarks.push(`the notebook at port ${context.cluster.proxy.port} of ${node.name} is closed, too`);
  }
  if (note?.ends !== undefined && forSeconds === undefined) {
    remarks.push(`it still ends in ${showDuration(note.ends - state.now)}; --for gives it another end`);
  }
  const isNew = isEdited && note === undefined;
  const isNoted = isNew || forSeconds !== undefined || (persist === true && (!note?.persisted || isForgetful(state)));
  return renderChange(state, {
    desired,
    notes: isNoted ? [`set ${rule.id} ${forSeconds ?? '-'} ${persist ? 'yes' : '-'}`] : [],
    strictSeconds: rule.strict && isEdited ? forSeconds : undefined,
    remarks,
  });
}

/** Pure: how a host gets rid of the rules with these ids, in whichever tables they are. */
export function planRemove(state: FirewallState, ids: readonly string[], context: PlanContext): HostChange {
  const desired = state.tools.flatMap((tool) => {
    const rules = readRules(managedTables(tool.tables));
    const left = rules.filter((rule) => !ids.includes(rule.id));
    return left.length === rules.length ? [] : [[tool.tool, desiredTables(tool, left, context)] as const];
  });
  const notes = ids.filter((id) => state.notes.has(id)).map((id) => `drop ${id}`);
  return renderChange(state, {desired: new Map(desired), notes});
}

/** Pure: how a host gets rid of all managed chains, damaged rules included. */
export function planReset(state: FirewallState): HostChange {
  const desired = new Map(state.tools.map(({tool}) => [tool, []]));
  return renderChange(state, {desired, notes: [...state.notes.keys()].map((id) => `drop ${id}`)});
}

function desiredTables(tool: ToolState, rules: readonly Rule[], {node, cluster, source}: PlanContext): readonly ManagedTable[] {
  const failsafe = failsafeOf(node, cluster, sourcesOf(managedTables(tool.tables), source));
  return layOut(rules, tool.family, failsafe, managedChains(tool.tables, cluster.network.subnet));
}

/** A user who made rules before can still come in by SSH when another user makes one. */
function sourcesOf(managed: readonly ManagedTable[], source: SshSource | undefined): readonly SshSource[] {
  const before = readSshSources(managed);
  const isKnown = !source || before.some((other) => other.address === source.address && other.port === source.port);
  return isKnown ? before : [...before, source];
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
