import {countFailure} from './failures.js';
import {addLog, type Reduction, slotOf} from './reduction.js';
import {recordStaleEndpoint} from './stale-endpoints.js';
import type {TaskRun, TerminationKind} from './task-run.js';

/** Removes a run that is proven dead or was never sent, so that its task can be launched again. */
export function endRun(
  reduction: Reduction,
  run: TaskRun,
  end: {readonly isFailure: boolean; readonly message: string; readonly reason?: string; readonly delaySeconds?: number},
): void {
  const {state, now} = reduction;
  delete state.runs[run.taskId];
  // A launch that no agent reported left no endpoint, but it may have failed because of one that could not be freed before it.
  if (run.isReported || state.staleEndpoints[run.address] !== undefined) recordStaleEndpoint(reduction, run);
  // An abandoned run was replaced already, and an unknown one was never the run of its task.
  if (run.abandoned || run.termination?.kind === 'unknown') return;
  const slot = slotOf(reduction, run.name);
  // A run that was abandoned was counted as a restart at that time.
  if ((run.isReported || end.isFailure) && run.termination?.kind !== 'abandoned') slot.restarts++;
  slot.message = end.message;
  slot.since = now;
  slot.isRolled ||= run.termination?.kind === 'roll' && run.isReported;
  slot.failedOn = end.isFailure && !run.hasRun ? run.node : null;
  if (end.isFailure) {
    countFailure(slot, end.reason ?? end.message);
    slot.failures++;
    const {backoffSeconds, backoffCeilingSeconds} = state.settings;
    slot.notBefore = now + Math.min(backoffSeconds * 2 ** (slot.failures - 1), backoffCeilingSeconds) * 1000;
  } else {
    slot.notBefore = now + (end.delaySeconds ?? 0) * 1000;
  }
}

/** Marks a run to be killed. The first reason is kept; a shorter grace period replaces a longer one. */
export function markForTermination(
  reduction: Reduction,
  run: TaskRun,
  kind: TerminationKind,
  reason: string,
  graceSeconds: number,
): void {
  if (run.termination !== null && run.termination.graceSeconds <= graceSeconds) return;
  run.termination = {kind: run.termination?.kind ?? kind, reason: run.termination?.reason ?? reason, graceSeconds};
  run.killSentAt = null;
  addLog(reduction, 'info', `${run.taskId}: is marked for termination: ${reason}`);
}
