import type {ServerResponse} from 'node:http';
import type {MediaType} from '../common/media-types.js';
import {encodeMessage} from '../common/protobuf.js';
import {type Encode, encodeJson, encodeRecord} from '../common/recordio.js';
import {EVENT} from './event-spec.js';

/** How events are written in each form; agents and operators get JSON. */
const ENCODE: Readonly<Record<MediaType, Encode>> = {
  'application/json': encodeJson,
  'application/x-protobuf': (event) => encodeMessage(EVENT, event as Record<string, unknown>),
};

interface Stream {
  readonly response: ServerResponse;
  readonly mediaType: MediaType;
}

/** The open event streams, of frameworks, operators and agents, by their ids. */
export class Streams {
  readonly #open = new Map<string, Stream>();

  /** Answers a request with a stream. `onClosed` is called when the other side goes away, not when we end it. */
  open(id: string, response: ServerResponse, mediaType: MediaType, onClosed: () => void): void {
    response.writeHead(200, {'Content-Type': mediaType, 'Mesos-Stream-Id': id});
    response.socket?.setNoDelay(true);
    // A peer that vanished without a word (power loss) is found by TCP after a while even if nothing else finds it.
    response.socket?.setKeepAlive(true, 30_000);
    this.#open.set(id, {response, mediaType});
    response.once('close', () => {
      if (this.#open.delete(id)) onClosed();
    });
  }

  /** Writes one record, in one chunk. */
  send(id: string, value: object): void {
    const stream = this.#open.get(id);
    stream?.response.write(encodeRecord(value, ENCODE[stream.mediaType]));
  }

  /** The last chunk; the connection stays open, as with genuine Mesos. */
  end(id: string): void {
    const stream = this.#open.get(id);
    this.#open.delete(id);
    stream?.response.end();
  }

  /** Breaks all streams off. */
  destroy(): void {
    for (const {response} of this.#open.values()) response.destroy();
    this.#open.clear();
  }
}
