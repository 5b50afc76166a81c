import type {Cluster} from '../cluster/cluster.js';
import type {Fact} from '../engine/fact.js';
import {observe} from '../engine/observe.js';
import {Hw5Error} from '../support/errors.js';
import {type Candidate, HTTP_PORT, type ProbePlan} from './candidate.js';
import {chooseProbes} from './choose-probes.js';
import type {FirewallState} from './firewall-state.js';
import {type HttpResponder, startHttpResponder} from './http-responder.js';
import {managedTables} from './managed.js';
import {containers, isListening, type Listener, listeners, neighbour, type RunningContainer} from './node-services.js';
import {type NodeState, readState} from './nodes.js';
import {type Expectation, expectation, isAsExpected, type Neighbours, type Probe, type ProbeResult, probeFact} from './probe.js';
import {type Claim, evaluate, type Proof, type ProofRow} from './proof.js';
import {readSshSources, rulesOn} from './read-rules.js';
import type {Rule} from './rule.js';
import type {NodeRules} from './verdict.js';

/** A node that has not reported its probes by then proves nothing: a strict rule may have cut it off. */
const LIMIT_MS = 20_000;
const UNKNOWN: ProbeResult = {kind: 'unknown', detail: 'the prober did not report'};

/** A claim with the probes for it, or why there can be none. */
interface PlannedClaim extends ProbePlan {
  readonly claim: Claim;
  readonly doubts: readonly string[];
}

/** What a Prover works with. */
interface Prepared {
  readonly cluster: Cluster;
  readonly views: readonly NodeState[];
  readonly plans: readonly PlannedClaim[];
  readonly neighbours: Neighbours;
  readonly responders: readonly HttpResponder[];
  readonly signal: AbortSignal | undefined;
}

/** The firewall of each node at one time; undefined where it could not be read. */
type Snapshots = ReadonlyMap<NodeState, FirewallState | undefined>;

/** Chooses probes for claims and sends them: `before()` at most once, then `after()`. Terminates the processes that it started when disposed. */
export class Prover implements AsyncDisposable {
  readonly #by: Prepared;
  #before = new Map<Probe, ProbeResult>();

  private constructor(by: Prepared) {
    this.#by = by;
  }

  /** Reads the services of the nodes and chooses probes. A node that cannot be read is left out. @param views all nodes that can send probes */
  static async prepare(
    cluster: Cluster,
    views: readonly NodeState[],
    claims: readonly Claim[],
    signal?: AbortSignal,
  ): Promise<Prover> {
    const results = await Promise.all(
      views.map(async (view) => ({view, result: await readCandidate(view, views, cluster, signal).catch(asFailure)})),
    );
    signal?.throwIfAborted();
    const read = results.flatMap(({view, result}) => (result instanceof Hw5Error ? [] : [{view, candidate: result}]));
    const failed = results.flatMap(({view, result}) =>
      result instanceof Hw5Error ? [{view, why: `${view.node.name} probes nothing: ${result.message}`}] : [],
    );
    const targets = [...new Set(claims.map(({view}) => view))];
    const responders = await Promise.all(
      read
        .filter(({view, candidate}) => targets.includes(view) && !isListening(candidate.services, view.node.address, HTTP_PORT))
        .map(async ({view}) => ({view, responder: await startHttpResponder(view.host.asRoot(), view.node.address, HTTP_PORT)})),
    );
    const candidates = read.map(({view, candidate}): {view: NodeState; candidate: Candidate} => {
      const responds = responders.some((one) => one.view === view && one.responder.isReady);
      const added = responds ? [{address: view.node.address, port: HTTP_PORT}] : [];
      const {services} = candidate;
      return {view, candidate: {...candidate, services: {...services, listeners: [...services.listeners, ...added]}}};
    });
    const plans = claims.map((claim): PlannedClaim => {
      const target = candidates.find(({view}) => view === claim.view)?.candidate;
      const others = candidates.filter(({view}) => view !== claim.view).map(({candidate}) => candidate);
      const {probes, remarks} = target ? chooseProbes(claim.rule, target, others, cluster) : {probes: [], remarks: []};
      const failures = (isTarget: boolean): string[] =>
        failed.filter(({view}) => (view === claim.view) === isTarget).map(({why}) => why);
      return {claim, probes, remarks: [...remarks, ...failures(false)], doubts: failures(true)};
    });
    return new Prover({
      cluster,
      views,
      plans,
      neighbours: new Map(candidates.map(({candidate}) => [candidate.node.name, candidate.neighbours])),
      responders: responders.map(({responder}) => responder),
      signal,
    });
  }

  /** Sends the probes before the rules are installed, for comparison. */
  async before(): Promise<void> {
    this.#before = await this.#send(this.#probes);
    this.#by.signal?.throwIfAborted();
  }

