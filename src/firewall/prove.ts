import type {Cluster} from '../cluster/cluster.js';
import type {Fact} from '../engine/fact.js';
import {observe} from '../engine/observe.js';
import {Hw5Error} from '../support/errors.js';
import {type Candidate, chooseProbes, type ProbePlan} from './choose-probes.js';
import {type HttpResponder, startHttpResponder} from './http-responder.js';
import {managedTables} from './managed.js';
import {containers, isAnswered, type Listener, listeners, neighbour, type RunningContainer} from './node-services.js';
import {type NodeState, readState} from './nodes.js';
import {type Expectation, expectation, isAsExpected, type Neighbours, type Probe, type ProbeResult, probeFact} from './probe.js';
import {type Claim, type Proof, type ProofRow, weigh} from './proof.js';
import {readSshSources, rulesOn} from './read-rules.js';
import type {Rule} from './rule.js';
import type {Guard} from './verdict.js';

/** A prober that has not reported by then (a strict rule may have cut it off) proves nothing. */
const LIMIT_MS = 20_000;
const HTTP_PORT = 80;
const UNKNOWN: ProbeResult = {kind: 'unknown', detail: 'the prober did not report'};

/** A claim with the probes for it, or why there can be none. */
interface Planned extends ProbePlan {
  readonly claim: Claim;
  readonly doubts: readonly string[];
}

/** What a Prover works with. */
interface Prepared {
  readonly cluster: Cluster;
  readonly views: readonly NodeState[];
  readonly plans: readonly Planned[];
  readonly neighbours: Neighbours;
  readonly responders: readonly HttpResponder[];
  readonly signal: AbortSignal | undefined;
}

/** What was seen of each node; undefined: it could not be looked at. */
type Looks = ReadonlyMap<NodeState, NodeState['state'] | undefined>;

/** Chooses probes for claims, and makes them: `before()` as often as wanted, then `after()`. Ends what it started when disposed. */
export class Prover implements AsyncDisposable {
  readonly #by: Prepared;
  #before = new Map<Probe, ProbeResult>();

  private constructor(by: Prepared) {
    this.#by = by;
  }

