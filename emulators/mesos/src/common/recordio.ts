/** RecordIO: each record is its length in bytes, a newline, and its content. */

/** How the records of a stream are written. */
export type Encode = (value: object) => Buffer;

export const encodeJson: Encode = (value) => Buffer.from(JSON.stringify(value));

export function encodeRecord(value: object, encode: Encode = encodeJson): Buffer {
  const content = encode(value);
  return Buffer.concat([Buffer.from(`${content.length}\n`), content]);
}

/** Collects bytes and yields whole records, however the network cut them. */
export class RecordReader {
  readonly #decode: (content: Buffer) => unknown;
  #buffer: Buffer = Buffer.alloc(0);

  /** @param decode of one record's content; JSON unless it is said */
  constructor(decode: (content: Buffer) => unknown = (content) => JSON.parse(content.toString('utf8'))) {
    this.#decode = decode;
  }

  push(bytes: Buffer): unknown[] {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    const records: unknown[] = [];
    for (;;) {
      const newline = this.#buffer.indexOf(10);
      if (newline < 0) return records;
      const length = Number(this.#buffer.toString('latin1', 0, newline));
      if (!Number.isInteger(length) || length < 0)
        throw new Error(`not a RecordIO length: ${this.#buffer.toString('latin1', 0, newline)}`);
      if (this.#buffer.length < newline + 1 + length) return records;
      records.push(this.#decode(this.#buffer.subarray(newline + 1, newline + 1 + length)));
      this.#buffer = this.#buffer.subarray(newline + 1 + length);
    }
  }
}
