import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import {isIn} from './address.js';
import type {ChangeOptions} from './change.js';
import {commit, type Outcome} from './commit.js';
import {type Nodes, type NodeView, rulesOn} from './nodes.js';
import {type Change, isNothing, type Place} from './plan.js';
import type {Claim, Proof} from './proof.js';
import {Prover} from './prove.js';
import type {Rule} from './rule.js';
import type {Interface, Sighting} from './sighting.js';

/** What became of one node. */
export interface NodeResult {
  readonly node: string;
  readonly outcome: Outcome;
}

export interface WorkResult {
  readonly results: readonly NodeResult[];
  /** Empty when nothing was to be proven. */
  readonly proofs: readonly Proof[];
}

export interface Work {
  /** All nodes that may be asked to probe. */
  readonly nodes: Nodes;
  /** Those that are to be changed. */
  readonly targets: readonly ClusterNode[];
  /** Pure. */
  readonly plan: (seen: Sighting, place: Place) => Change;
  /** The rules that the change is about, on one node. */
  readonly rules: (seen: Sighting) => readonly Rule[];
  /** After how many seconds they end by themselves, where the change says so. */
  readonly forSeconds?: number | undefined;
  /** Whether the change takes them away. */
  readonly isRemoval: boolean;
  readonly isProven: boolean;
  readonly options: ChangeOptions;
}

/** Probes, changes all targets at once, and probes again. What fails on one node stops no other. */
export async function work({nodes, targets, plan, rules, forSeconds, isRemoval, isProven, options}: Work): Promise<WorkResult> {
  const {cluster, views} = nodes;
  const mine = views.filter(({node}) => targets.includes(node));
  const claims = mine.flatMap((view) =>
    rules(view.seen).map((rule): Claim => {
      const ends = forSeconds === undefined ? view.seen.notes.get(rule.id)?.ends : view.seen.now + forSeconds;
      return {rule, view, ends};
    }),
  );
  const isNew = mine.some((view) => !isSettled(view, cluster, plan));
  await using prover = isProven && claims.length > 0 ? await Prover.prepare(cluster, views, claims, options.signal) : undefined;
  if (isNew) await prover?.before();
  const results = await Promise.all(
    mine.map(async (view): Promise<NodeResult> => ({node: view.node.name, outcome: await commit(view, cluster, plan, options)})),
  );
  const failed = new Set(results.filter(({outcome}) => outcome.kind === 'failed').map(({node}) => node));
  const all = (await prover?.after({isGone: isRemoval})) ?? [];
  // half a proof is none
  const proofs = options.signal?.aborted ? [] : all;
  return {results, proofs: proofs.filter(({node}) => !failed.has(node))};
}

/** Proves the rules as they stand. */
export async function verify(
  nodes: Nodes,
  targets: readonly ClusterNode[],
  id: string | undefined,
  signal?: AbortSignal,
): Promise<readonly Proof[]> {
  const claims = claimsOn(
    nodes.views.filter(({node}) => targets.includes(node)),
    id,
  );
  await using prover = await Prover.prepare(nodes.cluster, nodes.views, claims, signal);
  // awaited here: what the prover holds is let go when this function ends
  return await prover.after();
}

/** The rules on these nodes, all or those with an id. */
export function claimsOn(views: readonly NodeView[], id: string | undefined): readonly Claim[] {
  return views.flatMap((view) =>
    rulesOn(view.seen)
      .filter((rule) => id === undefined || rule.id === id)
      .map((rule) => ({rule, view, ends: view.seen.notes.get(rule.id)?.ends})),
  );
}

/** Whether a rule would only be about a node's own packets to itself, which never come from outside. @param interfaces none: it does not answer */
export function isAboutItself({match}: Rule, node: ClusterNode, interfaces: readonly Interface[] = []): boolean {
  if (match.kind === 'mac') return interfaces.some(({mac}) => mac === match.mac);
  if (match.kind !== 'net' || !/\/(32|128)$/.test(match.net.text)) return false;
  const own = interfaces.flatMap(({addresses}) => addresses.map(({address}) => address));
  return [node.address, ...own].some((address) => isIn(match.net, address));
}

function isSettled(view: NodeView, cluster: Cluster, plan: Work['plan']): boolean {
  try {
    return isNothing(plan(view.seen, {node: view.node, cluster, source: view.source}));
  } catch {
    // told again, and to the user, when it is to be done
    return true;
  }
}
