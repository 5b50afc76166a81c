import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import type {Host} from '../host/host.js';
import {Hw5Error} from '../support/errors.js';
import type {Action} from './action.js';
import type {Emit} from './events.js';
import type {FactMap, Observed} from './fact.js';
import type {Inputs} from './inputs.js';
import {type Direction, type Item, items, itemsUp, targetsOf, withoutRetired} from './items.js';
import {BusyError, lockHost} from './lock.js';
import {FactTimeoutError, observe, observeAll} from './observe.js';
import type {PlanContext, Step, StepContext} from './step.js';
import {isReady} from './wait.js';

export interface SessionOptions {
  readonly cluster: Cluster;
  readonly inputs: Inputs;
  readonly steps: readonly Step[];
  readonly connect: (node: ClusterNode, signal?: AbortSignal) => Promise<Host>;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  /** The name of the lock's holder. Without it the hosts are observed only, and not locked. */
  readonly lockAs?: string | undefined;
  /** Default: up. */
  readonly direction?: Direction | undefined;
}

/** The fact whether the step's wait would end immediately. */
const READY = 'ready?';

/** The connections to all hosts and what was observed on them: where `up`, `plan` and `down` start. */
export class Session implements AsyncDisposable {
  readonly options: SessionOptions;
  /** Retired items are among them only where there is something to remove. */
  items: readonly Item[];
  /** When it started, by `performance.now()`. */
  readonly started = performance.now();
  readonly #connections: Host[] = [];
  /** As root. */
  readonly #hosts = new Map<string, Host>();
  readonly #locks: AsyncDisposable[] = [];
  /** Why a host cannot be used. */
  readonly failures = new Map<string, Hw5Error>();
  /** step name → node name → its last observation */
  readonly #observed = new Map<string, Map<string, Observed<FactMap>>>();

  private constructor(options: SessionOptions) {
    this.options = options;
    const {cluster, steps, direction} = options;
    this.items = direction === 'down' ? items(cluster, steps, direction) : itemsUp(cluster, steps);
  }

  /**
   * Connects to all hosts concurrently and observes the facts of all steps, one round trip per host. Hosts that fail are in `failures`.
   * @throws BusyError when another run holds the lock of one of them: then none is changed. InterruptedError.
   */
  static async open(options: SessionOptions): Promise<Session> {
    const {cluster, signal, lockAs} = options;
    const session = new Session(options);
    try {
      await session.#onAll((node) => session.#connect(node));
      // one after the other: of two runs that start together, the one that locks the first host continues
      if (lockAs !== undefined) for (const node of cluster.nodes) await session.#onHost(node, () => session.#lock(node, lockAs));
      await session.#onAll((node) => session.#observeAll(node));
      signal?.throwIfAborted();
      session.#dropEmptyRemovals();
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]().catch(() => undefined);
      throw error;
    }
  }

  /** Does it on all hosts concurrently, and waits for all of them even if one fails. */
  async #onAll(work: (node: ClusterNode) => Promise<void>): Promise<void> {
    const all = await Promise.allSettled(this.options.cluster.nodes.map((node) => this.#onHost(node, () => work(node))));
    for (const one of all) if (one.status === 'rejected') throw one.reason;
  }

  /** Does it unless the host has failed before; a failure is recorded. */
  async #onHost(node: ClusterNode, work: () => Promise<void>): Promise<void> {
    if (this.failures.has(node.name)) return;
    try {
      await work();
    } catch (error) {
      this.options.signal?.throwIfAborted();
      if (!(error instanceof Hw5Error) || error instanceof BusyError) throw error;
      this.failures.set(node.name, error);
    }
  }

  async #connect(node: ClusterNode): Promise<void> {
    const host = await this.options.connect(node, this.options.signal);
    this.#connections.push(host);
    this.#hosts.set(node.name, host.asRoot());
    this.options.emit({type: 'connected', host: node.name, elapsedMs: performance.now() - this.started});
  }

  async #lock(node: ClusterNode, lockAs: string): Promise<void> {
    const lock = await lockHost(this.host(node.name), lockAs, this.options.signal);
    this.#locks.push(lock);
    this.#hosts.set(node.name, lock.host);
  }

  async #observeAll(node: ClusterNode): Promise<void> {
    const here = this.items.filter((item) => item.node.name === node.name);
    const maps = here.map((item) => this.#facts(item));
    const observed = await observeAll(this.host(node.name), maps, this.options.signal);
    here.forEach((item, index) => {
      this.#remember(item, observed[index]!);
    });
  }

  /** Drops retired items that have nothing to remove. A fact that timed out may mean that there is something. */
  #dropEmptyRemovals(): void {
    const isEmpty = (item: Item): boolean => {
      if (this.failures.has(item.node.name)) return true;
      try {
        return this.undoOf(item, false).length === 0;
      } catch (error) {
        if (error instanceof FactTimeoutError) return false;
        throw error;
      }
    };
    this.items = withoutRetired(this.items, isEmpty);
  }

  host(name: string): Host {
    return this.#hosts.get(name)!;
  }

  context(item: Item): StepContext {
    const {cluster, inputs} = this.options;
    return {node: item.node, cluster, inputs, unreachable: new Set(this.failures.keys())};
  }

  planContext(item: Item): PlanContext<FactMap> {
    const targets = new Set(targetsOf(item.step, this.options.cluster, this.options.direction ?? 'up').map(({name}) => name));
    const observed = this.#observed.get(item.step.name) ?? new Map();
    return {...this.context(item), allObserved: new Map([...observed].filter(([name]) => targets.has(name)))};
  }

  /** The actions that remove the step. */
  undoOf(item: Item, purge: boolean): readonly Action[] {
    return item.step.undo(this.observed(item), {...this.planContext(item), purge, isRetired: item.isRetired === true});
  }

  /** The last observation of the step's facts on the item's host. */
  observed(item: Item): Observed<FactMap> {
    return this.#observed.get(item.step.name)!.get(item.node.name)!;
  }

  isReady(item: Item): boolean {
    return item.isRetired === true || item.step.ready === undefined || this.observed(item)[READY] === true;
  }

  /** Observes the step's facts again. */
  async observe(item: Item): Promise<Observed<FactMap>> {
    return this.#remember(item, await observe(this.host(item.node.name), this.#facts(item), this.options.signal));
  }

  #facts(item: Item): FactMap {
    const facts = item.step.facts(this.context(item));
    const wait = item.isRetired ? undefined : item.step.ready?.(this.context(item));
    if (!wait) return facts;
    // a script that does not terminate yet is what a wait is for
    return {...facts, [READY]: {script: wait.script, parse: (output) => isReady(wait, output), whenTimedOut: false}};
  }

  #remember(item: Item, observed: Observed<FactMap>): Observed<FactMap> {
    const byNode = this.#observed.get(item.step.name) ?? new Map<string, Observed<FactMap>>();
    byNode.set(item.node.name, observed);
    const order = this.options.cluster.nodes.map((node) => node.name);
    this.#observed.set(item.step.name, new Map([...byNode].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))));
    return observed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#locks.map((lock) => lock[Symbol.asyncDispose]()));
    await Promise.all(this.#connections.map((host) => host[Symbol.asyncDispose]()));
  }
}
