import {setTimeout as delay} from 'node:timers/promises';
import type {FirewallState} from './firewall-state.js';
import {type HostChange, isNothing} from './host-change.js';
import {confirmChange, type InstallOptions, installChange, TryAgainError} from './install-change.js';
import {type NodeState, readState} from './nodes.js';

/** How long hw5 waits for another hw5's change, in addition to the confirmation time. */
const EXTRA_WAIT_SECONDS = 10;
const PAUSE_MS = 1_000;

/** How one host's change ended. */
export type Outcome =
  | {readonly kind: 'changed'; readonly change: HostChange}
  | {readonly kind: 'unchanged'; readonly change: HostChange}
  | {readonly kind: 'failed'; readonly error: Error};

/** The outcome on one node. */
export interface NodeResult {
  readonly node: string;
  readonly outcome: Outcome;
}

export function resultErrors(results: readonly NodeResult[]): readonly Error[] {
  return results.flatMap(({outcome}) => (outcome.kind === 'failed' ? [outcome.error] : []));
}

/**
 * Plans, installs and confirms a change on one host; reads its state and plans again when the host was changed in the meantime.
 * Never rejects: a failure is an outcome.
 * @param plan pure
 */
export async function changeHost(
  view: NodeState,
  plan: (state: FirewallState) => HostChange,
  options: InstallOptions,
): Promise<Outcome> {
  const root = view.host.asRoot();
  const limit = Date.now() + (options.confirmSeconds + EXTRA_WAIT_SECONDS) * 1000;
  let {state} = view;
  for (;;) {
    try {
      const change = plan(state);
      if (isNothing(change)) return {kind: 'unchanged', change};
      await confirmChange(root, await installChange(root, change, options), options);
      return {kind: 'changed', change};
    } catch (error) {
      if (!(error instanceof TryAgainError) || Date.now() > limit || options.signal?.aborted)
        return {kind: 'failed', error: error as Error};
      await delay(PAUSE_MS);
      try {
        state = await readState(view.host, options.signal);
      } catch (lost) {
        return {kind: 'failed', error: lost as Error};
      }
    }
  }
}
