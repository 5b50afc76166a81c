import {Hw5Error} from '../support/errors.js';
import type {StoreOp} from './model.js';

/** A key of the store with its value. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  /** The store's revision at which the key was created; a key that is deleted and created again has another. */
  readonly createRevision: string;
}

/** A put, bound to a lease if one is given; or a deletion. */
export type Change =
  | {readonly op: 'put'; readonly key: string; readonly value: string; readonly lease?: string}
  | {readonly op: 'delete'; readonly key: string};

/** True while the key exists with this create revision; with '0', while it does not exist. */
export interface Condition {
  readonly key: string;
  readonly createRevision: string;
}

/** The operations of etcd that the framework uses. Every method throws {@link StoreError} when no member answers. */
export interface KeyValues {
  list(prefix: string): Promise<readonly Entry[]>;
  /** Makes all changes or none; returns false when a condition is not fulfilled. */
  commit(conditions: readonly Condition[], changes: readonly Change[]): Promise<boolean>;
  deleteAll(prefix: string): Promise<void>;
  /** @returns the lease's id */
  grantLease(ttlSeconds: number): Promise<string>;
  /** @returns the remaining seconds of the lease; 0 when it has expired */
  renewLease(lease: string): Promise<number>;
  revokeLease(lease: string): Promise<void>;
}

/** The store did not answer; whether it made the change is unknown. */
export class StoreError extends Hw5Error {}

/** Another instance holds the leader key: nothing was written, and this instance must stop acting as the leader. */
export class DeposedError extends Hw5Error {}

/** The framework's part of the store: JSON values under one prefix. */
export class FrameworkStore {
  readonly #kv: KeyValues;
  readonly prefix: string;

  constructor(kv: KeyValues, frameworkName: string) {
    this.#kv = kv;
    this.prefix = `/hw5/framework/${frameworkName}/`;
  }

  /** Everything under `below`, relative to the prefix. */
  async load(below = ''): Promise<ReadonlyMap<string, unknown>> {
    const entries = await this.#kv.list(this.prefix + below);
    return new Map(
      entries
        .filter((entry) => !entry.key.endsWith('/leader'))
        .map((entry) => [entry.key.slice(this.prefix.length), JSON.parse(entry.value)]),
    );
  }

  /**
   * Writes as the leader.
   * @param guard the leader key as it was when this instance won the election
   * @throws {DeposedError} when another instance leads
   */
  async commit(guard: Condition, ops: readonly StoreOp[]): Promise<void> {
    // etcd accepts at most 128 operations in a transaction. Only a launch and the counter must be in the same one, and those are few.
    for (let at = 0; at < ops.length; at += 100) {
      const changes = ops.slice(at, at + 100).map((op) => this.#change(op));
      if (!(await this.#kv.commit([guard], changes))) throw new DeposedError('another instance leads');
    }
  }

  /** Writes without being the leader: a command for the leader. */
  async put(key: string, value: unknown): Promise<void> {
    await this.#kv.commit([], [this.#change({op: 'put', key, value})]);
  }

  async clear(): Promise<void> {
    await this.#kv.deleteAll(this.prefix);
  }

  #change(op: StoreOp): Change {
    const key = this.prefix + op.key;
    return op.op === 'delete' ? {op: 'delete', key} : {op: 'put', key, value: JSON.stringify(op.value)};
  }
}
