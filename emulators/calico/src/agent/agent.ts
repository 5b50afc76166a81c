import {renderBirdConfig} from '../bird/config.js';
import type {EtcdClient} from '../etcd/client.js';
import {type Log, reasonOf} from '../log.js';
import * as keys from '../model/keys.js';
import {parseSnapshot} from '../model/snapshot.js';
import type {Snapshot} from '../model/types.js';
import type {NodeEnvironment} from '../node/environment.js';
import type {Run} from '../process.js';
import {BirdSync} from './bird-sync.js';
import {renderFirewall} from './firewall.js';
import {FirewallSync} from './firewall-sync.js';
import {IpSetSync} from './ip-set-sync.js';
import {desiredRoutes, RouteSync} from './routes.js';

export interface AgentParts {
  readonly environment: NodeEnvironment;
  readonly etcd: EtcdClient;
  readonly run: Run;
  readonly log: Log;
  /** The containers' interfaces on this machine. */
  readonly interfaces: () => Promise<ReadonlySet<string>>;
}

/** Does the work of Felix and confd: applies etcd's state to the kernel and BIRD. While etcd is unavailable the last snapshot is valid. */
export class Agent {
  readonly #parts: AgentParts;
  readonly #routes: RouteSync;
  readonly #firewall: FirewallSync;
  readonly #sets: IpSetSync;
  readonly #bird: BirdSync;
  #snapshot: Snapshot | undefined;
  #lastFailures = new Map<string, string>();

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.#routes = new RouteSync(parts.run);
    this.#firewall = new FirewallSync(parts.run);
    this.#sets = new IpSetSync(parts.run);
    this.#bird = new BirdSync(parts.run);
  }

  /** Whether every part has been applied successfully in one pass at least once. */
  isSynchronised = false;

  /** Reads etcd again. Returns the index to watch from; undefined when etcd is unavailable. */
  async readDatastore(): Promise<number | undefined> {
    try {
      const read = await this.#parts.etcd.get(keys.CALICO, {recursive: true});
      const snapshot = parseSnapshot(read?.node);
      if (snapshot.isReady) {
        this.#snapshot = snapshot;
        this.#succeeded('datastore');
      } else {
        this.#failed('datastore', new Error('not initialised (data lost?), keeping the last known state'));
      }
      return (read?.index ?? 0) + 1;
    } catch (error) {
      this.#failed('datastore', error);
      return undefined;
    }
  }

  /** Whether a container's interface has no endpoint in the last snapshot: the watch missed a change in etcd. */
  async hasUnknownInterface(): Promise<boolean> {
    const known = new Set(this.#snapshot?.endpoints.map((endpoint) => endpoint.interfaceName));
    return [...(await this.#parts.interfaces())].some((name) => !known.has(name));
  }

  /** Applies the last snapshot to this machine. A part that fails does not block the others. */
  async applySnapshot(): Promise<void> {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    const {environment, log} = this.#parts;
    const results = [
      // Filters first: no packet reaches a new container before its profile is enforced.
      await this.#attempt('firewall', async () => {
        const firewall = renderFirewall(environment.nodeName, snapshot);
        const hasNewMembers = await this.#sets.update(firewall.sets);
        const hasNewRules = await this.#firewall.apply(firewall);
        await this.#sets.removeOthers(firewall.sets);
        if (hasNewMembers || hasNewRules) log.info('firewall updated');
      }),
      await this.#attempt('routes', async () => {
        const desired = desiredRoutes(environment.nodeName, snapshot.endpoints, await this.#parts.interfaces());
        for (const change of await this.#routes.apply(desired)) log.info(change);
      }),
      environment.backend === 'none' ||
        (await this.#attempt('BIRD', async () => {
          const text = renderBirdConfig({node: environment.nodeName, address: environment.address}, snapshot);
          if (await this.#bird.apply(text)) log.info('BIRD configuration updated');
        })),
    ];
    if (results.every(Boolean)) this.isSynchronised = true;
  }

  async #attempt(part: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.#succeeded(part);
      return true;
    } catch (error) {
      this.#failed(part, error);
      return false;
    }
  }

  /** Logs a failure once until it changes; `#succeeded` logs its end. */
  #failed(part: string, error: unknown): void {
    const reason = reasonOf(error);
    if (this.#lastFailures.get(part) !== reason) this.#parts.log.warn(`${part}: ${reason}`);
    this.#lastFailures.set(part, reason);
  }

  #succeeded(part: string): void {
    if (this.#lastFailures.delete(part)) this.#parts.log.info(`${part}: recovered`);
  }
}
