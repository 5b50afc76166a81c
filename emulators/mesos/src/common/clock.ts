/** The time and the timers of a program, so that tests can let time pass without waiting. */
export interface Clock {
  /** Seconds since the epoch. */
  now(): number;
  /** Calls back once, after so many seconds. @returns a function that cancels the call */
  schedule(seconds: number, callback: () => void): () => void;
}

/** The longest time that a timer of Node can wait, in ms: it would fire immediately for more. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now() / 1000,
  schedule(seconds, callback) {
    let timer: NodeJS.Timeout;
    const wait = (ms: number): void => {
      timer = setTimeout(() => (ms > MAX_TIMEOUT_MS ? wait(ms - MAX_TIMEOUT_MS) : callback()), Math.min(ms, MAX_TIMEOUT_MS));
    };
    wait(seconds * 1000);
    return () => clearTimeout(timer);
  },
};

/** Waits for so many seconds, or until the signal aborts. Never rejects: the caller checks the signal. */
export function delay(clock: Clock, seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.schedule(seconds, done);
    signal?.addEventListener('abort', done);
  });
}

/** Calls back every so many seconds. @returns a function that stops it */
export function repeat(clock: Clock, seconds: number, callback: () => void): () => void {
  let cancel: () => void;
  const next = (): void => {
    cancel = clock.schedule(seconds, () => {
      next();
      callback();
    });
  };
  next();
  return () => cancel();
}
