import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import type {Host} from '../host/host.js';
import {Hw5Error} from '../support/errors.js';
import type {Action} from './action.js';
import type {Emit} from './events.js';
import type {FactMap, Observed} from './fact.js';
import {succeeds} from './facts.js';
import type {Inputs} from './inputs.js';
import {type Direction, type Item, items, itemsUp, targetsOf, withoutRetired} from './items.js';
import {BusyError, lockHost} from './lock.js';
import {FactTimeoutError, observe, observeAll} from './observe.js';
import type {PlanContext, Step, StepContext} from './step.js';

export interface SessionOptions {
  readonly cluster: Cluster;
  readonly inputs: Inputs;
  readonly steps: readonly Step[];
  readonly connect: (node: ClusterNode, signal?: AbortSignal) => Promise<Host>;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
  /** Who works on the hosts. Without it the hosts are only looked at, and not locked. */
  readonly lockAs?: string | undefined;
  /** Default: up. */
  readonly direction?: Direction | undefined;
}

/** The fact that tells whether the step's wait would end at once. */
const READY = 'ready?';

/** The connections to all hosts and what was observed on them: what `up`, `plan` and `down` start from. */
export class Session implements AsyncDisposable {
  readonly options: SessionOptions;
  /** Those that take something away are among them only where it is there. */
  items: readonly Item[];
  /** When it began, by the clock of `performance.now()`. */
  readonly started = performance.now();
  readonly #connections: Host[] = [];
  /** As root. */
  readonly #hosts = new Map<string, Host>();
  readonly #locks: AsyncDisposable[] = [];
  /** Why a host cannot be used. */
  readonly failures = new Map<string, Hw5Error>();
  /** step name → node name → what was observed last */
  readonly #observed = new Map<string, Map<string, Observed<FactMap>>>();

  private constructor(options: SessionOptions) {
    this.options = options;
    const {cluster, steps, direction} = options;
    this.items = direction === 'down' ? items(cluster, steps, direction) : itemsUp(cluster, steps);
  }

  /**
   * Connects to all hosts at once and sees all facts of all steps, one round trip a host. Hosts that fail are in `failures`.
   * @throws BusyError when somebody else works on one of them: then none is touched. InterruptedError.
   */
  static async open(options: SessionOptions): Promise<Session> {
    const {cluster, signal, lockAs} = options;
    const session = new Session(options);
    try {
      await session.#onAll((node) => session.#connect(node));
      // one after the other: of two runs that begin together, the first host's lock decides, and neither holds what the other waits for
      if (lockAs !== undefined) for (const node of cluster.nodes) await session.#onHost(node, () => session.#lock(node, lockAs));
      await session.#onAll((node) => session.#look(node));
      signal?.throwIfAborted();
      session.#dropIdle();
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]().catch(() => undefined);
      throw error;
    }
  }

  /** Does it on all hosts at once, and waits for all of them whatever becomes of one. */
  async #onAll(work: (node: ClusterNode) => Promise<void>): Promise<void> {
    const all = await Promise.allSettled(this.options.cluster.nodes.map((node) => this.#onHost(node, () => work(node))));
    for (const one of all) if (one.status === 'rejected') throw one.reason;
  }

  /** Does it unless the host has failed already, and remembers if it fails now. */
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

  async #look(node: ClusterNode): Promise<void> {
    const here = this.items.filter((item) => item.node.name === node.name);
    const maps = here.map((item) => this.#facts(item));
    const observed = await observeAll(this.host(node.name), maps, this.options.signal);
    here.forEach((item, index) => {
      this.#remember(item, observed[index]!);
    });
  }

  /** Nothing is said of steps that are neither wanted nor there. What gave no answer may be there. */
  #dropIdle(): void {
    const isIdle = (item: Item): boolean => {
      if (this.failures.has(item.node.name)) return true;
      try {
        return this.undoOf(item, false).length === 0;
      } catch (error) {
        if (error instanceof FactTimeoutError) return false;
        throw error;
      }
    };
    this.items = withoutRetired(this.items, isIdle);
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

  /** What takes the step away. */
  undoOf(item: Item, purge: boolean): readonly Action[] {
    return item.step.undo(this.observed(item), {...this.planContext(item), purge, isRetired: item.isRetired === true});
  }

  /** What was observed last of the step's facts on the item's host. */
  observed(item: Item): Observed<FactMap> {
    return this.#observed.get(item.step.name)!.get(item.node.name)!;
  }

  isReady(item: Item): boolean {
    return item.isRetired === true || item.step.ready === undefined || this.observed(item)[READY] === true;
  }

  /** Sees the step's facts again. */
  async observe(item: Item): Promise<Observed<FactMap>> {
    return this.#remember(item, await observe(this.host(item.node.name), this.#facts(item), this.options.signal));
  }

  #facts(item: Item): FactMap {
    const ready = item.isRetired ? undefined : item.step.ready?.(this.context(item));
    // no answer yet is what a wait is for
    return {
      ...item.step.facts(this.context(item)),
      ...(ready ? {[READY]: {...succeeds(ready.script), whenTimedOut: false}} : {}),
    };
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
