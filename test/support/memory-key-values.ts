import type {Change, Condition, Entry, KeyValues} from '../../src/framework/key-values.js';
import {StoreError} from '../../src/framework/key-values.js';

/** A key-value store in memory with its own clock. It can be made unavailable, as when etcd loses its quorum. */
export class MemoryKeyValues implements KeyValues {
  readonly #clock: () => number;
  isDown = false;
  readonly #entries = new Map<string, Entry & {readonly lease?: string | undefined}>();
  readonly #leases = new Map<string, {ttlSeconds: number; endsAt: number}>();
  #revision = 0;

  /** @param clock milliseconds, for the leases */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  async list(prefix: string): Promise<readonly Entry[]> {
    this.#check();
    return [...this.#entries.values()]
      .filter((entry) => entry.key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({key, value, createRevision}) => ({key, value, createRevision}));
  }

  async commit(conditions: readonly Condition[], changes: readonly Change[]): Promise<boolean> {
    this.#check();
    for (const {key, createRevision} of conditions)
      if ((this.#entries.get(key)?.createRevision ?? '0') !== createRevision) return false;
    this.#revision++;
    for (const change of changes) {
      if (change.op === 'delete') this.#entries.delete(change.key);
      else {
        const {key, value, lease} = change;
        if (lease !== undefined && !this.#leases.has(lease)) throw new StoreError('requested lease not found');
        const createRevision = this.#entries.get(key)?.createRevision ?? String(this.#revision);
        this.#entries.set(key, {key, value, createRevision, lease});
      }
    }
    return true;
  }

  async deleteAll(prefix: string): Promise<void> {
    this.#check();
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  async grantLease(ttlSeconds: number): Promise<string> {
    this.#check();
    const id = String(++this.#revision);
    this.#leases.set(id, {ttlSeconds, endsAt: this.#clock() + ttlSeconds * 1000});
    return id;
  }

  async renewLease(lease: string): Promise<number> {
    this.#check();
    const found = this.#leases.get(lease);
    if (found === undefined) return 0;
    found.endsAt = this.#clock() + found.ttlSeconds * 1000;
    return found.ttlSeconds;
  }

  async revokeLease(lease: string): Promise<void> {
    this.#check();
    this.#end(lease);
  }

  #check(): void {
    if (this.isDown) throw new StoreError('no member answers');
    for (const [lease, {endsAt}] of this.#leases) if (endsAt <= this.#clock()) this.#end(lease);
  }

  #end(lease: string): void {
    this.#leases.delete(lease);
    for (const entry of this.#entries.values()) if (entry.lease === lease) this.#entries.delete(entry.key);
  }
}
