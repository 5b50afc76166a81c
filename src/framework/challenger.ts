import {randomUUID} from 'node:crypto';
import type {Command} from '../scheduler-api/commands.js';
import {readPublishedView} from '../scheduler-api/published-view.js';
import type {MesosClient} from './client.js';
import type {FrameworkStore} from './key-values.js';

export interface ChallengerOptions {
  readonly store: FrameworkStore;
  readonly client: MesosClient;
  /** So long must the leader say that it does not reach the master. */
  readonly patienceSeconds: number;
  readonly now: () => number;
  readonly monotonic: () => number;
}

/**
 * Has a leader give way that reaches etcd but not the Mesos master, when this instance, which stands by, does reach the master. A
 * leader that resigned by itself would gain nothing when the master is down for all.
 */
export class Challenger {
  readonly #options: ChallengerOptions;
  /** Since when, by this instance's clock. */
  #silentSince: number | undefined;

  constructor(options: ChallengerOptions) {
    this.#options = options;
  }

  /** Looks once. @throws when the store or the master cannot be reached: then nothing is to be done */
  async look(): Promise<void> {
    const {store, client, patienceSeconds, now, monotonic} = this.#options;
    const view = readPublishedView((await store.load('view')).get('view'));
    this.#silentSince = view?.isMasterUnresponsive === true ? (this.#silentSince ?? monotonic()) : undefined;
    if (this.#silentSince === undefined || monotonic() - this.#silentSince < patienceSeconds * 1000) return;
    await client.leader();
    this.#silentSince = undefined;
    await store.put(`commands/${randomUUID()}`, {action: 'resign', at: now()} satisfies Command);
  }
}
