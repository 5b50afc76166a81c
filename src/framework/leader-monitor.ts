import {randomUUID} from 'node:crypto';
import type {Command} from '../scheduler-api/commands.js';
import {readPublishedView} from '../scheduler-api/published-view.js';
import type {MesosClient} from './client.js';
import type {Clock} from './clock.js';
import type {FrameworkStore} from './key-values.js';

export interface LeaderMonitorOptions {
  readonly store: FrameworkStore;
  readonly client: MesosClient;
  /** For how long the leader must report that the master is unresponsive. */
  readonly unresponsiveSeconds: number;
  readonly clock: Clock;
}

/**
 * Used by an instance that does not lead: requests the leader to resign when the leader reaches etcd but not the Mesos master, and this
 * instance does reach the master. The leader does not resign by itself, because that would not help when the master is down for all.
 */
export class LeaderMonitor {
  readonly #options: LeaderMonitorOptions;
  /** When this instance first observed that the master does not answer the leader, by its own clock. */
  #unresponsiveSince: number | undefined;

  constructor(options: LeaderMonitorOptions) {
    this.#options = options;
  }

  /** Checks once. @throws when the store or the master cannot be reached, in which case there is nothing to do */
  async check(): Promise<void> {
    const {store, client, unresponsiveSeconds, clock} = this.#options;
    const view = readPublishedView((await store.load('view')).get('view'));
    this.#unresponsiveSince = view?.isMasterUnresponsive === true ? (this.#unresponsiveSince ?? clock.monotonic()) : undefined;
    if (this.#unresponsiveSince === undefined || clock.monotonic() - this.#unresponsiveSince < unresponsiveSeconds * 1000) return;
    await client.leader();
    this.#unresponsiveSince = undefined;
    await store.put(`commands/${randomUUID()}`, {action: 'resign', at: clock.now()} satisfies Command);
  }
}
