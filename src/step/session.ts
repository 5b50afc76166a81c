import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import type {Host} from '../host/host.js';
import {ConnectError, type Hw5Error} from '../support/errors.js';
import type {Emit} from './events.js';
import type {Fact, FactMap, Seen} from './fact.js';
import {succeeds} from './facts.js';
import {type Item, items} from './graph.js';
import type {Inputs} from './inputs.js';
import {lockHost} from './lock.js';
import {observe} from './observe.js';
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
}

/** The fact that tells whether the step's wait would end at once. */
const READY = 'ready?';

/** The connections to all hosts and what was seen on them: what `up`, `plan` and `down` start from. */
export class Session implements AsyncDisposable {
  readonly options: SessionOptions;
  readonly items: readonly Item[];
  /** When it began, by the clock of `performance.now()`. */
  readonly started = performance.now();
  readonly #hosts = new Map<string, Host>();
  readonly #locks: AsyncDisposable[] = [];
  /** Why a host cannot be used. */
  readonly failures = new Map<string, Hw5Error>();
  /** step name → node name → what was seen last */
  readonly #seen = new Map<string, Map<string, Seen<FactMap>>>();

  private constructor(options: SessionOptions) {
    this.options = options;
    this.items = items(options.cluster, options.steps);
  }

  /** Connects to all hosts at once and sees all facts of all steps, one round trip a host. Hosts that fail are in `failures`. */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    await Promise.all(options.cluster.nodes.map((node) => session.#openHost(node)));
    return session;
  }

  async #openHost(node: ClusterNode): Promise<void> {
    const {connect, emit, signal, lockAs} = this.options;
    const started = performance.now();
    try {
      const host = await connect(node, signal);
      this.#hosts.set(node.name, host.asRoot());
      if (lockAs !== undefined) this.#locks.push(await lockHost(host.asRoot(), lockAs, signal));
      emit({type: 'connected', host: node.name, elapsedMs: performance.now() - started});
      const facts: Record<string, Fact<unknown>> = {};
      const here = this.items.filter((item) => item.node.name === node.name);
      for (const item of here) {
        for (const [name, fact] of Object.entries(this.#facts(item))) facts[`${item.step.name}\0${name}`] = fact;
      }
      const seen = await observe(this.host(node.name), facts, signal);
      for (const item of here) {
        const prefix = `${item.step.name}\0`;
        const own = Object.entries(seen).filter(([name]) => name.startsWith(prefix));
        this.#remember(item, Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value])));
      }
    } catch (error) {
      signal?.throwIfAborted();
      this.failures.set(node.name, asConnectError(node.name, error));
    }
  }

  host(name: string): Host {
    return this.#hosts.get(name)!;
  }

  context(item: Item): StepContext {
    return {node: item.node, cluster: this.options.cluster, inputs: this.options.inputs};
  }

  planContext(item: Item): PlanContext<FactMap> {
    return {...this.context(item), everywhere: this.#seen.get(item.step.name) ?? new Map()};
  }

  /** What was seen last of the step's facts on the item's host. */
  seen(item: Item): Seen<FactMap> {
    return this.#seen.get(item.step.name)!.get(item.node.name)!;
  }

  isReady(item: Item): boolean {
    return item.step.ready === undefined || this.seen(item)[READY] === true;
  }

  /** Sees the step's facts again. */
  async observe(item: Item): Promise<Seen<FactMap>> {
    return this.#remember(item, await observe(this.host(item.node.name), this.#facts(item), this.options.signal));
  }

  #facts(item: Item): FactMap {
    const ready = item.step.ready?.(this.context(item));
    return {...item.step.facts(this.context(item)), ...(ready ? {[READY]: succeeds(ready.script)} : {})};
  }

  #remember(item: Item, seen: Seen<FactMap>): Seen<FactMap> {
    const byNode = this.#seen.get(item.step.name) ?? new Map<string, Seen<FactMap>>();
    byNode.set(item.node.name, seen);
    const order = this.options.cluster.nodes.map((node) => node.name);
    this.#seen.set(item.step.name, new Map([...byNode].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))));
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#locks.map((lock) => lock[Symbol.asyncDispose]()));
    await Promise.all([...this.#hosts.values()].map((host) => host[Symbol.asyncDispose]()));
  }
}

function asConnectError(host: string, error: unknown): Hw5Error {
  if (error instanceof Error && 'hint' in error) return error as Hw5Error;
  return new ConnectError(host, `cannot use ${host}: ${error instanceof Error ? error.message : String(error)}`, {cause: error});
}
