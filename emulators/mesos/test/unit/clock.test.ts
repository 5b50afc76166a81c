import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {delay, repeat, SYSTEM_CLOCK} from '../../src/common/clock.js';
import {TestClock} from '../support/clock.js';

const DAY = 86_400;

beforeEach(() => {
  vi.useFakeTimers({now: 1_000_000});
});
afterEach(() => {
  vi.useRealTimers();
});

describe.each([
  ['the system clock', () => SYSTEM_CLOCK],
  ['the clock of tests', () => new TestClock()],
])('%s', (_, create) => {
  it('calls back once after so many seconds, unless that is canceled', () => {
    const clock = create();
    const calls: string[] = [];
    clock.schedule(2, () => calls.push(`a at ${clock.now()}`));
    const cancel = clock.schedule(2, () => calls.push('b'));
    vi.advanceTimersByTime(1900);
    expect(calls).toEqual([]);
    cancel();
    vi.advanceTimersByTime(5000);
    expect(calls).toEqual(['a at 1002']);
  });

  it('repeats a callback until it is stopped', () => {
    const clock = create();
    const times: number[] = [];
    const stop = repeat(clock, 10, () => times.push(clock.now()));
    vi.advanceTimersByTime(35_000);
    stop();
    vi.advanceTimersByTime(35_000);
    expect(times).toEqual([1010, 1020, 1030]);
  });

  it('ends a delay early when its signal aborts', async () => {
    const abort = new AbortController();
    const waiting = delay(create(), 60, abort.signal);
    abort.abort();
    await waiting;
    await delay(create(), 60, abort.signal);
    expect([Date.now(), vi.getTimerCount()]).toEqual([1_000_000, 0]);
  });
});

describe('the system clock', () => {
  it('waits longer than the timers of Node can', () => {
    const callback = vi.fn();
    SYSTEM_CLOCK.schedule(60 * DAY, callback);
    const cancel = SYSTEM_CLOCK.schedule(60 * DAY, () => expect.unreachable());
    vi.advanceTimersByTime(59 * DAY * 1000);
    expect(callback).not.toHaveBeenCalled();
    cancel();
    vi.advanceTimersByTime(DAY * 1000);
    expect(callback).toHaveBeenCalledOnce();
  });
});

describe('the clock of tests', () => {
  it('runs timers in order when it is advanced, including those that they start', () => {
    const clock = new TestClock();
    const calls: string[] = [];
    clock.schedule(3, () => calls.push(`b at ${clock.now()}`));
    clock.schedule(1, () => {
      calls.push(`a at ${clock.now()}`);
      clock.schedule(1, () => calls.push(`c at ${clock.now()}`));
    });
    clock.advance(3);
    expect(calls).toEqual(['a at 1001', 'c at 1002', 'b at 1003']);
    vi.advanceTimersByTime(10_000);
    expect(calls).toHaveLength(3);
  });
});
