import {describe, expect, it} from 'vitest';
import {HealthTracker} from '../../src/agent/health/checker.js';

describe('a health check', () => {
  const healthy = {isHealthy: true, detail: ''};
  const unhealthy = {isHealthy: false, detail: ''};

  it('does not count failures in the grace period, until the task was healthy once', () => {
    const tracker = new HealthTracker({grace_period_seconds: 10, consecutive_failures: 2}, 0);
    expect(tracker.record(unhealthy, 1)).toBeUndefined();
    expect(tracker.record(healthy, 2)).toEqual({isHealthy: true, mustKill: false});
    expect(tracker.record(healthy, 3)).toBeUndefined();
    expect(tracker.record(unhealthy, 4)).toEqual({isHealthy: false, mustKill: false});
    expect(tracker.record(healthy, 5)).toEqual({isHealthy: true, mustKill: false});
    expect(tracker.record(unhealthy, 6)).toEqual({isHealthy: false, mustKill: false});
    expect(tracker.record(unhealthy, 7)).toEqual({isHealthy: false, mustKill: true});
  });

  it('counts failures after the grace period even if the task was never healthy', () => {
    const tracker = new HealthTracker({grace_period_seconds: 10, consecutive_failures: 1}, 0);
    expect(tracker.record(unhealthy, 9.9)).toBeUndefined();
    expect(tracker.record(unhealthy, 10)).toEqual({isHealthy: false, mustKill: true});
  });
});
