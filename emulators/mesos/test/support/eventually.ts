import {expect} from 'vitest';

/** Expects a condition to become true. The limit is generous because tests share a slow machine. */
export const eventually = <T>(read: () => T) => expect.poll(read, {timeout: 30_000, interval: 25});
