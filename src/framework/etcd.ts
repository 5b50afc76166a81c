import {exchange} from './http.js';
import type {Change, Condition, Entry, KeyValues} from './key-values.js';
import {StoreError} from './key-values.js';
import {messageOf} from './message-of.js';

/** An etcd with a quorum answers within milliseconds; one without never does. */
const TIMEOUT_MS = 2_000;

/**
 * etcd's v3 API through its gRPC-JSON gateway (docs/decisions/0004-etcd-client.md). Tries the members one after the other,
 * starting with the one that answered last.
 */
export class EtcdKeyValues implements KeyValues {
  readonly #members: readonly string[];
  /** The member that answered last. */
  #answering = 0;

  constructor(members: readonly string[]) {
    this.#members = members;
  }

  async list(prefix: string): Promise<readonly Entry[]> {
    const answer = await this.#post<{kvs?: {key: string; value?: string; create_revision: string}[]}>('/v3/kv/range', {
      key: encode(prefix),
      range_end: encodeBytes(afterPrefix(prefix)),
    });
    return (answer.kvs ?? []).map((kv) => ({
      key: decode(kv.key),
      value: decode(kv.value ?? ''),
      createRevision: kv.create_revision,
    }));
  }

  async commit(conditions: readonly Condition[], changes: readonly Change[]): Promise<boolean> {
    const answer = await this.#post<{succeeded?: boolean}>('/v3/kv/txn', {
      compare: conditions.map((condition) => ({
        key: encode(condition.key),
        target: 'CREATE',
        result: 'EQUAL',
        create_revision: condition.createRevision,
      })),
      success: changes.map((change) =>
        change.op === 'delete'
          ? {request_delete_range: {key: encode(change.key)}}
          : {
              request_put: {
                key: encode(change.key),
                value: encode(change.value),
                ...(change.lease === undefined ? {} : {lease: change.lease}),
              },
            },
      ),
    });
    return answer.succeeded === true;
  }

  async deleteAll(prefix: string): Promise<void> {
    await this.#post('/v3/kv/deleterange', {key: encode(prefix), range_end: encodeBytes(afterPrefix(prefix))});
  }

  async grantLease(ttlSeconds: number): Promise<string> {
    const answer = await this.#post<{ID: string}>('/v3/lease/grant', {TTL: String(ttlSeconds)});
    return answer.ID;
  }

  async renewLease(lease: string): Promise<number> {
    // The gateway answers with a stream, one line for each request in the body: here one.
    const answer = await this.#post<{result?: {TTL?: string}}>('/v3/lease/keepalive', {ID: lease});
    return Number(answer.result?.TTL ?? 0);
  }

  async revokeLease(lease: string): Promise<void> {
    await this.#post('/v3/lease/revoke', {ID: lease});
  }

  async #post<T>(path: string, json: unknown): Promise<T> {
    const failures: string[] = [];
    // Requests run concurrently: each tries all members, and only a success changes where the next ones start.
    const first = this.#answering;
    for (let attempt = 0; attempt < this.#members.length; attempt++) {
      const index = (first + attempt) % this.#members.length;
      const member = this.#members[index]!;
      try {
        const answer = await exchange({origin: member, path, json, timeoutMs: TIMEOUT_MS});
        // 404: the lease to be revoked has expired already.
        if (answer.status === 200 || answer.status === 404) {
          this.#answering = index;
          return (answer.status === 200 ? JSON.parse(answer.text.split('\n')[0]!) : {}) as T;
        }
        failures.push(`${member}: HTTP ${answer.status} ${answer.text.trim().slice(0, 200)}`);
      } catch (error) {
        failures.push(`${member}: ${messageOf(error)}`);
      }
    }
    throw new StoreError(`no etcd member answered ${path}: ${failures.join('; ')}`);
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function encodeBytes(bytes: Buffer): string {
  return bytes.toString('base64');
}

function decode(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

/** The first key after those that begin with the prefix. */
function afterPrefix(prefix: string): Buffer {
  const bytes = Buffer.from(prefix);
  bytes[bytes.length - 1]! += 1;
  return bytes;
}
