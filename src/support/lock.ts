import {createServer} from 'node:net';

import {TimeoutError} from './errors.js';
import {pause} from './pause.js';

const POLL_MS = 200;

/**
 * Takes a lock that only one process on this computer can hold at a time. It is an abstract Unix socket, which the kernel closes when the process terminates,
 * so there are no stale locks.
 * @param name what is locked, as `lab hw5`
 * @param limitMs how long to wait while another process holds it
 */
export async function lock(
  name: string,
  limitMs: number,
  options: {readonly signal?: AbortSignal | undefined; readonly onWait?: (() => void) | undefined} = {},
): Promise<AsyncDisposable> {
  const deadline = performance.now() + limitMs;
  for (let attempt = 0; ; attempt += 1) {
    const held = await bind(`\0hw5/${name}`);
    if (held) return held;
    if (attempt === 0) options.onWait?.();
    if (performance.now() > deadline) {
      throw new TimeoutError(`another process of hw5 has been working on ${name} for ${Math.round(limitMs / 1000)} s`, {
        hint: 'wait until it has finished, or terminate it, and try again',
      });
    }
    await pause(POLL_MS, options.signal);
  }
}

/** @returns undefined when another process holds the lock */
function bind(path: string): Promise<AsyncDisposable | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(path, () => {
      server.unref();
      resolve({[Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done()))});
    });
  });
}
