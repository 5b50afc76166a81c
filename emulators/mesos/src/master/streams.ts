import type {ServerResponse} from 'node:http';
import {writeHead} from '../common/http-server.js';
import type {MediaType} from '../common/media-types.js';
import {type Encode, encodeRecord} from '../common/recordio.js';

/** The media type of a stream, and how its events are encoded. */
export interface StreamFormat {
  readonly mediaType: MediaType;
  readonly encode: Encode;
}

interface Stream {
  readonly response: ServerResponse;
  readonly encode: Encode;
}

/** The open streams of frameworks, operators and agents, by their ids. */
export class Streams {
  readonly #open = new Map<string, Stream>();

  /** Opens a stream as the response to a request. `onClosed` is called when the client disconnects, but not after `end`. */
  open(id: string, response: ServerResponse, {mediaType, encode}: StreamFormat, onClosed: () => void): void {
    writeHead(response, 200, {'Content-Type': mediaType, 'Mesos-Stream-Id': id});
    response.socket?.setNoDelay(true);
    // TCP detects a peer that disappears without closing the connection, as in a power failure.
    response.socket?.setKeepAlive(true, 30_000);
    this.#open.set(id, {response, encode});
    response.once('close', () => {
      if (this.#open.delete(id)) onClosed();
    });
  }

  /** Writes a record, in a single chunk. */
  send(id: string, value: object): void {
    const stream = this.#open.get(id);
    stream?.response.write(encodeRecord(value, stream.encode));
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
