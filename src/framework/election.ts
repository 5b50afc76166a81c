import type {Clock} from './clock.js';
import type {Condition, KeyValues} from './key-values.js';

export interface ElectionOptions {
  readonly kv: KeyValues;
  /** The key that the leader holds. */
  readonly key: string;
  readonly node: string;
  /** How long the lease lives without renewal: a leader that cannot reach the store is replaced after this. */
  readonly ttlSeconds: number;
  readonly clock: Clock;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** The leadership of this instance, from winning the election until it is lost. */
export interface Leadership {
  /** The condition that every write of this leader fulfils and no write of another leader does. */
  readonly guard: Condition;
  /** Aborted when the leadership is lost or resigned. */
  readonly signal: AbortSignal;
  /** False as soon as the lease may have expired, even when the process was suspended and no timer has fired. */
  isHeld(): boolean;
  /** Ends the leadership, so that another instance can win it immediately. */
  resign(): Promise<void>;
}

/** The part of the lease's life that a leader does not use, so that it stops before a successor can start even if their clocks differ in speed. */
const MARGIN = 0.125;

/** One leader at a time among the instances, by a key bound to a lease. */
export class Election {
  readonly #options: ElectionOptions;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  /** The leading node; null when there is none. */
  async leader(): Promise<string | null> {
    const entries = await this.#options.kv.list(this.#options.key);
    return entries.find((entry) => entry.key === this.#options.key)?.value ?? null;
  }

  /**
   * Ends the leadership of the previous process of this node, which was killed and could not resign, so that no instance waits for its
   * lease to expire. To be called once, at the start, by the only process of the node that takes part in the election. An etcd that does
   * not answer is no error: the lease expires by itself.
   */
  async endPreviousTerm(): Promise<void> {
    const {kv, key, node, log} = this.#options;
    try {
      const previous = (await kv.list(key)).find((entry) => entry.key === key && entry.value === node);
      if (previous === undefined) return;
      if (await kv.commit([{key, createRevision: previous.createRevision}], [{op: 'delete', key}]))
        log('info', `ended the leadership of the previous process of ${node}`);
    } catch (error) {
      log('warn', `cannot check for a leadership of the previous process of ${node}: ${(error as Error).message}`);
    }
  }

  /**
   * Waits until this instance leads.
   * @returns undefined when the signal was aborted first
   */
  async campaign(signal: AbortSignal): Promise<Leadership | undefined> {
    const {clock, log, ttlSeconds} = this.#options;
    let lastWarning = '';
    while (!signal.aborted) {
      try {
        if ((await this.leader()) === null) {
          const leadership = await this.#try();
          if (leadership !== undefined) return leadership;
        }
        lastWarning = '';
      } catch (error) {
        const message = (error as Error).message;
        if (message !== lastWarning) log('warn', `cannot take part in the election: ${message}`);
        lastWarning = message;
      }
      await clock.pause((ttlSeconds * 1000) / 16, signal);
    }
    return undefined;
  }

  async #try(): Promise<Leadership | undefined> {
    const {kv, key, node, ttlSeconds, clock} = this.#options;
    const grantedAt = clock.monotonic();
    const lease = await kv.grantLease(ttlSeconds);
    const won = await kv.commit([{key, createRevision: '0'}], [{op: 'put', key, value: node, lease}]);
    const own = won ? (await kv.list(key)).find((entry) => entry.key === key && entry.value === node) : undefined;
    if (own === undefined) {
      await kv.revokeLease(lease);
      return undefined;
    }
    return this.#hold(lease, {key, createRevision: own.createRevision}, grantedAt);
  }

  #hold(lease: string, guard: Condition, grantedAt: number): Leadership {
    const {kv, ttlSeconds, clock, log} = this.#options;
    const controller = new AbortController();
    const lifeMs = ttlSeconds * 1000 * (1 - MARGIN);
    let deadline = grantedAt + lifeMs;
    const endLeadership = (why: string) => {
      if (controller.signal.aborted) return;
      log('warn', `no longer leading: ${why}`);
      controller.abort(new Error(why));
    };
    const keepRenewing = async () => {
      while (!controller.signal.aborted) {
        await clock.pause((ttlSeconds * 1000) / 5, controller.signal);
        const sentAt = clock.monotonic();
        try {
          if ((await kv.renewLease(lease)) <= 0) endLeadership('the lease expired');
          else deadline = Math.max(deadline, sentAt + lifeMs);
        } catch (error) {
          if (!controller.signal.aborted) log('warn', `the lease was not renewed: ${(error as Error).message}`);
        }
      }
    };
    const stopWatchdog = clock.every(250, () => {
      if (clock.monotonic() >= deadline) endLeadership('the lease could not be renewed in time');
    });
    controller.signal.addEventListener('abort', stopWatchdog, {once: true});
    void keepRenewing();
    return {
      guard,
      signal: controller.signal,
      isHeld: () => !controller.signal.aborted && clock.monotonic() < deadline,
      resign: async () => {
        controller.abort(new Error('resigned'));
        await kv.revokeLease(lease).catch(() => undefined);
      },
    };
  }
}
