import type {ServerResponse} from 'node:http';
import {encodeRecord} from '../common/recordio.js';

/** The open event streams, of frameworks and agents, by their ids. */
export class Streams {
  readonly #open = new Map<string, ServerResponse>();

  /** Answers a request with a stream. `onClosed` is called when the other side goes away, not when we end it. */
  open(id: string, response: ServerResponse, onClosed: () => void): void {
    response.writeHead(200, {'Content-Type': 'application/json', 'Mesos-Stream-Id': id});
    response.socket?.setNoDelay(true);
    // A peer that vanished without a word (power loss) is found by TCP after a while even if nothing else finds it.
    response.socket?.setKeepAlive(true, 30_000);
    this.#open.set(id, response);
    response.once('close', () => {
      if (this.#open.delete(id)) onClosed();
    });
  }

  /** Writes one record, in one chunk. */
  send(id: string, value: unknown): void {
    this.#open.get(id)?.write(encodeRecord(value));
  }

  /** The last chunk; the connection stays open, as with genuine Mesos. */
  end(id: string): void {
    const response = this.#open.get(id);
    this.#open.delete(id);
    response?.end();
  }

  /** Breaks all streams off. */
  destroy(): void {
    for (const response of this.#open.values()) response.destroy();
    this.#open.clear();
  }
}
