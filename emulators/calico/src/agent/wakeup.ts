/** Collects reasons to run a loop again. `notify` may be called at any time, also while nothing waits: no reason is lost. */
export class Wakeup<T> {
  #reasons = new Set<T>();
  #wake: (() => void) | undefined;

  notify(reason: T): void {
    this.#reasons.add(reason);
    this.#wake?.();
  }

  /** Returns the reasons since the last call as soon as there is one; an empty set after `limitMs` milliseconds. */
  async wait(limitMs: number): Promise<ReadonlySet<T>> {
    if (this.#reasons.size === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    const reasons = this.#reasons;
    this.#reasons = new Set();
    return reasons;
  }
}
