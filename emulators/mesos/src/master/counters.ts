import type {Context} from './context.js';
import type {Framework} from './state.js';

/** The counters in /metrics/snapshot, by the names of upstream. */

/** The prefix of a framework's metrics. */
export function prefixOf(framework: Framework): string {
  return `master/frameworks/${encodeURIComponent(framework.info.name)}/${framework.id}`;
}

export function count({state}: Context, name: string, by = 1): void {
  state.counters.set(name, (state.counters.get(name) ?? 0) + by);
}

/** Counts something of a framework, and the same by type: `events` and `events/offers`. */
export function countOf(context: Context, framework: Framework, what: 'calls' | 'events' | 'operations', type: string): void {
  count(context, `${prefixOf(framework)}/${what}`);
  count(context, `${prefixOf(framework)}/${what}/${type.toLowerCase()}`);
}

export function countOffers(
  context: Context,
  framework: Framework,
  what: 'sent' | 'accepted' | 'declined' | 'rescinded',
  by: number,
): void {
  count(context, `${prefixOf(framework)}/offers/${what}`, by);
}

/** Forgets the counters of a framework that is removed. */
export function dropCounters({state}: Context, framework: Framework): void {
  for (const name of state.counters.keys()) if (name.startsWith(`${prefixOf(framework)}/`)) state.counters.delete(name);
}

/** The names of calls in the master's metrics, which are those of the messages of an older API. */
export const MESSAGES: Readonly<Record<string, string>> = {
  ACCEPT: 'launch_tasks',
  ACKNOWLEDGE: 'status_update_acknowledgement',
  ACKNOWLEDGE_OPERATION_STATUS: 'operation_status_update_acknowledgement',
  DECLINE: 'decline_offers',
  KILL: 'kill_task',
  MESSAGE: 'framework_to_executor',
  RECONCILE: 'reconcile_tasks',
  RECONCILE_OPERATIONS: 'reconcile_operations',
  REQUEST: 'resource_request',
  REVIVE: 'revive_offers',
  SUPPRESS: 'suppress_offers',
  TEARDOWN: 'unregister_framework',
};

/** Counts a call of a framework. */
export function countCall(context: Context, framework: Framework, type: string): void {
  countOf(context, framework, 'calls', type);
  const message = MESSAGES[type];
  if (message !== undefined) count(context, `master/messages_${message}`);
}
