/** Admits a limited number of holders concurrently; the others wait in the order in which they came. */
export class Semaphore {
  #limit: number;
  #held = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get held(): number {
    return this.#held;
  }

  /** Waits until there is room. @throws the signal's reason when it aborts first */
  async acquire(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#held < this.#limit) {
      this.#held++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const admit = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(admit), 1);
        reject(signal?.reason);
      };
      this.#waiting.push(admit);
      signal?.addEventListener('abort', onAbort, {once: true});
    });
  }

  release(): void {
    this.#held--;
    while (this.#held < this.#limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#held++;
      next();
    }
  }

  /** Lowers the limit, to 1 at least. Holders above it are not interrupted. */
  reduceTo(limit: number): void {
    this.#limit = Math.max(1, Math.min(this.#limit, limit));
  }
}
