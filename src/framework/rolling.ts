import type {TaskSpec} from '../scheduler-api/task.js';
import type {ReducerState, Run, Turn} from './model.js';
import {blockers, currentRun, isOk, isOutdated} from './runs.js';
import {KILL_GRACE_SECONDS} from './task-info.js';
import {condemn} from './updates.js';

/**
 * Replaces outdated runs one at a time: the next one goes only when every other task runs and is healthy, so that a bad image
 * stops the roll at its first victim. Outdated runs that are down anyway go first, and one that sits on the address of a
 * waiting task goes at once, or two tasks that swap addresses would wait for each other. One that never found a place is not
 * waited for: what is to change may be what makes room for it.
 */
export function roll(turn: Turn): void {
  const {state} = turn;
  const outdated: Run[] = [];
  const down: (Run | undefined)[] = [];
  for (const spec of state.desired) {
    const run = currentRun(state, spec.name);
    const isOld = run !== undefined && run.condemned === null && isOutdated(state, run, spec);
    if (isOld) outdated.push(run);
    if (run === undefined ? !findsNoPlace(state, spec) : !isOk(run, spec)) down.push(isOld ? run : undefined);
    if (run === undefined) {
      for (const holder of blockers(state, spec)) {
        const wanted = state.desired.find((one) => one.name === holder.name);
        if (wanted !== undefined && isOutdated(state, holder, wanted))
          condemn(turn, holder, 'roll', `${spec.name} needs its address`, KILL_GRACE_SECONDS);
      }
    }
  }
  if (!state.connected || outdated.length === 0 || isAnyUnconfirmed(state)) return;
  const isOnlyOutdatedDown = down.every((run) => run !== undefined);
  const next = down.length === 0 ? outdated[0] : isOnlyOutdatedDown ? down.find((run) => run?.phase !== 'lost') : undefined;
  if (next !== undefined) condemn(turn, next, 'roll', 'its description changed', KILL_GRACE_SECONDS);
}

/** Was a task refused by all that was offered, though nothing is wrong with it? Not one that the roll itself has taken down. */
function findsNoPlace(state: ReducerState, spec: TaskSpec): boolean {
  const slot = state.slots[spec.name];
  return slot?.failures === 0 && !slot.isRolled && Object.keys(state.refusals[spec.name] ?? {}).length > 0;
}

/** After a subscription runs are only remembered to be well, until Mesos says so: another one may have died meanwhile. */
function isAnyUnconfirmed(state: ReducerState): boolean {
  return Object.values(state.runs).some((run) => !run.released && run.phase !== 'lost' && run.question !== null);
}
