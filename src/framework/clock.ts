import {setTimeout} from 'node:timers/promises';

/** Time and timers of the scheduler. Tests use one whose time passes when they say so. */
export interface Clock {
  /** Milliseconds since 1970; jumps when the clock of the machine is set. */
  readonly now: () => number;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  /** Waits; returns early, without an error, when the signal is aborted. */
  readonly pause: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Calls an action again and again. @returns a function that ends this */
  readonly every: (milliseconds: number, action: () => void) => () => void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  pause: async (milliseconds, signal) => {
    await setTimeout(milliseconds, undefined, {signal}).catch(() => {});
  },
  every: (milliseconds, action) => {
    const timer = setInterval(action, milliseconds);
    return () => clearInterval(timer);
  },
};
