/** A time limit that can be paused, for example while the user answers a prompt. */
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

  /** Runs work that does not count against the limit. */
  async except<T>(work: () => Promise<T>): Promise<T> {
    this.pause();
    try {
      return await work();
    } finally {
      this.resume();
    }
  }

  /** Stops the clock until `resume` has been called as often as `pause`. */
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
