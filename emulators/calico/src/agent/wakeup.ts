/** A doorbell: `ring` may come at any time and any number of times; `wait` returns what has been rung since, or nothing after the limit. */
export class Wakeup<T> {
  #rung = new Set<T>();
  #answer: (() => void) | undefined;

  ring(what: T): void {
    this.#rung.add(what);
    this.#answer?.();
  }

  /** Waits at most `limitMs` milliseconds. */
  async wait(limitMs: number): Promise<ReadonlySet<T>> {
    if (this.#rung.size === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        this.#answer = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#answer = undefined;
    }
    const rung = this.#rung;
    this.#rung = new Set();
    return rung;
  }
}
