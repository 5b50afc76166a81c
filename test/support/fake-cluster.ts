import {setTimeout as pause} from 'node:timers/promises';
import type {Cluster, ClusterNode} from '../../src/cluster/cluster.js';
import {parseCluster} from '../../src/cluster/load.js';
import type {RunEvent} from '../../src/engine/events.js';
import type {Fact} from '../../src/engine/fact.js';
import {succeeds} from '../../src/engine/facts.js';
import type {SessionOptions} from '../../src/engine/session.js';
import {defineStep, type Need, type Step, type Wait} from '../../src/engine/step.js';
import {type FakeCall, FakeHost, type FakeReply} from './fake-host.js';
import {fakeInputs} from './fake-inputs.js';

/** A host on which things exist or not: `see X` succeeds if X exists, `make X` and `remove X` create and remove it, `ready X` succeeds when X is ready. */
export class FakeMachine {
  readonly host: FakeHost;
  /** The things that exist. */
  readonly things = new Set<string>();
  /** Things that exist and never become ready. */
  readonly unready = new Set<string>();
  /** Things whose queries time out. */
  readonly unresponsive = new Set<string>();
  /** Round trips in order: `lock`, `observe etcd docker …`, `make etcd`, `wait etcd`. */
  readonly trips: string[] = [];
  /** Replacements for commands and round trips, by their text. */
  readonly instead = new Map<string, () => FakeReply | Promise<FakeReply>>();
  isDisposed = false;
  lockHolder: string | undefined;

  constructor(name: string) {
    this.host = new FakeHost(name)
      .onDialog(
        ({argv}) => argv[1] === '-c' && argv[2]!.includes('flock'),
        async (lease, print) => {
          this.trips.push('lock');
          if (this.lockHolder !== undefined) {
            print(`${this.lockHolder}\n`);
            return {code: 75};
          }
          print('locked\n');
          for await (const _ of lease);
          this.trips.push('unlock');
          return '';
        },
      )
      .on(['sh', '-s'], (call) => this.#script(call.stdin.toString()))
      .on(/^(make|remove) /, (call) => this.#change(call));
    const dispose = this.host[Symbol.asyncDispose].bind(this.host);
    this.host[Symbol.asyncDispose] = async () => {
      this.isDisposed = true;
      await dispose();
    };
  }

  async #change({argv}: FakeCall): Promise<FakeReply> {
    const text = argv.join(' ');
    this.trips.push(text);
    const instead = this.instead.get(text);
    if (instead) return instead();
    await pause(1);
    const [verb, thing] = argv as [string, string];
    if (verb === 'make') this.things.add(thing);
    else this.things.delete(thing);
    return '';
  }

  async #script(text: string): Promise<FakeReply> {
    const queries = [...text.matchAll(/'(see|ready) ([\w-]+)'/g)].map((match) => [match[1]!, match[2]!] as const);
    const exists = ([verb, thing]: readonly [string, string]): boolean =>
      this.things.has(thing) && !(verb === 'ready' && this.unready.has(thing));
    const isWait = text.includes('until answer=');
    const trip = `${isWait ? 'wait' : 'observe'} ${[...new Set(queries.map(([, thing]) => thing))].join(' ')}`;
    this.trips.push(trip);
    const instead = this.instead.get(trip);
    if (instead) return instead();
    await pause(1);
    if (isWait) return exists(queries[0]!) ? '' : {code: 1, stdout: `${queries[0]![1]} is not ready\n`};
    const code = (query: readonly [string, string]): number => (this.unresponsive.has(query[1]) ? 124 : exists(query) ? 0 : 1);
    return queries.map((query, index) => `${index} ${code(query)} \n`).join('');
  }
}

export interface PartOptions {
  readonly needs?: readonly Need[];
  /** Node names; default: all. */
  readonly on?: readonly string[];
  readonly waits?: boolean;
  readonly isRolling?: boolean;
  readonly extra?: Partial<Step<{isThere: Fact<boolean>}>>;
}

/** A step that creates one thing, and removes it on undo. */
export function part(name: string, {needs = [], on, waits = false, isRolling = false, extra = {}}: PartOptions = {}): Step {
  const ready = (): Wait => ({reason: `${name} to be ready`, script: `ready ${name}`, limitSeconds: 5, hint: `check ${name}`});
  return defineStep({
    name,
    title: `the ${name}`,
    needs,
    targets: (cluster) => cluster.nodes.filter((node) => on === undefined || on.includes(node.name)),
    facts: () => ({isThere: succeeds(`see ${name}`)}),
    plan: (seen) => (seen.isThere ? [] : [{kind: 'run', title: `make ${name}`, argv: ['make', name]}]),
    undo: (seen) => (seen.isThere ? [{kind: 'run', title: `remove ${name}`, argv: ['remove', name]}] : []),
    ...(waits ? {ready} : {}),
    ...(isRolling ? {isRolling: () => true} : {}),
    ...extra,
  });
}

/** A cluster of such hosts, and the events of a run on it. */
export class FakeCluster {
  readonly machines = new Map<string, FakeMachine>();
  readonly cluster: Cluster;
  readonly events: RunEvent[] = [];
  /** Hosts that cannot be reached, with the error. */
  readonly unreachable = new Map<string, Error>();

  constructor(names: readonly string[] = ['a', 'b', 'c']) {
    this.cluster = parseCluster(
      JSON.stringify({nodes: names.map((name, index) => ({name, address: `198.18.0.${10 + index}`}))}),
      'c.yaml',
    );
    for (const name of names) this.machines.set(name, new FakeMachine(name));
  }

  machine(name: string): FakeMachine {
    return this.machines.get(name)!;
  }

  options(steps: readonly Step[], more: Partial<SessionOptions> = {}): SessionOptions {
    return {
      cluster: this.cluster,
      inputs: fakeInputs(),
      steps,
      emit: (event) => void this.events.push(event),
      lockAs: 'me',
      connect: async (node: ClusterNode) => {
        const error = this.unreachable.get(node.name);
        if (error) throw error;
        return this.machine(node.name).host;
      },
      ...more,
    };
  }

  /** The outcome of each step on each host: `etcd@a` → outcome. */
  get outcomes(): Record<string, string> {
    return Object.fromEntries(
      this.events.flatMap((event) => (event.type === 'step-end' ? [[`${event.step}@${event.host}`, event.outcome]] : [])),
    );
  }

  /** The round trips that changed the host, in order. */
  changes(name: string): string[] {
    return this.machine(name).trips.filter((trip) => /^(make|remove)/.test(trip));
  }

  /** Fails if an unscripted command was run, or a connection was left open. */
  async verify(): Promise<void> {
    for (const [name, machine] of this.machines) {
      if (!machine.isDisposed && !this.unreachable.has(name)) throw new Error(`the connection to ${name} was left open`);
      await machine.host[Symbol.asyncDispose]();
    }
  }
}
