import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import {changeHost, type NodeResult} from './change-host.js';
import {type FirewallChange, ruleIdOf} from './firewall-change.js';
import {isNothing} from './host-change.js';
import type {FirewallNodes, NodeState} from './nodes.js';
import {planChange} from './plan.js';
import type {Claim, Proof} from './proof.js';
import {Prover} from './prove.js';
import {rulesOn} from './read-rules.js';

/** What `changeAndProve` works with. */
export interface ChangeRequest {
  /** All nodes that can send probes. */
  readonly nodes: FirewallNodes;
  /** The nodes to change. */
  readonly targets: readonly ClusterNode[];
  readonly change: FirewallChange;
  readonly isProven: boolean;
  readonly confirmSeconds: number;
  readonly signal: AbortSignal;
}

export interface ProvenResults {
  readonly results: readonly NodeResult[];
  /** Empty when nothing was to be proven. */
  readonly proofs: readonly Proof[];
}

/** Probes, changes all targets concurrently, and probes again. A node that fails does not stop the others. */
export async function changeAndProve(request: ChangeRequest): Promise<ProvenResults> {
  const {nodes, targets, change, isProven, confirmSeconds, signal} = request;
  const {cluster, views} = nodes;
  const changed = views.filter(({node}) => targets.includes(node));
  const claims = changed.flatMap((view) => claimsOf(change, view));
  const isNew = changed.some((view) => !isSettled(view, cluster, change));
  await using prover = isProven && claims.length > 0 ? await Prover.prepare(cluster, views, claims, signal) : undefined;
  if (isNew) await prover?.before();
  const results = await Promise.all(
    changed.map(async (view): Promise<NodeResult> => {
      const outcome = await changeHost(view, (state) => planChange(state, change, {...view, cluster}), {confirmSeconds, signal});
      return {node: view.node.name, outcome};
    }),
  );
  const failed = new Set(results.filter(({outcome}) => outcome.kind === 'failed').map(({node}) => node));
  const all = (await prover?.after({isGone: change.kind !== 'add'})) ?? [];
  // an interrupted proof proves nothing
  const proofs = signal.aborted ? [] : all;
  return {results, proofs: proofs.filter(({node}) => !failed.has(node))};
}

/** The rules that a change is about on one node, with the time at which they end by themselves. */
function claimsOf(change: FirewallChange, view: NodeState): readonly Claim[] {
  const {state} = view;
  const id = ruleIdOf(change);
  const rules = change.kind === 'add' ? [change.rule] : rulesOn(state).filter((rule) => id === undefined || rule.id === id);
  const forSeconds = change.kind === 'add' ? change.forSeconds : undefined;
  return rules.map((rule) => ({
    rule,
    view,
    ends: forSeconds === undefined ? state.notes.get(rule.id)?.ends : state.now + forSeconds,
  }));
}

/** Whether the change has nothing to do on a node, or cannot be planned: the error is reported when the node's turn comes. */
function isSettled(view: NodeState, cluster: Cluster, change: FirewallChange): boolean {
  try {
    return isNothing(planChange(view.state, change, {...view, cluster}));
  } catch {
    return true;
  }
}
