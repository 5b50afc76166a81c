import type {ReducerState} from './model.js';
import {addLog, type Reduction, slotOf} from './reduction.js';
import {recordStaleEndpoint} from './stale-endpoints.js';
import type {TaskRun} from './task-run.js';

/** Until when the address of a lost run stays reserved for it. */
export function reservationEnd(state: ReducerState, run: TaskRun): number {
  return (run.lostSince ?? Number.POSITIVE_INFINITY) + state.settings.reservationSeconds * 1000;
}

/** Whether a lost run that is not abandoned yet has been lost for longer than its address is reserved. */
export function isReservationOver({state, now}: Reduction, run: TaskRun): boolean {
  return !run.abandoned && now >= reservationEnd(state, run);
}

/** Abandons a lost run: its address can be used by a replacement. If the run returns it is killed. */
export function abandon(reduction: Reduction, run: TaskRun, why: string): void {
  const isUnknown = run.termination?.kind === 'unknown';
  run.abandoned = true;
  run.termination = {kind: 'abandoned', reason: 'it was abandoned', graceSeconds: 0};
  run.killSentAt = null;
  run.since = reduction.now;
  recordStaleEndpoint(reduction, run);
  if (isUnknown) return;
  const slot = slotOf(reduction, run.name);
  slot.restarts++;
  slot.message = `${run.taskId} on ${run.node} was abandoned ${why}`;
  slot.since = reduction.now;
  slot.notBefore = reduction.now;
  addLog(reduction, 'warn', `${run.taskId}: abandoned ${why}; ${run.address} is free for a replacement`);
}

/** Marks a run as lost: whether its container is alive is unknown. */
export function markLost(run: TaskRun, now: number, message: string): void {
  // Not the master's unreachable_time: its clock may differ from this one, and the reservation must never be too short.
  Object.assign(run, {phase: 'lost', since: now, lostSince: now, okSince: null, message} satisfies Partial<TaskRun>);
}
