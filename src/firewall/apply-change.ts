import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import {changeAndProve} from './change-and-prove.js';
import {type NodeResult, resultErrors} from './change-host.js';
import {assertKnown, matchesItself} from './claims.js';
import type {FirewallChange} from './firewall-change.js';
import {isNothing} from './host-change.js';
import {type Connect, FirewallNodes} from './nodes.js';
import {planChange} from './plan.js';
import type {Proof} from './proof.js';
import {proofErrors, throwAll} from './report-errors.js';
import {showMatch} from './rule.js';

/** A node that a change leaves out, and why. */
export interface LeftOut {
  readonly node: string;
  readonly why: string;
}

/** What a change did, or would do, reported once. */
export type ChangeReport = {
  /** In the order of the cluster file. */
  readonly results: readonly NodeResult[];
  readonly leftOut: readonly LeftOut[];
} & ({readonly kind: 'planned'} | {readonly kind: 'applied'; readonly proofs: readonly Proof[]; readonly reachedNodes: number});

/** What `applyChange` works with. */
export interface ApplyOptions {
  readonly connect: Connect;
  /** The nodes that the change is for. */
  readonly nodes: readonly ClusterNode[];
  /** Whether the user chose them by name. If not, nodes that have the denied address themselves are left out. */
  readonly areNamed: boolean;
  /** Only plan. */
  readonly isDryRun: boolean;
  /** Whether probes between all nodes of the cluster prove the change. */
  readonly isProven: boolean;
  /** Seconds after which a host rolls back a change that was not confirmed. */
  readonly confirmSeconds: number;
  /** Called once, when all nodes are done and before errors are thrown. */
  readonly emit: (report: ChangeReport) => void;
  readonly signal: AbortSignal;
}

/**
 * Changes the firewall of some nodes: reads the state of all, plans, installs, confirms and proves. A node that fails does not stop the others.
 * @throws Hw5Error for nodes that failed and for failed proofs, after they were reported
 */
export async function applyChange(cluster: Cluster, change: FirewallChange, options: ApplyOptions): Promise<void> {
  const {connect, emit, signal} = options;
  const isProven = options.isProven && !options.isDryRun;
  await using nodes = await FirewallNodes.open({cluster, connect, signal}, isProven ? cluster.nodes : options.nodes);
  const own = options.areNamed ? [] : withOwnAddress(change, options.nodes, nodes);
  const targets = options.nodes.filter((node) => !own.some((one) => one.node === node.name));
  if (change.kind === 'remove') assertKnown(change.id, nodes, targets);
  const leftOut = [...own, ...withoutProbes(options.nodes, nodes)];
  const unreached = nodes
    .failuresOn(targets)
    .map(({node, error}): NodeResult => ({node: node.name, outcome: {kind: 'failed', error}}));
  const inOrder = (results: readonly NodeResult[]): NodeResult[] =>
    targets.flatMap(({name}) => [...results, ...unreached].filter(({node}) => node === name));

  if (options.isDryRun) {
    const results = inOrder(planAll(nodes, targets, change));
    emit({kind: 'planned', results, leftOut});
    throwAll(resultErrors(results));
    return;
  }
  const done = await changeAndProve({nodes, targets, change, isProven, confirmSeconds: options.confirmSeconds, signal});
  const results = inOrder(done.results);
  emit({kind: 'applied', results, leftOut, proofs: done.proofs, reachedNodes: nodes.views.length});
  // interrupted: the change was reported, but not proven
  signal.throwIfAborted();
  throwAll([...resultErrors(results), ...proofErrors(done.proofs)]);
}

/** Nodes that have the denied address themselves. */
function withOwnAddress(change: FirewallChange, chosen: readonly ClusterNode[], nodes: FirewallNodes): readonly LeftOut[] {
  if (change.kind !== 'add') return [];
  const {rule} = change;
  return chosen
    .filter((node) => matchesItself(rule, node, nodes.views.find((view) => view.node === node)?.state.interfaces))
    .map((node) => ({node: node.name, why: `it has ${showMatch(rule.match)} itself`}));
}

/** Nodes that are not changed and do not answer. */
function withoutProbes(chosen: readonly ClusterNode[], {failures}: FirewallNodes): readonly LeftOut[] {
  return failures
    .filter(({node}) => !chosen.includes(node))
    .map(({node}) => ({node: node.name, why: 'it does not answer, so it probes nothing'}));
}

/** What each node would do. A node whose plan fails does not hide the others. */
function planAll(nodes: FirewallNodes, targets: readonly ClusterNode[], change: FirewallChange): NodeResult[] {
  return nodes.views
    .filter(({node}) => targets.includes(node))
    .map((view): NodeResult => {
      const node = view.node.name;
      try {
        const planned = planChange(view.state, change, {...view, cluster: nodes.cluster});
        return {node, outcome: {kind: isNothing(planned) ? 'unchanged' : 'changed', change: planned}};
      } catch (error) {
        return {node, outcome: {kind: 'failed', error: error as Error}};
      }
    });
}
