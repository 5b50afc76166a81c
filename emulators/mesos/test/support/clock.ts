import type {Clock} from '../../src/common/clock.js';

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
  timeout: NodeJS.Timeout;
}

/** The steps in which time advances, in seconds. */
const STEP = 1;

/** The real time plus the seconds that a test has skipped. Timers run when they are due by this time. */
export class TestClock implements Clock {
  readonly #timers = new Set<Timer>();
  #skipped = 0;

  readonly now = (): number => Date.now() / 1000 + this.#skipped;

  schedule(seconds: number, callback: () => void): () => void {
    const timer: Timer = {
      dueAt: this.now() + seconds,
      callback,
      timeout: setTimeout(() => this.#run(timer), Math.min(seconds * 1000, 2 ** 31 - 1)),
    };
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer.timeout);
      this.#timers.delete(timer);
    };
  }

  /** Skips so many seconds at once. Timers that become due run before it returns, in steps of a second. */
  advance(seconds: number): void {
    for (let left = seconds; left > 0; left -= STEP) {
      this.#skipped += Math.min(left, STEP);
      const due = [...this.#timers].filter((timer) => timer.dueAt <= this.now());
      for (const timer of due.sort((a, b) => a.dueAt - b.dueAt)) this.#run(timer);
    }
  }

  #run(timer: Timer): void {
    clearTimeout(timer.timeout);
    if (this.#timers.delete(timer)) timer.callback();
  }
}
