import type {ServerResponse} from 'node:http';
import type {MediaType} from '../common/media-types.js';
import {encodeMessage} from '../common/protobuf.js';
import {type Encode, encodeJson, encodeRecord} from '../common/recordio.js';
import {EVENT} from './event-spec.js';

/** How events are encoded. Agents and operators always get JSON. */
const ENCODE: Readonly<Record<MediaType, Encode>> = {
  'application/json': encodeJson,
  'application/x-protobuf': (event) => encodeMessage(EVENT, event as Record<string, unknown>),
};

interface Stream {
  readonly response: ServerResponse;
  readonly mediaType: MediaType;
}

/** The open streams of frameworks, operators and agents, by their ids. */
export class Streams {
  readonly #open = new Map<string, Stream>();

  /** Opens a stream as the response to a request. `onClosed` is called when the client disconnects, but not after `end`. */
  open(id: string, response: ServerResponse, mediaType: MediaType, onClosed: () => void): void {
    response.writeHead(200, {'Content-Type': mediaType, 'Mesos-Stream-Id': id});
    response.socket?.setNoDelay(true);
    // TCP detects a peer that disappears without closing the connection, as in a power failure.
    response.socket?.setKeepAlive(true, 30_000);
    this.#open.set(id, {response, mediaType});
    response.once('close', () => {
      if (this.#open.delete(id)) onClosed();
    });
  }

  /** Writes a record, in a single chunk. */
  send(id: string, value: object): void {
    const stream = this.#open.get(id);
    stream?.response.write(encodeRecord(value, ENCODE[stream.mediaType]));
  }

  /** Sends the last chunk. The connection stays open, as in upstream Mesos. */
  end(id: string): void {
    const stream = this.#open.get(id);
    this.#open.delete(id);
    stream?.response.end();
  }

  /** Closes all connections. */
  destroy(): void {
    for (const {response} of this.#open.values()) response.destroy();
    this.#open.clear();
  }
}
