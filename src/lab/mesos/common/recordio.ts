/** RecordIO: each record is its length in bytes, a newline, and its JSON. */

export function encodeRecord(value: unknown): string {
  const text = JSON.stringify(value);
  return `${Buffer.byteLength(text)}\n${text}`;
}

/** Collects bytes and yields whole records, however the network cut them. */
export class RecordReader {
  #buffer: Buffer = Buffer.alloc(0);

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
      records.push(JSON.parse(this.#buffer.toString('utf8', newline + 1, newline + 1 + length)));
      this.#buffer = this.#buffer.subarray(newline + 1 + length);
    }
  }
}
