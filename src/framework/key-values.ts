import {Hw5Error} from '../support/errors.js';
import type {StoreOp} from './model.js';

/** A key as it is in the store. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  /** The store's revision at which the key was made; changes when it is deleted and made anew. */
  readonly createRevision: string;
}

/** A put of text, bound to a lease if one is named; or a deletion. */
export type Change =
  | {readonly op: 'put'; readonly key: string; readonly value: string; readonly lease?: string}
  | {readonly op: 'delete'; readonly key: string};

/** Holds only while the key was made at this revision; '0' while it does not exist. */
export interface Condition {
  readonly key: string;
  readonly createRevision: string;
}

/** What the framework needs of etcd. Every method throws {@link StoreError} when no member answers. */
export interface KeyValues {
  list(prefix: string): Promise<readonly Entry[]>;
  /** Makes all changes or none; false when a condition does not hold. */
  commit(conditions: readonly Condition[], changes: readonly Change[]): Promise<boolean>;
  deleteAll(prefix: string): Promise<void>;
  /** @returns the lease's id */
  grantLease(ttlSeconds: number): Promise<string>;
  /** @returns the seconds it lives from now; 0 when it has expired */
  renewLease(lease: string): Promise<number>;
  revokeLease(lease: string): Promise<void>;
}

/** The store did not do what was asked, and it is not known whether it did. */
export class StoreError extends Hw5Error {}

/** The leader key is no longer ours: nothing was written, and nothing may be done any more. */
export class DeposedError extends Hw5Error {}

/** The framework's own corner of the store: JSON values under one prefix. */
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
   * @param guard the leader key as it was when it was won
   * @throws {DeposedError} when somebody else leads by now
   */
  async commit(guard: Condition, ops: readonly StoreOp[]): Promise<void> {
    // etcd takes at most 128 operations at once. Only a launch and its counter must be together, and those are few.
    for (let at = 0; at < ops.length; at += 100) {
      const changes = ops.slice(at, at + 100).map((op) => this.#change(op));
      if (!(await this.#kv.commit([guard], changes))) throw new DeposedError('another instance leads by now');
    }
  }

  /** Writes without leading: commands for the leader. */
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
