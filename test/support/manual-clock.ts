import {setTimeout} from 'node:timers/promises';
import type {Clock} from '../../src/framework/clock.js';

/** How much time passes between two chances for the sockets to deliver data. */
const STEP_MS = 50;

interface Timer {
  readonly dueAt: number;
  readonly action: () => void;
}

/** A clock whose time passes only when a test says so: as fast as the timers can be served. */
export class ManualClock implements Clock {
  #elapsed = 0;
  /** Milliseconds since 1970 at the start. */
  #start = 1_700_000_000_000;
  readonly #timers = new Set<Timer>();

  readonly now = (): number => this.#start + this.#elapsed;
  readonly monotonic = (): number => this.#elapsed;

  readonly pause = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const done = () => {
        this.#timers.delete(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#schedule(milliseconds, done);
      signal?.addEventListener('abort', done, {once: true});
    });

  readonly every = (milliseconds: number, action: () => void): (() => void) => {
    let timer: Timer;
    const schedule = () => {
      timer = this.#schedule(milliseconds, () => {
        schedule();
        action();
      });
    };
    schedule();
    return () => void this.#timers.delete(timer);
  };

  /** Sets the wall clock forward, or back. */
  set(milliseconds: number): void {
    this.#start += milliseconds;
  }

  /** Time passes while the process is suspended: no timer is served. */
  suspend(milliseconds: number): void {
    this.#elapsed += milliseconds;
  }

  /** Time passes, and the timers that are due are served in their order. */
  async advance(milliseconds: number): Promise<void> {
    for (const end = this.#elapsed + milliseconds; this.#elapsed < end; ) {
      this.#elapsed = Math.min(end, this.#elapsed + STEP_MS);
      const due = [...this.#timers].filter(({dueAt}) => dueAt <= this.#elapsed).sort((a, b) => a.dueAt - b.dueAt);
      for (const timer of due) if (this.#timers.delete(timer)) timer.action();
      await setTimeout(1);
    }
  }

  /** Lets time pass until the check does not throw. @throws what it throws after 60 s of this clock */
  async until(check: () => unknown): Promise<void> {
    for (const end = this.#elapsed + 60_000; ; await this.advance(STEP_MS)) {
      try {
        await check();
        return;
      } catch (error) {
        if (this.#elapsed >= end) throw error;
      }
    }
  }

  /** Lets time pass until the promise is settled. */
  async during<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    promise.then(settle, settle);
    while (!isSettled) await this.advance(STEP_MS);
    return promise;
  }

  #schedule(milliseconds: number, action: () => void): Timer {
    const timer = {dueAt: this.#elapsed + milliseconds, action};
    this.#timers.add(timer);
    return timer;
  }
}
