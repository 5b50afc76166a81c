import type {TaskSpec} from '../scheduler-api/task.js';
import type {ReducerState, Run} from './model.js';
import {isNode} from './placement.js';

/** The run that holds a task's place: the one that is to stay, or else one that still has to end. Given-up ones do not count. */
export function currentRun(state: ReducerState, name: string): Run | undefined {
  const runs = Object.values(state.runs).filter((run) => run.name === name && !run.released);
  return runs.find((run) => run.condemned === null) ?? runs[0];
}

/** The runs that keep a task from being launched: one of its name, or one that holds its address. */
export function blockers(state: ReducerState, spec: TaskSpec): readonly Run[] {
  return Object.values(state.runs).filter((run) => !run.released && (run.name === spec.name || run.address === spec.address));
}

/** Has the master be asked after a run, as soon as may be. */
export function ask(run: Run, now: number): void {
  run.question = {since: run.question?.since ?? now, dueAt: now, tries: 0};
}

/**
 * Does the master not say how a run is, though it was asked again? A genuine one keeps silent for up to ten minutes after its restart
 * about the tasks of agents that are not back (reference/mesos: 623–626).
 */
export function isUnconfirmed(run: Run): boolean {
  return run.phase !== 'lost' && run.phase !== 'intended' && run.question !== null && run.question.tries >= 2;
}

/** Was another run sent off, and not given up, that has the name or the address of this one? */
export function hasRival(state: ReducerState, run: Run): boolean {
  return Object.values(state.runs).some(
    (other) =>
      other !== run &&
      !other.released &&
      other.phase !== 'intended' &&
      (other.name === run.name || other.address === run.address),
  );
}

/** Of each task that is wanted no more the run that holds its place. */
export function unwantedRuns(state: ReducerState): readonly Run[] {
  const names = new Set(Object.values(state.runs).flatMap((run) => (run.released ? [] : [run.name])));
  return [...names].flatMap((name) => (state.desired.some((spec) => spec.name === name) ? [] : [currentRun(state, name)!]));
}

/** Runs, and is healthy if anybody checks. */
export function isOk(run: Run, spec: TaskSpec): boolean {
  return (
    run.phase === 'running' &&
    run.condemned === null &&
    (spec.healthCheck === undefined ? run.healthy !== false : run.healthy === true)
  );
}

/** Does a run differ from what its task should be now? */
export function isOutdated(state: ReducerState, run: Run, spec: TaskSpec): boolean {
  const {node} = spec.constraints;
  return run.specHash !== state.hashes[spec.name] || (node !== undefined && !isNode(run.node, node));
}
