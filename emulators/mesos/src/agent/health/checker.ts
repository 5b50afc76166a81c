import type {HealthCheck} from '../../common/wire.js';
import {delay} from '../processes.js';
import type {ProbeResult} from './probe.js';

/** Told to the framework. */
export interface HealthUpdate {
  readonly isHealthy: boolean;
  /** The limit of consecutive failures is reached. */
  readonly mustKill: boolean;
}

/** What the next result of a check means; pure, so that grace and limits can be seen at work without waiting. */
export class HealthTracker {
  readonly #graceUntil: number;
  readonly #limit: number;
  #isInitializing = true;
  #failures = 0;

  /** @param now seconds, of the task's start */
  constructor(check: HealthCheck, now: number) {
    this.#graceUntil = now + (check.grace_period_seconds ?? 10);
    this.#limit = check.consecutive_failures ?? 3;
  }

  /** An update, or undefined when there is nothing new to tell. Failures in the grace period do not count before the first success. */
  judge(result: ProbeResult, now: number): HealthUpdate | undefined {
    if (!result.isHealthy) {
      if (this.#isInitializing && now < this.#graceUntil) return undefined;
      this.#isInitializing = false;
      this.#failures++;
      return {isHealthy: false, mustKill: this.#failures >= this.#limit};
    }
    const isNews = this.#isInitializing || this.#failures > 0;
    this.#isInitializing = false;
    this.#failures = 0;
    return isNews ? {isHealthy: true, mustKill: false} : undefined;
  }
}

/** Checks until stopped. */
export async function watchHealth(
  check: HealthCheck,
  parts: {
    readonly signal: AbortSignal;
    /** Seconds. */
    now(): number;
    probe(): Promise<ProbeResult>;
    onUpdate(update: HealthUpdate): void;
  },
): Promise<void> {
  const judge = new HealthTracker(check, parts.now());
  await delay((check.delay_seconds ?? 15) * 1000, parts.signal);
  while (!parts.signal.aborted) {
    const result = await parts.probe();
    if (parts.signal.aborted) return;
    const update = judge.judge(result, parts.now());
    if (update) parts.onUpdate(update);
    await delay((check.interval_seconds ?? 10) * 1000, parts.signal);
  }
}
