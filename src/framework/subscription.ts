import {exchange} from './http.js';
import type {Call, MesosEvent} from './mesos.js';
import {MesosError} from './mesos-error.js';
import {messageOf} from './message-of.js';
import {decodeRecords, emptyRest} from './recordio.js';

/** The path of Mesos' scheduler API. */
export const SCHEDULER_PATH = '/api/v1/scheduler';
export const CALL_TIMEOUT_MS = 10_000;
/** The stream counts as broken after so many heartbeat intervals without data. */
const MISSED_HEARTBEATS = 2.5;
const DEFAULT_HEARTBEAT_SECONDS = 15;

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

export class OpenSubscription implements Subscription {
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
      path: SCHEDULER_PATH,
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
