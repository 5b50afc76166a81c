import {Agent as HttpAgent, request} from 'node:http';
import type {AgentCall, AgentMessage, AgentRegistration} from '../common/agent-protocol.js';
import {type Clock, delay} from '../common/clock.js';
import type {Log} from '../common/log.js';
import {RecordReader} from '../common/recordio.js';

export interface MasterConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** Seconds between attempts. */
  readonly backoff: number;
  /** When the connection breaks, wait as an upstream agent does until the master's pings are missing, instead of connecting again. */
  readonly waitsForPings: boolean;
  readonly log: Log;
  readonly clock: Clock;
  registration(): AgentRegistration;
  onMessage(message: AgentMessage): void;
}

/** The timeout of the stream before the master has sent its own, in seconds. */
const INITIAL_TIMEOUT = 10;

/**
 * The connection to the master: one stream of messages from it, and calls to it, sent one at a time and in order. The agent registers again
 * when the stream breaks or times out (the master sends pings over it).
 */
export class MasterConnection {
  readonly #options: MasterConnectionOptions;
  readonly #http = new HttpAgent({keepAlive: true, maxSockets: 1});
  readonly #closing = new AbortController();
  #stream: string | undefined;
  /** When the pings of the master that this agent registered with will be missing; undefined without such a master. */
  #missedPingsAt: number | undefined;
  #isWaitingForPings = false;
  #calls: Promise<unknown> = Promise.resolve();
  #breakStream: () => void = () => undefined;

  constructor(options: MasterConnectionOptions) {
    this.#options = options;
  }

  /** Whether the agent considers itself registered. While it waits for pings it does, like an upstream agent. */
  get isRegistered(): boolean {
    return this.#stream !== undefined || this.#isWaitingForPings;
  }

  /** Connects, and connects again whenever the connection is lost, until `close`. */
  async run(): Promise<void> {
    let lastReason = '';
    while (!this.#closing.signal.aborted) {
      const reason = await this.#connect();
      this.#stream = undefined;
      if (this.#closing.signal.aborted) return;
      if (reason !== lastReason)
        this.#options.log(`no connection to the master at ${this.#options.host}:${this.#options.port}: ${reason}`);
      lastReason = reason;
      await this.#waitForPings();
      await delay(this.#options.clock, this.#options.backoff, this.#closing.signal);
    }
  }

  /** Upstream agents ignore a broken connection, and look for their master again when its pings are missing. */
  async #waitForPings(): Promise<void> {
    const {clock, log, waitsForPings} = this.#options;
    const seconds = (this.#missedPingsAt ?? 0) - clock.now();
    this.#missedPingsAt = undefined;
    if (!waitsForPings || seconds <= 0) return;
    log('Master disconnected! Waiting for a new master to be elected');
    this.#isWaitingForPings = true;
    await delay(clock, seconds, this.#closing.signal);
    this.#isWaitingForPings = false;
    log('No pings from master received');
  }

  /** Sends a call when all previous ones are answered. @returns false when the master did not accept it */
  call(call: AgentCall): Promise<boolean> {
    const result = this.#calls.then(() => this.#post(call));
    this.#calls = result;
    return result;
  }

  close(): void {
    this.#closing.abort();
    this.#breakStream();
    this.#http.destroy();
  }

  /** Registers and reads the stream until it ends. @returns why it ended */
  #connect(): Promise<string> {
    return new Promise((resolve) => {
      const reader = new RecordReader();
      const body = JSON.stringify({type: 'REGISTER', register: this.#options.registration()} satisfies AgentCall);
      const outgoing = request(this.#target(body));
      let cancelTimeout: () => void = () => undefined;
      const restartTimeout = (seconds: number): void => {
        cancelTimeout();
        cancelTimeout = this.#options.clock.schedule(seconds, () => {
          outgoing.destroy(new Error(`nothing received for ${seconds} s`));
        });
      };
      const end = (reason: string): void => {
        cancelTimeout();
        resolve(reason);
      };
      let timeout = INITIAL_TIMEOUT;
      let pingTimeout = 0;
      restartTimeout(timeout);
      this.#breakStream = () => outgoing.destroy();
      outgoing.on('error', (error) => end(error.message));
      outgoing.on('close', () => end('connection closed'));
      outgoing.on('response', (response) => {
        if (response.statusCode !== 200) {
          response.resume();
          outgoing.destroy(new Error(`the master answered ${response.statusCode}`));
          return;
        }
        this.#stream = String(response.headers['mesos-stream-id']);
        response.on('data', (bytes: Buffer) => {
          for (const record of reader.push(bytes)) {
            const message = record as AgentMessage;
            if (message.type === 'REGISTERED') {
              timeout = message.stream_timeout_seconds;
              pingTimeout = message.ping_timeout_seconds;
            }
            if (message.type === 'REGISTERED' || message.type === 'PING')
              this.#missedPingsAt = this.#options.clock.now() + pingTimeout;
            this.#options.onMessage(message);
          }
          restartTimeout(timeout);
        });
        response.on('error', (error) => end(error.message));
        response.on('end', () => {
          outgoing.destroy();
          end('the master ended the stream');
        });
      });
      outgoing.end(body);
    });
  }

  #post(call: AgentCall): Promise<boolean> {
    const stream = this.#stream;
    if (stream === undefined) return Promise.resolve(false);
    return new Promise((resolve) => {
      const body = JSON.stringify(call);
      const {headers, ...target} = this.#target(body);
      const outgoing = request(
        {...target, agent: this.#http, timeout: 10_000, headers: {...headers, 'Mesos-Stream-Id': stream}},
        (response) => {
          response.resume();
          // The master no longer knows this stream: it restarted, or it has marked this agent unreachable.
          if (response.statusCode === 403 && this.#stream === stream) this.#breakStream();
          response.on('close', () => resolve(response.statusCode === 202));
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error('timed out')));
      outgoing.on('error', () => resolve(false));
      outgoing.end(body);
    });
  }

  #target(body: string): {host: string; port: number; path: string; method: string; headers: Record<string, string | number>} {
    const headers = {'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body)};
    return {host: this.#options.host, port: this.#options.port, path: '/hw5/v1/agent', method: 'POST', headers};
  }
}
