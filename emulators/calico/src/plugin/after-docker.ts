import {setTimeout as delay} from 'node:timers/promises';
import type {Run} from '../process.js';

/**
 * While this file exists, the plugin behaves as upstream's, which is in a container that dockerd starts: it serves only while dockerd is ready. A
 * dockerd that starts with endpoints of dead containers then waits 15 s for the plugin at each of them.
 */
export const AFTER_DOCKER = '/etc/calico/hw5-lab.after-docker';
const PERIOD_MS = 300;

/** Calls `open` when dockerd is ready and `close` when it no longer is, until `signal`. systemd knows both without a request to dockerd. */
export async function serveWhileDockerRuns(
  run: Run,
  {open, close}: {readonly open: () => Promise<void>; readonly close: () => void},
  signal: AbortSignal,
  periodMs = PERIOD_MS,
): Promise<void> {
  let isOpen = false;
  while (!signal.aborted) {
    const isReady = (await run(['systemctl', 'is-active', 'docker.service'])).stdout.trim() === 'active';
    if (isReady && !isOpen) await open();
    if (!isReady && isOpen) close();
    isOpen = isReady;
    await delay(periodMs, undefined, {signal}).catch(() => {});
  }
  if (isOpen) close();
}
