import {type Clock, delay} from '../../common/clock.js';
import type {HealthCheck} from '../../common/wire.js';
import type {ProbeResult} from './probe.js';

/** A change that is reported to the framework. */
export interface HealthUpdate {
  readonly isHealthy: boolean;
  /** The task has reached its limit of consecutive failures. */
  readonly mustKill: boolean;
}

/** Counts the results of a health check and applies its grace period and limit of failures. */
export class HealthTracker {
  readonly #graceUntil: number;
  readonly #limit: number;
  #isInitializing = true;
  #failures = 0;

  /** @param now the start of the task, in seconds */
  constructor(check: HealthCheck, now: number) {
    this.#graceUntil = now + (check.grace_period_seconds ?? 10);
    this.#limit = check.consecutive_failures ?? 3;
  }

  /** Records a result. Failures within the grace period do not count before the first success. @returns what to report, if anything */
  record(result: ProbeResult, now: number): HealthUpdate | undefined {
    if (!result.isHealthy) {
      if (this.#isInitializing && now < this.#graceUntil) return undefined;
      this.#isInitializing = false;
      this.#failures++;
      return {isHealthy: false, mustKill: this.#failures >= this.#limit};
    }
    const isChange = this.#isInitializing || this.#failures > 0;
    this.#isInitializing = false;
    this.#failures = 0;
    return isChange ? {isHealthy: true, mustKill: false} : undefined;
  }
}

/** Runs a health check periodically until the signal aborts. */
export async function watchHealth(
  check: HealthCheck,
  options: {
    readonly signal: AbortSignal;
    readonly clock: Clock;
    probe(): Promise<ProbeResult>;
    onUpdate(update: HealthUpdate): void;
  },
): Promise<void> {
  const {signal, clock} = options;
  const tracker = new HealthTracker(check, clock.now());
  await delay(clock, check.delay_seconds ?? 15, signal);
  while (!signal.aborted) {
    const result = await options.probe();
    if (signal.aborted) return;
    const update = tracker.record(result, clock.now());
    if (update) options.onUpdate(update);
    await delay(clock, check.interval_seconds ?? 10, signal);
  }
}
