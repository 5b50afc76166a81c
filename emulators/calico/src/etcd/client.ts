import {COMPARE_FAILED, EtcdError, EtcdUnavailableError, isEtcdError, KEY_NOT_FOUND, NODE_EXISTS} from './errors.js';
import {type EtcdReply, type EtcdRequest, RequestError, requestOnce, type Timeouts} from './request.js';

/** A key (with `value`) or a directory (with `nodes` when read recursively). */
export interface EtcdNode {
  readonly key: string;
  readonly dir?: boolean;
  readonly value?: string;
  readonly nodes?: readonly EtcdNode[];
  readonly modifiedIndex: number;
}

export interface EtcdRead {
  readonly node: EtcdNode;
  /** The store's index of this read: watch from `index + 1`. */
  readonly index: number;
}

const DEFAULT_TIMEOUTS: Timeouts = {connectMs: 1_000, replyMs: 5_000};
/** Error codes after which another member is tried: raft internal error, leader election. */
const RETRY_CODES = new Set([300, 301]);

/** The etcd v2 HTTP API over all members: a request goes to the member that replied last, and to the others when it fails. */
export class EtcdClient {
  readonly #endpoints: readonly string[];
  readonly #timeouts: Timeouts;
  #preferred = 0;

  constructor(endpoints: readonly string[], timeouts: Partial<Timeouts> = {}) {
    this.#endpoints = endpoints;
    this.#timeouts = {...DEFAULT_TIMEOUTS, ...timeouts};
  }

  /**
   * Sends further requests to the next member first: the current one did not report a change, and may be unreachable with its TCP
   * connection still open.
   */
  preferNextMember(): void {
    this.#preferred = (this.#preferred + 1) % this.#endpoints.length;
  }

  /** Reads a key or directory with quorum; undefined if it does not exist. @throws EtcdUnavailableError */
  async get(key: string, {recursive = false} = {}): Promise<EtcdRead | undefined> {
    try {
      const {reply} = await this.#send({method: 'GET', path: `${keyPath(key)}?quorum=true&recursive=${recursive}&sorted=true`});
      return {node: (JSON.parse(reply.body) as {node: EtcdNode}).node, index: reply.index};
    } catch (error) {
      if (isEtcdError(error, KEY_NOT_FOUND)) return undefined;
      throw error;
    }
  }

  /** Writes a key unconditionally. */
  async set(key: string, value: string): Promise<void> {
    await this.#put(key, value, {});
  }

  /** Creates a key. @throws EtcdError NODE_EXISTS if it exists */
  async create(key: string, value: string): Promise<void> {
    await this.#put(key, value, {prevExist: 'false'});
  }

  /** Replaces the value of a key that was not written since `previous` was read. @throws EtcdError COMPARE_FAILED if it was */
  async compareAndSwap(key: string, value: string, previous: EtcdNode): Promise<void> {
    await this.#put(key, value, {prevIndex: String(previous.modifiedIndex)});
  }

  /** Creates an empty directory unless it exists. */
  async ensureDirectory(key: string): Promise<void> {
    try {
      await this.#send({method: 'PUT', path: `${keyPath(key)}?dir=true&prevExist=false`, form: new URLSearchParams()});
    } catch (error) {
      if (!isEtcdError(error, NODE_EXISTS)) throw error;
    }
  }

  /** Deletes a key, or a directory with everything below. Returns false if it does not exist. */
  async delete(key: string, {recursive = false, previous}: {recursive?: boolean; previous?: EtcdNode} = {}): Promise<boolean> {
    const condition = previous === undefined ? '' : `&prevIndex=${previous.modifiedIndex}`;
    try {
      await this.#send({method: 'DELETE', path: `${keyPath(key)}?recursive=${recursive}${condition}`});
      return true;
    } catch (error) {
      if (isEtcdError(error, KEY_NOT_FOUND)) return false;
      throw error;
    }
  }

  /**
   * Waits for a change at or below `key` since `index`.
   * @throws EtcdError EVENT_INDEX_CLEARED when etcd's history no longer reaches back to `index`; EtcdUnavailableError; the reason of `signal`
   */
  async waitForChange(key: string, index: number, signal: AbortSignal): Promise<void> {
    const path = `${keyPath(key)}?wait=true&recursive=true&waitIndex=${index}`;
    // etcd closes an idle watch after some minutes with an empty body. That counts as a change, for the caller only reads again.
    await this.#send({method: 'GET', path}, {timeouts: {...this.#timeouts, replyMs: 600_000}, signal});
  }

  async #put(key: string, value: string, conditions: Readonly<Record<string, string>>): Promise<void> {
    const form = new URLSearchParams({value});
    const request: EtcdRequest = {method: 'PUT', path: `${keyPath(key)}?${new URLSearchParams(conditions)}`, form};
    const attempt = {isAmbiguous: false};
    try {
      await this.#send(request, {attempt});
    } catch (error) {
      // A member may have failed after it performed this write; the next one then reports that the condition no longer holds.
      const isConflict = isEtcdError(error, COMPARE_FAILED) || isEtcdError(error, NODE_EXISTS);
      if (!(attempt.isAmbiguous && isConflict)) throw error;
      if ((await this.get(key))?.node.value !== value) throw error;
    }
  }

  async #send(
    request: EtcdRequest,
    {
      timeouts = this.#timeouts,
      signal,
      attempt,
    }: {timeouts?: Timeouts; signal?: AbortSignal; attempt?: {isAmbiguous: boolean}} = {},
  ): Promise<{reply: EtcdReply}> {
    const failures: string[] = [];
    const first = this.#preferred;
    for (let i = 0; i < this.#endpoints.length; i++) {
      const which = (first + i) % this.#endpoints.length;
      try {
        const reply = await requestOnce(this.#endpoints[which] ?? '', request, timeouts, signal);
        const failure = failureOf(reply);
        if (failure !== undefined && !RETRY_CODES.has(failure.code)) {
          this.#preferred = which;
          throw failure;
        }
        if (failure === undefined && reply.status < 500) {
          this.#preferred = which;
          return {reply};
        }
        failures.push(failure?.message ?? `unexpected status ${reply.status}`);
        if (attempt !== undefined) attempt.isAmbiguous = true;
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof RequestError)) throw error;
        failures.push(error.message);
        if (attempt !== undefined && error.mayHaveSucceeded) attempt.isAmbiguous = true;
      }
    }
    throw new EtcdUnavailableError(failures);
  }
}

function keyPath(key: string): string {
  return `/v2/keys${key.split('/').map(encodeURIComponent).join('/')}`;
}

function failureOf(reply: EtcdReply): EtcdError | undefined {
  if (reply.status < 300) return undefined;
  let parsed: {errorCode?: unknown; message?: unknown; cause?: unknown; index?: unknown};
  try {
    parsed = JSON.parse(reply.body) as typeof parsed;
  } catch {
    return new EtcdError(
      reply.status >= 500 ? 300 : 0,
      `etcd answered ${reply.status}: ${reply.body.slice(0, 200).trim()}`,
      reply.index,
    );
  }
  const code = Number(parsed.errorCode ?? 300);
  return new EtcdError(code, `${code}: ${parsed.message} (${parsed.cause}) [${parsed.index}]`, Number(parsed.index ?? 0));
}
