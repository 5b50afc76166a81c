import {renderBirdConfig} from '../bird/config.js';
import type {EtcdClient} from '../etcd/client.js';
import {Ipam} from '../ipam/ipam.js';
import {BlockStore} from '../ipam/store.js';
import {type Log, reasonOf} from '../log.js';
import * as keys from '../model/keys.js';
import {parseSnapshot} from '../model/snapshot.js';
import type {Snapshot} from '../model/types.js';
import type {NodeEnvironment} from '../node/environment.js';
import type {Run} from '../process.js';
import {BirdSync} from './bird-sync.js';
import {renderFirewall} from './firewall.js';
import {FirewallSync} from './firewall-sync.js';
import {RouteSync, wantedRoutes} from './routes.js';
import {findStale, parseDockerEndpoints, releasableAddresses} from './stale.js';

export interface AgentParts {
  readonly environment: NodeEnvironment;
  readonly etcd: EtcdClient;
  readonly run: Run;
  readonly log: Log;
  /** Milliseconds from any fixed point. */
  readonly now: () => number;
  /** The containers' interfaces on this machine. */
  readonly interfaces: () => Promise<ReadonlySet<string>>;
}

/** What Felix and confd do: brings the kernel and BIRD to what etcd says. Loses nothing when etcd is away: the last snapshot stays valid. */
export class Agent {
  readonly #parts: AgentParts;
  readonly #routes: RouteSync;
  readonly #firewall: FirewallSync;
  readonly #bird: BirdSync;
  #snapshot: Snapshot | undefined;
  #unknownSince: ReadonlyMap<string, number> = new Map();
  #lastFailures = new Map<string, string>();

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.#routes = new RouteSync(parts.run);
    this.#firewall = new FirewallSync(parts.run);
    this.#bird = new BirdSync(parts.run);
  }

  /** Whether everything has been in place at least once. */
  isSynchronised = false;

  /** Reads etcd anew. Returns the index to watch from; undefined when etcd did not answer. */
  async readDatastore(): Promise<number | undefined> {
    try {
      const read = await this.#parts.etcd.get(keys.CALICO, {recursive: true});
      const snapshot = parseSnapshot(read?.node);
      if (snapshot.isReady) {
        this.#snapshot = snapshot;
        this.#succeeded('datastore');
      } else {
        this.#failed('datastore', new Error('it is not set up (lost?); keeping everything as it was'));
      }
      return (read?.index ?? 0) + 1;
    } catch (error) {
      this.#failed('datastore', error);
      return undefined;
    }
  }

  /** Whether a container's interface is there that the last snapshot does not know: a change that nobody has told us of. */
  async hasUnknownInterface(): Promise<boolean> {
    const known = new Set(this.#snapshot?.endpoints.map((endpoint) => endpoint.interfaceName));
    return [...(await this.#parts.interfaces())].some((name) => !known.has(name));
  }

  /** Makes the machine as the last snapshot says. Each part for itself: a broken one must not hold up the others. */
  async applySnapshot(): Promise<void> {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    const {environment, log} = this.#parts;
    const results = [
      // Filters first: no packet reaches a new container before its profile.
      await this.#attempt('firewall', async () => {
        if (await this.#firewall.apply(renderFirewall(environment.nodeName, snapshot))) log.info('firewall updated');
      }),
      await this.#attempt('routes', async () => {
        const wanted = wantedRoutes(environment.nodeName, snapshot.endpoints, await this.#parts.interfaces());
        for (const change of await this.#routes.apply(wanted)) log.info(change);
      }),
      environment.backend === 'none' ||
        (await this.#attempt('BIRD', async () => {
          const text = renderBirdConfig({node: environment.nodeName, address: environment.address}, snapshot);
          if (await this.#bird.apply(text)) log.info('BIRD configuration updated');
        })),
    ];
    if (results.every(Boolean)) this.isSynchronised = true;
  }

  /** After an unclean end of Docker or of the machine: endpoints of this node that Docker has forgotten lose record, veth and address. */
  async removeStaleEndpoints(): Promise<void> {
    await this.#attempt('stale endpoints', async () => {
      const {environment, etcd, run, log, now} = this.#parts;
      const docker = parseDockerEndpoints((await etcd.get('/docker/network/v1.0', {recursive: true}))?.node);
      const snapshot = this.#snapshot;
      if (docker === undefined || snapshot === undefined) return;
      const found = findStale(environment.nodeName, snapshot.endpoints, docker, this.#unknownSince, now());
      this.#unknownSince = found.unknownSince;
      for (const endpoint of found.stale) {
        log.warn(`endpoint ${endpoint.id} (${endpoint.nets.join(', ')}) is unknown to Docker: removing it`);
        await run(['ip', 'link', 'del', endpoint.interfaceName]);
        await etcd.delete(keys.endpointKey(endpoint.node, endpoint.id));
        const ipam = new Ipam(new BlockStore(etcd));
        for (const address of releasableAddresses(endpoint, snapshot.endpoints, docker)) await ipam.releaseAddress(address);
      }
    });
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

  /** Says the same trouble once, and that it is over. */
  #failed(part: string, error: unknown): void {
    const reason = reasonOf(error);
    if (this.#lastFailures.get(part) !== reason) this.#parts.log.warn(`${part}: ${reason}`);
    this.#lastFailures.set(part, reason);
  }

  #succeeded(part: string): void {
    if (this.#lastFailures.delete(part)) this.#parts.log.info(`${part}: works again`);
  }
}
