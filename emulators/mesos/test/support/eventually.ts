import {expect} from 'vitest';

/** Expects something that becomes true some time: tests share a slow machine. */
export const eventually = <T>(read: () => T) => expect.poll(read, {timeout: 30_000, interval: 25});
