/** A time limit that stands still while somebody is asked something. */
export class Deadline {
  #left: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #onExpire: () => void;

  constructor(milliseconds: number, onExpire: () => void) {
    this.#left = milliseconds;
    this.#onExpire = onExpire;
    this.#start();
  }

  /** Runs something that is not to count. */
  async except<T>(work: () => Promise<T>): Promise<T> {
    this.stop();
    this.#left -= performance.now() - this.#since;
    try {
      return await work();
    } finally {
      this.#start();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(): void {
    this.#since = performance.now();
    this.#timer = setTimeout(this.#onExpire, Math.max(0, this.#left));
  }
}