  /** Sends the probes after the change, between two snapshots of the counters. @param isGone the rules were removed */
  async after({isGone = false} = {}): Promise<readonly Proof[]> {
    const first = await this.#snapshots();
    const expected = this.#expect(first, isGone);
    const results = await this.#send(this.#probes);
    // an unexpected result is checked once more: a packet may be lost, a busy machine be slow
    const unexpected = this.#probes.filter((probe) => {
      const result = results.get(probe) ?? UNKNOWN;
      return result.kind !== 'unknown' && !isAsExpected(expected(probe), result);
    });
    for (const [probe, result] of await this.#send(unexpected)) results.set(probe, result);
    const last = await this.#snapshots();
    // a rule that ends by itself meanwhile may or may not have matched a probe
    const expectedLater = this.#expect(last, isGone);
    return this.#by.plans.map(({claim, probes, remarks, doubts}) => {
      const expectedWithout = this.#expect(first, isGone, claim);
      // a session that a strict rule denies lives on until its hold time is over: nothing can be expected of it
      const meaningful = probes.filter((probe) => probe.kind !== 'bgp' || expected(probe) === 'passes');
      const rows = meaningful.map((probe): ProofRow => {
        const after = results.get(probe) ?? UNKNOWN;
        const before = this.#before.get(probe);
        // what did not pass before the rule either does not fail because of it
        const failedBefore = expected(probe) === 'passes' && before !== undefined && before.kind !== 'answered' && !isGone;
        return {
          probe,
          before,
          after,
          expected: expected(probe),
          otherwise: expectedWithout(probe),
          isOk: failedBefore || isAsExpected(expected(probe), after) || isAsExpected(expectedLater(probe), after),
        };
      });
      const proof = evaluate(claim, {rows, first: first.get(claim.view), last: last.get(claim.view), isGone});
      return {
        ...proof,
        remarks: [...remarks, ...proof.remarks],
        doubts: [...doubts, ...proof.doubts],
        isOk: proof.isOk && doubts.length === 0,
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#by.responders.map((responder) => responder[Symbol.asyncDispose]()));
  }

  get #probes(): readonly Probe[] {
    return this.#by.plans.flatMap(({probes}) => probes);
  }

  /** What the rules of all nodes do with a probe. @param without a claim whose rule is disregarded */
  #expect(snapshots: Snapshots, isGone: boolean, without?: Claim): (probe: Probe) => Expectation {
    const {cluster, neighbours, plans} = this.#by;
    const claimed = (view: NodeState): readonly Rule[] =>
      plans.flatMap(({claim}) => (claim.view === view && !isGone ? claim.rule : []));
    const rules = [...snapshots].map(([view, state]) => {
      const own = rulesOf(view, state, claimed(view));
      return view === without?.view ? {...own, rules: own.rules.filter(({id}) => id !== without.rule.id)} : own;
    });
    const byNode = new Map(rules.map((own) => [own.node.name, own]));
    return (probe) => expectation(probe, byNode, neighbours, cluster);
  }

  /** Every node sends all of its probes concurrently, in one round trip. */
  async #send(probes: readonly Probe[]): Promise<Map<Probe, ProbeResult>> {
    const results = new Map<Probe, ProbeResult>();
    await Promise.all(
      this.#by.views.map(async (view) => {
        const own = probes.filter((probe) => probe.from.node === view.node.name);
        if (own.length === 0) return;
        const facts = Object.fromEntries(own.map((probe, index) => [String(index), probeFact(probe)]));
        const observed: Record<string, ProbeResult> = await observe(view.host.asRoot(), facts, within(this.#by.signal)).catch(
          () => ({}),
        );
        own.forEach((probe, index) => {
          results.set(probe, observed[String(index)] ?? UNKNOWN);
        });
      }),
    );
    return results;
  }

  async #snapshots(): Promise<Snapshots> {
    const states = this.#by.views.map(async (view) => {
      const state = await readState(view.host, within(this.#by.signal)).catch(() => undefined);
      return [view, state] as const;
    });
    return new Map(await Promise.all(states));
  }
}

/** The time limit of each part of a proof, or Ctrl-C. */
function within(signal: AbortSignal | undefined): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(LIMIT_MS), ...(signal ? [signal] : [])]);
}

/** A failure of one node, which does not stop the others. @throws a bug */
function asFailure(error: unknown): Hw5Error {
  if (error instanceof Hw5Error) return error;
  throw error;
}

async function readCandidate(
  view: NodeState,
  views: readonly NodeState[],
  cluster: Cluster,
  signal?: AbortSignal,
): Promise<Candidate> {
  const others = views.filter((other) => other !== view);
  const facts: Record<string, Fact<unknown>> = {
    listeners,
    containers: containers(cluster),
    ...Object.fromEntries(others.map((other) => [`neighbour ${other.node.name}`, neighbour(other.node.address)])),
  };
  const observed = (await observe(view.host.asRoot(), facts, within(signal))) as Record<string, unknown> & {
    readonly listeners: readonly Listener[];
    readonly containers: readonly RunningContainer[];
  };
  const neighbours = others.flatMap(({node}) => {
    const mac = observed[`neighbour ${node.name}`] as string | undefined;
    return mac === undefined ? [] : [[node.name, mac] as const];
  });
  return {
    node: view.node,
    interfaces: view.state.interfaces,
    services: {listeners: observed.listeners, containers: observed.containers},
    neighbours: new Map(neighbours),
    families: view.state.tools.map(({family}) => family),
  };
}

/** The rules of a node. Where it cannot be read, because a strict rule has cut it off: those it had, and those that were added. */
function rulesOf(view: NodeState, state: FirewallState | undefined, claimed: readonly Rule[]): NodeRules {
  const known = state ?? view.state;
  const managed = known.tools.flatMap(({tables}) => managedTables(tables));
  const rules = state ? rulesOn(known) : [...rulesOn(known), ...claimed];
  return {node: view.node, rules, sources: readSshSources(managed)};
}
