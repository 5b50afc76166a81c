import type {Condition, KeyValues} from './key-values.js';
import {pause} from './wait.js';

export interface ElectionOptions {
  readonly kv: KeyValues;
  /** The key the leader holds. */
  readonly key: string;
  readonly node: string;
  /** The lease's life. A leader that is cut off is replaced after this. */
  readonly ttlSeconds: number;
  /** A clock that never jumps, in milliseconds. */
  readonly monotonic: () => number;
  readonly log: (level: 'info' | 'warn', message: string) => void;
}

/** The leadership that was won, until it is lost. */
export interface Leadership {
  /** Holds for every write of this leader, and for no other's. */
  readonly guard: Condition;
  /** Aborted when the leadership is lost or resigned. */
  readonly signal: AbortSignal;
  /** False as soon as the lease may have run out, even when the process was stopped meanwhile and no timer has fired. */
  isHeld(): boolean;
  /** Gives the leadership to whoever asks next. */
  resign(): Promise<void>;
}

/** Of the lease's life, the part a leader does not use: it stops before a successor can start, whatever the clocks' pace. */
const MARGIN = 0.125;

/** One leader at a time among the instances, by a key bound to a lease. */
export class Election {
  readonly #options: ElectionOptions;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  /** The node that leads; null when none does. */
  async leader(): Promise<string | null> {
    const entries = await this.#options.kv.list(this.#options.key);
    return entries.find((entry) => entry.key === this.#options.key)?.value ?? null;
  }

  /**
   * Ends the leadership of a former process of this node, which was killed and could not resign: nobody need wait for the end of its
   * lease. Only for a node's one process that stands for election, when it starts. An etcd that does not answer is no error: the lease ends by itself.
   */
  async endFormerTerm(): Promise<void> {
    const {kv, key, node, log} = this.#options;
    try {
      const former = (await kv.list(key)).find((entry) => entry.key === key && entry.value === node);
      if (former === undefined) return;
      if (await kv.commit([{key, createRevision: former.createRevision}], [{op: 'delete', key}]))
        log('info', `a former process of ${node} led: its leadership is ended`);
    } catch (error) {
      log('warn', `whether a former process of ${node} led is not known: ${(error as Error).message}`);
    }
  }

  /**
   * Waits until this instance leads.
   * @returns undefined when the signal was aborted first
   */
  async campaign(signal: AbortSignal): Promise<Leadership | undefined> {
    const {log, ttlSeconds} = this.#options;
    let complained = '';
    while (!signal.aborted) {
      try {
        if ((await this.leader()) === null) {
          const leadership = await this.#try();
          if (leadership !== undefined) return leadership;
        }
        complained = '';
      } catch (error) {
        const message = (error as Error).message;
        if (message !== complained) log('warn', `cannot stand for election: ${message}`);
        complained = message;
      }
      await pause((ttlSeconds * 1000) / 16, signal);
    }
    return undefined;
  }

  async #try(): Promise<Leadership | undefined> {
    const {kv, key, node, ttlSeconds, monotonic} = this.#options;
    const grantedAt = monotonic();
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
    const {kv, ttlSeconds, monotonic, log} = this.#options;
    const controller = new AbortController();
    const lifeMs = ttlSeconds * 1000 * (1 - MARGIN);
    let deadline = grantedAt + lifeMs;
    const lose = (why: string) => {
      if (controller.signal.aborted) return;
      log('warn', `no longer leading: ${why}`);
      controller.abort(new Error(why));
    };
    const keep = async () => {
      while (!controller.signal.aborted) {
        await pause((ttlSeconds * 1000) / 5, controller.signal);
        const sentAt = monotonic();
        try {
          if ((await kv.renewLease(lease)) <= 0) lose('the lease ran out');
          else deadline = Math.max(deadline, sentAt + lifeMs);
        } catch (error) {
          if (!controller.signal.aborted) log('warn', `the lease was not renewed: ${(error as Error).message}`);
        }
      }
    };
    const guardian = setInterval(() => {
      if (monotonic() >= deadline) lose('the lease could not be renewed in time');
    }, 250);
    controller.signal.addEventListener('abort', () => clearInterval(guardian), {once: true});
    void keep();
    return {
      guard,
      signal: controller.signal,
      isHeld: () => !controller.signal.aborted && monotonic() < deadline,
      resign: async () => {
        controller.abort(new Error('resigned'));
        await kv.revokeLease(lease).catch(() => undefined);
      },
    };
  }
}
