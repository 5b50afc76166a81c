import type {ClusterNode} from '../cluster/cluster.js';
import {assertKnown, claimsOn} from './claims.js';
import {type Flaw, flawsOf} from './flaws.js';
import type {FirewallNodes} from './nodes.js';
import type {Proof} from './proof.js';
import {Prover} from './prove.js';
import {flawError, proofErrors, throwAll} from './report-errors.js';

/** What `hw5 firewall verify` found. */
export interface Verification {
  readonly proofs: readonly Proof[];
  readonly flaws: readonly Flaw[];
}

/** What `verifyRules` works with. */
export interface VerifyOptions {
  /** The nodes whose rules are proven; the others only send probes. */
  readonly targets: readonly ClusterNode[];
  /** Only this rule. */
  readonly id?: string | undefined;
  /** Called once, before errors are thrown. */
  readonly emit: (verification: Verification) => void;
  readonly signal: AbortSignal;
}

/** Proves the rules of some nodes by probes. @throws Hw5Error for nodes that did not answer, flaws and failed proofs. */
export async function verifyRules(nodes: FirewallNodes, {targets, id, emit, signal}: VerifyOptions): Promise<void> {
  if (id !== undefined) assertKnown(id, nodes, targets);
  const views = nodes.views.filter(({node}) => targets.includes(node));
  const proofs = await prove(nodes, claimsOn(views, id), signal);
  signal.throwIfAborted();
  const flaws = views.flatMap((view) => flawsOf(view, nodes.cluster));
  emit({proofs, flaws});
  throwAll([...nodes.failuresOn(targets).map(({error}) => error), ...flaws.map(flawError), ...proofErrors(proofs)]);
}

async function prove(nodes: FirewallNodes, claims: ReturnType<typeof claimsOn>, signal: AbortSignal): Promise<readonly Proof[]> {
  await using prover = await Prover.prepare(nodes.cluster, nodes.views, claims, signal);
  // awaited here, before the prover is disposed
  return await prover.after();
}
