import {lookup} from 'node:dns/promises';
import {Hw5Error} from '../support/errors.js';
import {anySignal, exchange, openStream} from './http.js';
import type {Call, FrameworkInfo, MesosEvent} from './mesos.js';
import {decodeRecords, emptyRest} from './recordio.js';

const PATH = '/api/v1/scheduler';
const CALL_TIMEOUT_MS = 10_000;
/** The stream counts as broken after so many heartbeat intervals without data. */
const MISSED_HEARTBEATS = 2.5;
const DEFAULT_HEARTBEAT_SECONDS = 15;

/** The master rejected a request or did not answer. */
export class MesosError extends Hw5Error {
  /** HTTP status, or undefined when there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, status?: number, cause?: unknown) {
    super(message, {cause});
    this.status = status;
  }
}

export interface Credentials {
  readonly principal: string;
  readonly secret: string;
}

export interface MesosClientOptions {
  /** host:port of a master, not necessarily the leading one. */
  readonly master: string;
  readonly framework: FrameworkInfo;
  /** Read for each subscription, so that a changed secret applies from the next one on. */
  readonly credentials?: (() => Promise<Credentials | undefined>) | undefined;
}

/** An open subscription: the events, and the calls that belong to it. */
export interface Subscription {
  readonly master: string;
  /** Completes when the master ends the stream; throws when the connection breaks or the heartbeats stop. */
  readonly events: AsyncIterable<MesosEvent>;
  /**
   * Sends a call. Calls reach the master in the order in which they were made.
   * @throws {MesosError} when it is not accepted; the subscription should then be closed
   */
  call(call: Call): Promise<void>;
  /** @param reason what reading the events then throws */
  close(reason?: unknown): void;
}

/** All HTTP requests to the Mesos master. */
export class MesosClient {
  readonly #options: MesosClientOptions;

  constructor(options: MesosClientOptions) {
    this.#options = options;
  }

  /** The leading master, as `host:port`. */
  async leader(signal?: AbortSignal): Promise<string> {
    const {master} = this.#options;
    // Every upstream master answers this without authentication.
    const answer = await this.#exchange(master, {path: '/master/redirect', ...(signal === undefined ? {} : {signal})});
    const location = answer.headers.location;
    if (answer.status < 300 || answer.status > 399 || location === undefined) {
      throw new MesosError(
        `the Mesos master ${master} does not report the leading master (HTTP ${answer.status})`,
        answer.status,
      );
    }
    // Protocol-relative (//host:port), with the master's own name for itself, which this node may be unable to resolve.
    const {host, hostname} = new URL(location, `http://${master}`);
    const isResolvable = await lookup(hostname).then(
      () => true,
      () => false,
    );
    return isResolvable ? host : master;
  }

  /** GET of a JSON document at the leading master, as /master/state. */
  async get(path: string, signal?: AbortSignal): Promise<unknown> {
    const master = await this.leader(signal);
    const answer = await this.#exchange(master, {path, ...(signal === undefined ? {} : {signal})});
    if (answer.status !== 200)
      throw new MesosError(`GET ${path} at ${master}: HTTP ${answer.status} ${answer.text.trim()}`, answer.status);
    return JSON.parse(answer.text);
  }

  /** Subscribes, as a new framework or with an id; the first event is SUBSCRIBED, or ERROR when the master rejects it. */
  async subscribe(frameworkId: string | null, signal: AbortSignal): Promise<Subscription> {
    const master = await this.leader(signal);
    const authorization = await this.#authorization();
    const controller = new AbortController();
    const either = anySignal([signal, controller.signal]);
    controller.signal.addEventListener('abort', either.release, {once: true});
    const id = frameworkId === null ? {} : {id: {value: frameworkId}};
    const answer = await openStream({
      origin: `http://${master}`,
      path: PATH,
      headers: authorization,
      json: {
        type: 'SUBSCRIBE',
        subscribe: {framework_info: {...this.#options.framework, ...id}},
        // Required in both places, or the master answers 400.
        ...(frameworkId === null ? {} : {framework_id: {value: frameworkId}}),
      },
      timeoutMs: CALL_TIMEOUT_MS,
      signal: either.signal,
    }).catch((cause: unknown) => {
      controller.abort(cause);
      throw new MesosError(`the Mesos master ${master} cannot be reached: ${messageOf(cause)}`, undefined, cause);
    });
    const streamId = answer.headers['mesos-stream-id'];
    if (answer.status !== 200 || streamId === undefined) {
      const text = await readAll(answer.body).catch(() => '');
      controller.abort(new Error('the subscription was rejected'));
      throw new MesosError(
        `the Mesos master ${master} rejects the subscription: HTTP ${answer.status} ${text.trim()}`,
        answer.status,
      );
    }
    return new OpenSubscription(master, streamId, answer.body, controller, authorization, frameworkId);
  }

  async #exchange(master: string, options: {readonly path: string; readonly signal?: AbortSignal}) {
    const headers = await this.#authorization();
    try {
      return await exchange({origin: `http://${master}`, timeoutMs: CALL_TIMEOUT_MS, headers, ...options});
    } catch (cause) {
      throw new MesosError(`the Mesos master ${master} cannot be reached: ${messageOf(cause)}`, undefined, cause);
    }
  }

  async #authorization(): Promise<Readonly<Record<string, string>>> {
    const credentials = await this.#options.credentials?.();
    if (credentials === undefined) return {};
    return {Authorization: `Basic ${Buffer.from(`${credentials.principal}:${credentials.secret}`).toString('base64')}`};
  }
}

