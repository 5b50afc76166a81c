import {PassThrough} from 'node:stream';

/** The part of a terminal that spinners use: text can be overwritten and cleared. `lines` is what is visible. */
export class Screen extends PassThrough {
  readonly isTTY = true;
  readonly columns: number;
  #lines: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns = 80) {
    super();
    this.columns = columns;
    this.on('data', (chunk: Buffer) => this.#print(chunk.toString()));
  }

  /** The visible text, colours included, without empty lines at the end. */
  get lines(): string[] {
    return this.#lines.join('\n').trimEnd().split('\n');
  }

  /** The same without colours. */
  get plain(): string[] {
    return this.lines.map((line) => line.replaceAll(/\u001b\[[0-9;?]*[a-zA-Z]/g, ''));
  }

  getColorDepth(): number {
    return 8;
  }

  hasColors(): boolean {
    return true;
  }

  cursorTo(column: number): boolean {
    this.#column = column;
    return true;
  }

  moveCursor(columns: number, rows: number): boolean {
    this.#column = Math.max(0, this.#column + columns);
    this.#row = Math.max(0, this.#row + rows);
    return true;
  }

  clearLine(direction: -1 | 0 | 1): boolean {
    const line = this.#lines[this.#row] ?? '';
    this.#lines[this.#row] = direction === 1 ? line.slice(0, this.#column) : '';
    return true;
  }

  #print(text: string): void {
    for (const part of text.split(/(\n)/)) {
      if (part === '\n') {
        this.#row++;
        this.#column = 0;
        this.#lines[this.#row] ??= '';
      } else if (part !== '') {
        const line = this.#lines[this.#row] ?? '';
        this.#lines[this.#row] = line.slice(0, this.#column).padEnd(this.#column) + part + line.slice(this.#column + part.length);
        this.#column += part.length;
      }
    }
  }
}