  /** Looks around on the nodes and chooses probes. A node that cannot be looked at is left out. @param views all nodes that can be asked */
  static async prepare(
    cluster: Cluster,
    views: readonly NodeState[],
    claims: readonly Claim[],
    signal?: AbortSignal,
  ): Promise<Prover> {
    const looks = await Promise.all(views.map((view) => lookAround(view, views, cluster, signal).catch(asLost)));
    signal?.throwIfAborted();
    const around = views.flatMap((view, index) => {
      const look = looks[index]!;
      return look instanceof Hw5Error ? [] : [{view, candidate: look}];
    });
    const lost = views.flatMap((view, index) => {
      const look = looks[index]!;
      return look instanceof Hw5Error ? [{view, why: `${view.node.name} probes nothing: ${look.message}`}] : [];
    });
    const targets = [...new Set(claims.map(({view}) => view))];
    const responders = await Promise.all(
      around
        .filter(({view, candidate}) => targets.includes(view) && !isAnswered(candidate.around, view.node.address, HTTP_PORT))
        .map(async ({view}) => ({view, responder: await startHttpResponder(view.host.asRoot(), view.node.address, HTTP_PORT)})),
    );
    const candidates = around.map(({view, candidate}): {view: NodeState; candidate: Candidate} => {
      const isOurs = responders.some((one) => one.view === view && one.responder.isReady);
      const ours = isOurs ? [{address: view.node.address, port: HTTP_PORT}] : [];
      return {
        view,
        candidate: {...candidate, around: {...candidate.around, listeners: [...candidate.around.listeners, ...ours]}},
      };
    });
    const plans = claims.map((claim): Planned => {
      const target = candidates.find(({view}) => view === claim.view)?.candidate;
      const others = candidates.filter(({view}) => view !== claim.view).map(({candidate}) => candidate);
      const [own, rest] = [lost.filter(({view}) => view === claim.view), lost.filter(({view}) => view !== claim.view)];
      const {probes, remarks} = target ? chooseProbes(claim.rule, target, others, cluster) : {probes: [], remarks: []};
      return {claim, probes, remarks: [...remarks, ...rest.map(({why}) => why)], doubts: own.map(({why}) => why)};
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

  /** Makes the probes for comparison, while the rules are not there yet. */
  async before(): Promise<void> {
    this.#before = await this.#probe(this.#probes);
    this.#by.signal?.throwIfAborted();
  }

  /** Makes the probes after the change, between two looks at the counters. @param isGone the rules were taken away */
  async after({isGone = false} = {}): Promise<readonly Proof[]> {
    const first = await this.#look();
    const claimed = (view: NodeState): readonly Rule[] =>
      this.#by.plans.flatMap(({claim}) => (claim.view === view && !isGone ? claim.rule : []));
    const foresee = (looks: Looks, without?: Claim): ((probe: Probe) => Expectation) => {
      const guards = [...looks].map(([view, state]) => {
        const guard = guardOf(view, state, claimed(view));
        return view === without?.view ? {...guard, rules: guard.rules.filter(({id}) => id !== without.rule.id)} : guard;
      });
      const byNode = new Map(guards.map((guard) => [guard.node.name, guard]));
      return (probe) => expectation(probe, byNode, this.#by.neighbours, this.#by.cluster);
    };
    const foreseen = foresee(first);
    const results = await this.#probe(this.#probes);
    // one that surprises is made once more: a packet may be lost, a busy machine be slow
    const doubtful = this.#probes.filter((probe) => {
      const result = results.get(probe) ?? UNKNOWN;
      return result.kind !== 'unknown' && !isAsExpected(foreseen(probe), result);
    });
    for (const [probe, result] of await this.#probe(doubtful)) results.set(probe, result);
    const last = await this.#look();
    // a rule that ends by itself meanwhile may or may not have caught a probe
    const later = foresee(last);
    return this.#by.plans.map(({claim, probes, remarks, doubts}) => {
      const otherwise = foresee(first, claim);
      const rows = probes.map((probe): ProofRow => {
        const expected = foreseen(probe);
        const after = results.get(probe) ?? UNKNOWN;
        const before = this.#before.get(probe);
        // what did not pass without the rule either is not the rule's doing
        const isOther = expected === 'passes' && before !== undefined && before.kind !== 'answered' && !isGone;
        return {
          probe,
          before,
          after,
          expected,
          otherwise: otherwise(probe),
          isOk: isOther || isAsExpected(expected, after) || isAsExpected(later(probe), after),
        };
      });
      const proof = weigh(claim, {rows, first: first.get(claim.view), last: last.get(claim.view), isGone});
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

  /** Every node makes all of its probes at once, in one round trip. */
  async #probe(probes: readonly Probe[]): Promise<Map<Probe, ProbeResult>> {
    const results = new Map<Probe, ProbeResult>();
    await Promise.all(
      this.#by.views.map(async (view) => {
        const mine = probes.filter((probe) => probe.from.node === view.node.name);
        if (mine.length === 0) return;
        const facts = Object.fromEntries(mine.map((probe, index) => [String(index), probeFact(probe)]));
        const state: Record<string, ProbeResult> = await observe(view.host.asRoot(), facts, within(this.#by.signal)).catch(
          () => ({}),
        );
        mine.forEach((probe, index) => {
          results.set(probe, state[String(index)] ?? UNKNOWN);
        });
      }),
    );
    return results;
  }

  get #probes(): readonly Probe[] {
    return this.#by.plans.flatMap(({probes}) => probes);
  }

  async #look(): Promise<Looks> {
    const looks = this.#by.views.map(async (view) => {
      const state = await readState(view.host, within(this.#by.signal)).catch(() => undefined);
      return [view, state] as const;
    });
    return new Map(await Promise.all(looks));
  }
}

/** Nothing of a proof takes longer, nor outlasts Ctrl-C. */
function within(signal: AbortSignal | undefined): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(LIMIT_MS), ...(signal ? [signal] : [])]);
}

/** What goes wrong on one node stops no other; a bug does. */
function asLost(error: unknown): Hw5Error {
  if (error instanceof Hw5Error) return error;
  throw error;
}

async function lookAround(
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
  const state = (await observe(view.host.asRoot(), facts, within(signal))) as Record<string, unknown> & {
    readonly listeners: readonly Listener[];
    readonly containers: readonly RunningContainer[];
  };
  const neighbours = others.flatMap(({node}) => {
    const mac = state[`neighbour ${node.name}`] as string | undefined;
    return mac === undefined ? [] : [[node.name, mac] as const];
  });
  return {
    node: view.node,
    interfaces: view.state.interfaces,
    around: {listeners: state.listeners, containers: state.containers},
    neighbours: new Map(neighbours),
    families: view.state.tools.map(({family}) => family),
  };
}

/** A node that a strict rule has cut off cannot be looked at; its rules are those it had, and what was claimed. */
function guardOf(view: NodeState, state: NodeState['state'] | undefined, claimed: readonly Rule[]): Guard {
  const now = state ?? view.state;
  const own = now.tools.flatMap(({tables}) => managedTables(tables));
  const rules = state ? rulesOn(now) : [...rulesOn(now), ...claimed];
  return {node: view.node, rules, sources: readSshSources(own)};
}
