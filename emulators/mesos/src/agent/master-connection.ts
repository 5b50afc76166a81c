import {Agent as HttpAgent, request} from 'node:http';
import type {AgentCall, AgentMessage, AgentRegistration} from '../common/agent-protocol.js';
import type {Log} from '../common/log.js';
import {RecordReader} from '../common/recordio.js';
import {delay} from './processes.js';

export interface MasterConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** Seconds between attempts. */
  readonly backoff: number;
  readonly log: Log;
  registration(): AgentRegistration;
  onMessage(message: AgentMessage): void;
}

/** How long the master may be silent before its limit is known, in ms. */
const FIRST_LIMIT = 10_000;

/**
 * The connection to the master: one stream of messages from it, and calls to it one after another, in order. When the stream breaks, or is
 * silent for longer than the master's pings may be, it registers again. So a restarted master is noticed at once.
 */
export class MasterConnection {
  readonly #parts: MasterConnectionOptions;
  readonly #http = new HttpAgent({keepAlive: true, maxSockets: 1});
  readonly #closing = new AbortController();
  #stream: string | undefined;
  #calls: Promise<unknown> = Promise.resolve();
  #breakStream: () => void = () => undefined;

  constructor(parts: MasterConnectionOptions) {
    this.#parts = parts;
  }

  get isConnected(): boolean {
    return this.#stream !== undefined;
  }

  /** Keeps the connection up until close. */
  async run(): Promise<void> {
    let lastReason = '';
    while (!this.#closing.signal.aborted) {
      const reason = await this.#connect();
      this.#stream = undefined;
      if (this.#closing.signal.aborted) return;
      if (reason !== lastReason)
        this.#parts.log(`no connection to the master at ${this.#parts.host}:${this.#parts.port}: ${reason}`);
      lastReason = reason;
      await delay(this.#parts.backoff * 1000, this.#closing.signal);
    }
  }

  /** Sends a call after those before it; false when it did not arrive. */
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

  /** One life of the stream; resolves with why it ended. */
  #connect(): Promise<string> {
    return new Promise((resolve) => {
      const reader = new RecordReader();
      const body = JSON.stringify({type: 'REGISTER', register: this.#parts.registration()} satisfies AgentCall);
      const outgoing = request(this.#target(body));
      let silence: NodeJS.Timeout | undefined;
      const expectWithin = (ms: number): void => {
        clearTimeout(silence);
        silence = setTimeout(() => outgoing.destroy(new Error(`silent for ${ms / 1000} s`)), ms);
      };
      const end = (reason: string): void => {
        clearTimeout(silence);
        resolve(reason);
      };
      let limit = FIRST_LIMIT;
      expectWithin(limit);
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
            if (message.type === 'REGISTERED') limit = message.stream_timeout_seconds * 1000;
            this.#parts.onMessage(message);
          }
          expectWithin(limit);
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
          // The master does not know this stream any more: it restarted, or gave us up.
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
    return {host: this.#parts.host, port: this.#parts.port, path: '/hw5/v1/agent', method: 'POST', headers};
  }
}
