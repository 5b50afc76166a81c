import type {TaskSpec} from '../scheduler-api/task.js';
import type {ReducerState} from './model.js';
import {kindOf} from './placement.js';
import {reservationEnd} from './reservation.js';
import {blockers, currentRun, isOutdated, isOverdue, isUnconfirmed, mayAgentReturn} from './runs.js';
import {isAddressFree} from './stale-endpoints.js';
import type {TaskRun} from './task-run.js';

/** The reasons for a task's state, for people, the most important first. */
export function why(state: ReducerState, spec: TaskSpec, now: number): string[] {
  const slot = state.slots[spec.name];
  const run = currentRun(state, spec.name);
  const lines = run === undefined ? waiting(state, spec, now) : running(state, spec, run, now);
  if (slot !== undefined && slot.failures >= state.settings.flappingFailures)
    lines.push(`flapping: it failed ${slot.failures} times in a row`);
  if (slot !== undefined && slot.message !== '' && slot.failures > 0) lines.push(`last end: ${slot.message}`);
  for (const old of Object.values(state.runs).filter((one) => one.name === spec.name && one.abandoned)) {
    lines.push(`${old.taskId} on ${old.node} was abandoned; it is killed if it returns`);
  }
  if (!state.connected) lines.push(`no subscription at the Mesos master: ${state.connection}`);
  return lines;
}

/** Why a task that is no longer desired still exists. */
export function whyUndesired(run: TaskRun): string[] {
  if (run.phase !== 'lost') return [`it is no longer desired; ${run.node} is ending its container`];
  return [
    `it is no longer desired, but ${run.node} cannot be reached (${run.message}): its container may still hold ${run.address}`,
    releaseHint(run, run.name),
  ];
}

function releaseHint(run: TaskRun, name: string): string {
  return `if you know that ${run.node} is off, 'hw5 task release ${name}' abandons it now`;
}

function running(state: ReducerState, spec: TaskSpec, run: TaskRun, now: number): string[] {
  const elapsed = timeSince(run.since, now);
  if (run.phase === 'lost') {
    const left = Math.ceil((reservationEnd(state, run) - now) / 1000);
    const end = left > 0 ? `for another ${left} s` : 'until Mesos reports once more that it cannot be reached';
    return [
      `${run.node} cannot be reached (${run.message}); its container may still hold ${spec.address}, so nothing is started there ${end}`,
      releaseHint(run, spec.name),
    ];
  }
  const lines = isUnconfirmed(run) ? unconfirmed(state, spec, run, now) : [];
  if (run.termination !== null) return [`${run.taskId} on ${run.node} is being ended: ${run.termination.reason}`, ...lines];
  if (isUnconfirmed(run)) lines.push(`when last confirmed, it was ${run.phase}${run.healthy === true ? ' and healthy' : ''}`);
  else if (run.phase === 'intended') lines.push(`its launch on ${run.node} is being recorded`);
  else if (run.phase === 'staging') lines.push(`was sent to ${run.node} ${elapsed} ago; the agent has not started it yet`);
  else if (run.phase === 'starting') lines.push(`${run.node} has been starting its container for ${elapsed}`);
  else if (run.phase === 'killing') lines.push(`${run.node} has been ending its container for ${elapsed}`);
  else if (spec.healthCheck !== undefined && run.healthy === false) lines.push(`its health check fails (for ${elapsed} now)`);
  else if (spec.healthCheck !== undefined && run.healthy === null)
    lines.push(`has run on ${run.node} for ${elapsed}; its health check has not passed yet`);
  else lines.push(`has run on ${run.node} for ${elapsed}${run.healthy === true ? ' and is healthy' : ''}`);
  // Constraints apply when a task is placed. A running task is not ended for a new constraint, because it might fit nowhere else.
  const other = spec.constraints.unique === true ? companionOf(state, run) : undefined;
  if (other !== undefined)
    lines.push(`must be alone of its kind on a node, and ${other.name} is there too: 'hw5 task restart ${spec.name}' moves it`);
  if (isOutdated(state, run, spec)) lines.push('its description changed; it is replaced when all other tasks are healthy');
  return lines;
}

/** What is known about a run whose phase is only the last known one. */
function unconfirmed(state: ReducerState, spec: TaskSpec, run: TaskRun, now: number): string[] {
  const {since, tries} = run.reconciliation!;
  const line = `Mesos has not confirmed ${run.taskId} on ${run.node} for ${timeSince(since, now)}`;
  if (isOverdue(state, run, now)) return [line, releaseHint(run, spec.name)];
  return [
    state.connected && tries >= 2
      ? `${line}: its agent has not registered again; after a restart of the Mesos master that takes up to 75 s`
      : line,
  ];
}

function waiting(state: ReducerState, spec: TaskSpec, now: number): string[] {
  const slot = state.slots[spec.name];
  const holders = blockers(state, spec);
  if (holders.length > 0) {
    return holders.flatMap((run) =>
      run.phase === 'lost'
        ? [
            `${spec.address} is reserved: ${run.taskId} on ${run.node}, which cannot be reached, may still hold it`,
            releaseHint(run, spec.name),
          ]
        : [`${spec.address} is still held by ${run.taskId} on ${run.node}`],
    );
  }
  const left = state.staleEndpoints[spec.address];
  const trouble = left === undefined || left.message === '' ? [] : [left.message];
  if (!isAddressFree(state, spec))
    return [`${spec.address} is being freed of the stale endpoint of its last container`, ...trouble];
  const lines: string[] = [];
  if (slot !== undefined && slot.notBefore > now)
    lines.push(`it waits ${Math.ceil((slot.notBefore - now) / 1000)} s before the next start`);
  lines.push(...trouble);
  const rejections = Object.entries(state.rejections[spec.name] ?? {});
  for (const [node, reason] of rejections) lines.push(`${node}: ${reason}`);
  if (lines.length === 0) lines.push(waitForOffer(state, now));
  return lines;
}

/** Offers are of registered agents only. After a restart of the master, none may be registered. */
function waitForOffer(state: ReducerState, now: number): string {
  const areAgentsAway = state.connected && mayAgentReturn(state, now) && Object.values(state.runs).some(isUnconfirmed);
  return `it waits for an offer from Mesos${areAgentsAway ? ', whose agents take up to 75 s to register again after a restart of the master' : ''}`;
}

/** Another run of its kind on the same node. */
function companionOf(state: ReducerState, run: TaskRun): TaskRun | undefined {
  return Object.values(state.runs).find(
    (other) => other !== run && !other.abandoned && other.node === run.node && kindOf(other.name) === kindOf(run.name),
  );
}

function timeSince(since: number, now: number): string {
  return `${Math.max(0, Math.round((now - since) / 1000))} s`;
}
