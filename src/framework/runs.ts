import type {TaskSpec} from '../scheduler-api/task.js';
import type {ReducerState} from './model.js';
import {isNode} from './placement.js';
import type {TaskRun} from './task-run.js';

/** The current run of a task: the one that is to stay, or else one that is marked for termination. Abandoned ones do not count. */
export function currentRun(state: ReducerState, name: string): TaskRun | undefined {
  const runs = Object.values(state.runs).filter((run) => run.name === name && !run.abandoned);
  return runs.find((run) => run.termination === null) ?? runs[0];
}

/** The runs that keep a task from being launched: those with its name or its address. */
export function blockers(state: ReducerState, spec: TaskSpec): readonly TaskRun[] {
  return Object.values(state.runs).filter((run) => !run.abandoned && (run.name === spec.name || run.address === spec.address));
}

/** Requests the state of a run from the master as soon as possible. */
export function requestReconciliation(run: TaskRun, now: number): void {
  run.reconciliation = {since: run.reconciliation?.since ?? now, dueAt: now, tries: 0};
}

/**
 * Seconds after a subscription in which agents may still register with the master again, so that nothing is concluded from their absence: an
 * upstream agent does not notice that its master was restarted until it has missed the master's pings for up to 75 s.
 */
export const AGENT_RETURN_SECONDS = 90;

/**
 * Whether the phase of a run is only the last known one: the subscription is broken, or the master has not answered the reconciliation that
 * follows each subscription. After its restart an upstream master does not answer for tasks of agents that have not registered again, for up
 * to ten minutes.
 */
export function isUnconfirmed(run: TaskRun): boolean {
  return run.phase !== 'lost' && run.phase !== 'intended' && run.reconciliation !== null;
}

/** Whether an operator may abandon a run that is unconfirmed: its agent has had enough time to register with the master again. */
export function isOverdue(state: ReducerState, run: TaskRun, now: number): boolean {
  return isUnconfirmed(run) && run.reconciliation!.tries >= 2 && !mayAgentReturn(state, now);
}

/** Whether agents may still be about to register with the master of the subscription. */
export function mayAgentReturn(state: ReducerState, now: number): boolean {
  return !state.connected || now - state.subscribedAt < AGENT_RETURN_SECONDS * 1000;
}

/** Whether another run with the same name or address was launched and is not abandoned. */
export function hasCompetitor(state: ReducerState, run: TaskRun): boolean {
  return Object.values(state.runs).some(
    (other) =>
      other !== run &&
      !other.abandoned &&
      other.phase !== 'intended' &&
      (other.name === run.name || other.address === run.address),
  );
}

/** The current run of each task that is no longer desired. */
export function undesiredRuns(state: ReducerState): readonly TaskRun[] {
  const names = new Set(Object.values(state.runs).flatMap((run) => (run.abandoned ? [] : [run.name])));
  return [...names].flatMap((name) => (state.desired.some((spec) => spec.name === name) ? [] : [currentRun(state, name)!]));
}

/** Whether it runs and, if it has a health check, is healthy. */
export function isOk(run: TaskRun, spec: TaskSpec): boolean {
  return (
    run.phase === 'running' &&
    run.termination === null &&
    (spec.healthCheck === undefined ? run.healthy !== false : run.healthy === true)
  );
}

/** Whether a run differs from the current description of its task. */
export function isOutdated(state: ReducerState, run: TaskRun, spec: TaskSpec): boolean {
  const {node} = spec.constraints;
  return run.specHash !== state.hashes[spec.name] || (node !== undefined && !isNode(run.node, node));
}
