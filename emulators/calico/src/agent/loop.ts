import {spawn} from 'node:child_process';
import type {EtcdClient} from '../etcd/client.js';
import {EVENT_INDEX_CLEARED, isEtcdError} from '../etcd/errors.js';
import {CALICO} from '../model/keys.js';
import type {Agent} from './agent.js';
import {Wakeup} from './wakeup.js';

const RESYNC_MS = 10_000;
/** How soon etcd is read again after it was unavailable. */
const RETRY_MS = 2_000;

type Reason = 'datastore' | 'links';

/**
 * Runs the agent until `signal`: immediately after a change in etcd or of an interface, and every ten seconds in any case.
 * @param watchInterfaces calls its argument whenever a container's interface has changed
 */
export async function runAgent(agent: Agent, etcd: EtcdClient, signal: AbortSignal, watchInterfaces = watchLinks): Promise<void> {
  const wakeup = new Wakeup<Reason>();
  watchInterfaces(() => wakeup.notify('links'), signal);
  signal.addEventListener('abort', () => wakeup.notify('links'));
  let watch = new AbortController();
  /** Monotonic, in milliseconds: a step of the machine's clock must not stop the resyncs. */
  let lastRead = Number.NEGATIVE_INFINITY;
  let limit = 0;
  while (!signal.aborted) {
    const reasons = await wakeup.wait(limit);
    const isResync = performance.now() - lastRead >= RESYNC_MS;
    // The plugin writes a container's record before it creates the interface: an interface without record means that the watch no longer
    // works, as after its etcd member lost power.
    const isMissed = reasons.has('links') && (await agent.hasUnknownInterface());
    if (isMissed) etcd.preferNextMember();
    if (reasons.has('datastore') || isResync || isMissed || limit !== RESYNC_MS) {
      watch.abort();
      watch = new AbortController();
      const index = await agent.readDatastore();
      if (index !== undefined) {
        void watchDatastore(etcd, index, wakeup, watch.signal);
        lastRead = performance.now();
      }
      limit = index === undefined ? RETRY_MS : RESYNC_MS;
    }
    await agent.applySnapshot();
  }
  watch.abort();
}

async function watchDatastore(etcd: EtcdClient, index: number, wakeup: Wakeup<Reason>, signal: AbortSignal): Promise<void> {
  try {
    await etcd.waitForChange(CALICO, index, signal);
    wakeup.notify('datastore');
  } catch (error) {
    // After any other error the next resync reads again.
    if (isEtcdError(error, EVENT_INDEX_CLEARED)) wakeup.notify('datastore');
  }
}

/** Calls `changed` on events of `ip monitor`: a container's interface appears some time after its record in etcd. */
function watchLinks(changed: () => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  const monitor = spawn('ip', ['-o', 'monitor', 'link'], {stdio: ['ignore', 'pipe', 'ignore'], signal});
  monitor.stdout.on('data', (chunk: Buffer) => {
    if (chunk.includes('cali')) changed();
  });
  monitor.on('error', () => {}); // 'close' follows
  monitor.on('close', () => setTimeout(() => watchLinks(changed, signal), 1_000).unref());
}
