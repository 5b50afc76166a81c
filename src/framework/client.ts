import {lookup} from 'node:dns/promises';
import {anySignal, exchange, openStream} from './http.js';
import type {FrameworkInfo} from './mesos.js';
import {MesosError} from './mesos-error.js';
import {messageOf} from './message-of.js';
import {CALL_TIMEOUT_MS, OpenSubscription, SCHEDULER_PATH, type Subscription} from './subscription.js';

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
      path: SCHEDULER_PATH,
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

async function readAll(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
