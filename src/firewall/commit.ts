import type {Cluster} from '../cluster/cluster.js';
import type {Host} from '../host/host.js';
import {applyChange, type ChangeOptions, confirmChange, TryAgainError} from './change.js';
import {lookAgain, type NodeView} from './nodes.js';
import {type Change, isNothing, type Place} from './plan.js';
import type {Sighting} from './sighting.js';

/** How long, beyond the confirmation's own time, somebody else's change is waited for. */
const PATIENCE_SECONDS = 10;
const PAUSE_MS = 1_000;

/** How one host's change ended. */
export type Outcome =
  | {readonly kind: 'changed'; readonly change: Change}
  | {readonly kind: 'unchanged'; readonly change: Change}
  | {readonly kind: 'failed'; readonly error: Error};

/**
 * Plans, makes and confirms a change on one host; plans anew when the host was changed meanwhile.
 * Never rejects: one host's failure is no other's.
 */
export async function commit(
  view: NodeView,
  cluster: Cluster,
  plan: (seen: Sighting, place: Place) => Change,
  options: ChangeOptions,
): Promise<Outcome> {
  const {node, source} = view;
  const root: Host = view.host.asRoot();
  const limit = Date.now() + (options.confirmSeconds + PATIENCE_SECONDS) * 1000;
  let {seen} = view;
  for (;;) {
    try {
      const change = plan(seen, {node, cluster, source});
      if (isNothing(change)) return {kind: 'unchanged', change};
      await confirmChange(root, await applyChange(root, change, options), options);
      return {kind: 'changed', change};
    } catch (error) {
      if (!(error instanceof TryAgainError) || Date.now() > limit || options.signal?.aborted)
        return {kind: 'failed', error: error as Error};
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      try {
        seen = await lookAgain(view.host, options.signal);
      } catch (lost) {
        return {kind: 'failed', error: lost as Error};
      }
    }
  }
}
