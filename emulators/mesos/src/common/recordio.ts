/** RecordIO: a stream of records, each of which is its length in bytes, a newline, and its content. */

/** Encodes the content of a record. */
export type Encode = (value: object) => Buffer;

export const encodeJson: Encode = (value) => Buffer.from(JSON.stringify(value));

export function encodeRecord(value: object, encode: Encode = encodeJson): Buffer {
  const content = encode(value);
  return Buffer.concat([Buffer.from(`${content.length}\n`), content]);
}

/** Reassembles records from chunks of bytes. */
export class RecordReader {
  readonly #decode: (content: Buffer) => unknown;
  #buffer: Buffer = Buffer.alloc(0);

  /** @param decode decodes the content of a record; by default JSON */
  constructor(decode: (content: Buffer) => unknown = (content) => JSON.parse(content.toString('utf8'))) {
    this.#decode = decode;
  }

  /** Adds a chunk. @returns the records that are now complete */
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
