/** A time limit that stands still while somebody is asked something. */
export class Deadline {
  #left: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;
  #pauses = 0;
  readonly #onExpire: () => void;

  constructor(milliseconds: number, onExpire: () => void) {
    this.#left = milliseconds;
    this.#onExpire = onExpire;
    this.#start();
  }

  /** Runs something that is not to count. */
  async except<T>(work: () => Promise<T>): Promise<T> {
    this.pause();
    try {
      return await work();
    } finally {
      this.resume();
    }
  }

  /** Stands still until it was resumed as often. */
  pause(): void {
    if (this.#pauses++ > 0) return;
    this.stop();
    this.#left -= performance.now() - this.#since;
  }

  resume(): void {
    if (--this.#pauses === 0) this.#start();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(): void {
    this.#since = performance.now();
    this.#timer = setTimeout(this.#onExpire, Math.max(0, this.#left));
  }
}