class OpenSubscription implements Subscription {
  readonly master: string;
  readonly events: AsyncIterable<MesosEvent>;
  readonly #streamId: string;
  readonly #controller: AbortController;
  readonly #headers: Readonly<Record<string, string>>;
  #frameworkId: string | null;
  /** The last call: the next one waits for it, so that a KILL never overtakes its launch. */
  #last: Promise<void> = Promise.resolve();

  constructor(
    master: string,
    streamId: string,
    body: AsyncIterable<Buffer>,
    controller: AbortController,
    headers: Readonly<Record<string, string>>,
    frameworkId: string | null,
  ) {
    this.master = master;
    this.#streamId = streamId;
    this.#controller = controller;
    this.#headers = headers;
    this.#frameworkId = frameworkId;
    this.events = this.#read(body);
  }

  call(call: Call): Promise<void> {
    const sent = this.#last.then(() => this.#send(call));
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  close(reason: unknown = new Error('the subscription was closed')): void {
    this.#controller.abort(reason);
  }

  async #send(call: Call): Promise<void> {
    this.#controller.signal.throwIfAborted();
    const answer = await exchange({
      origin: `http://${this.master}`,
      path: PATH,
      headers: {...this.#headers, 'Mesos-Stream-Id': this.#streamId},
      json: {framework_id: {value: this.#frameworkId}, ...call},
      timeoutMs: CALL_TIMEOUT_MS,
      signal: this.#controller.signal,
    }).catch((cause: unknown) => {
      throw new MesosError(`${call.type} got no answer from ${this.master}: ${messageOf(cause)}`, undefined, cause);
    });
    if (answer.status !== 202 && answer.status !== 200) {
      throw new MesosError(
        `${call.type} was rejected by ${this.master}: HTTP ${answer.status} ${answer.text.trim()}`,
        answer.status,
      );
    }
  }

  async *#read(body: AsyncIterable<Buffer>): AsyncGenerator<MesosEvent> {
    let rest = emptyRest;
    let silenceLimitMs = DEFAULT_HEARTBEAT_SECONDS * MISSED_HEARTBEATS * 1000;
    let watchdog: NodeJS.Timeout | undefined;
    const watch = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => {
        this.#controller.abort(new MesosError(`no heartbeat from ${this.master} for ${silenceLimitMs / 1000} s`));
      }, silenceLimitMs);
    };
    try {
      watch();
      for await (const chunk of body) {
        watch();
        const decoded = decodeRecords(rest, chunk);
        rest = decoded.rest;
        for (const event of decoded.records as MesosEvent[]) {
          if (event.type === 'SUBSCRIBED') {
            this.#frameworkId = event.subscribed.framework_id.value;
            silenceLimitMs =
              (event.subscribed.heartbeat_interval_seconds ?? DEFAULT_HEARTBEAT_SECONDS) * MISSED_HEARTBEATS * 1000;
            watch();
          }
          yield event;
        }
      }
    } catch (error) {
      const {signal} = this.#controller;
      throw signal.aborted
        ? (signal.reason as Error)
        : new MesosError(`the stream from ${this.master} broke: ${messageOf(error)}`, undefined, error);
    } finally {
      clearTimeout(watchdog);
      this.close(new Error('the stream has ended'));
    }
  }
}

async function readAll(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** The message of an error, or its code: connection errors of several addresses have an empty message. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  return error.message !== '' ? error.message : (code ?? error.name);
}
