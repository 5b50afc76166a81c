/** A line of a node's log. */
export interface LogLine {
  readonly node: string;
  readonly text: string;
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:?\d\d)? /;

/** When a line was written, in ms since the epoch; undefined for a line that continues the one before. */
export function timeOf(text: string): number | undefined {
  const match = TIME.exec(text);
  if (!match) return undefined;
  const zone = (match[2] ?? 'Z').replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  const time = Date.parse(`${match[1]!.replace(/(\.\d{3})\d+$/, '$1')}${zone}`);
  return Number.isNaN(time) ? undefined : time;
}

/** Merges the logs of several nodes by the time of their entries. Lines of one node keep their order, even if its clock was set back. */
export function mergeLogs(logs: readonly {readonly node: string; readonly text: string}[]): readonly LogLine[] {
  const queues = logs.map(({node, text}) => {
    let time = 0;
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => {
      time = Math.max(time, timeOf(line) ?? time);
      return {node, text: line, time};
    });
  });
  // sort() is stable, and the times of one node do not decrease
  return queues
    .flat()
    .sort((a, b) => a.time - b.time)
    .map(({node, text}) => ({node, text}));
}

/** Cuts a stream of bytes into lines. @param onLine is called for each, without its end. */
export class LineCutter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, {stream: true})).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#onLine(line);
  }

  /** Passes on the rest without an end of line. */
  end(): void {
    const last = this.#rest + this.#decoder.decode();
    this.#rest = '';
    if (last !== '') this.#onLine(last);
  }
}
