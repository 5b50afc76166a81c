import type {TaskSpec} from '../scheduler-api/task.js';
import type {ReducerState} from './model.js';
import type {Reduction} from './reduction.js';
import {blockers, currentRun, isOk, isOutdated} from './runs.js';
import {KILL_GRACE_SECONDS} from './task-info.js';
import type {TaskRun} from './task-run.js';
import {markForTermination} from './termination.js';

/**
 * Replaces outdated runs one at a time: the next one only when every other task runs and is healthy, so that a bad image stops the
 * rolling replacement at the first task. Outdated runs that are down go first. One that occupies the address of a waiting task is replaced
 * immediately, because two tasks that swap addresses would wait for each other. A task for which no offer ever fitted blocks nothing: the
 * replacement may be what makes room for it.
 */
export function roll(reduction: Reduction): void {
  const {state} = reduction;
  const outdated: TaskRun[] = [];
  const down: (TaskRun | undefined)[] = [];
  for (const spec of state.desired) {
    const run = currentRun(state, spec.name);
    const isOld = run !== undefined && run.termination === null && isOutdated(state, run, spec);
    if (isOld) outdated.push(run);
    if (run === undefined ? !fitsNowhere(state, spec) : !isOk(run, spec)) down.push(isOld ? run : undefined);
    if (run === undefined) {
      for (const holder of blockers(state, spec)) {
        const desired = state.desired.find((one) => one.name === holder.name);
        if (desired !== undefined && isOutdated(state, holder, desired))
          markForTermination(reduction, holder, 'roll', `${spec.name} needs its address`, KILL_GRACE_SECONDS);
      }
    }
  }
  if (!state.connected || outdated.length === 0 || isAnyUnconfirmed(state)) return;
  const isOnlyOutdatedDown = down.every((run) => run !== undefined);
  const next = down.length === 0 ? outdated[0] : isOnlyOutdatedDown ? down.find((run) => run?.phase !== 'lost') : undefined;
  if (next !== undefined) markForTermination(reduction, next, 'roll', 'its description changed', KILL_GRACE_SECONDS);
}

/** Whether no offer fitted a task that has not failed. A task that the rolling replacement itself ended does not count. */
function fitsNowhere(state: ReducerState, spec: TaskSpec): boolean {
  const slot = state.slots[spec.name];
  return slot?.failures === 0 && !slot.isRolled && Object.keys(state.rejections[spec.name] ?? {}).length > 0;
}

/** Whether Mesos has yet to confirm a run since the subscription: it may have died in the meantime. */
function isAnyUnconfirmed(state: ReducerState): boolean {
  return Object.values(state.runs).some((run) => !run.abandoned && run.phase !== 'lost' && run.reconciliation !== null);
}
