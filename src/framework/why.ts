import type {TaskSpec} from '../scheduler-api/task.js';
import {isCleared} from './leftovers.js';
import type {ReducerState, Run} from './model.js';
import {kindOf} from './placement.js';
import {blockers, currentRun, isOutdated, isUnconfirmed} from './runs.js';
import {fenceEnd} from './updates.js';

/** Why a task is as it is, in plain words, the most telling line first. */
export function why(state: ReducerState, spec: TaskSpec, now: number): string[] {
  const slot = state.slots[spec.name];
  const run = currentRun(state, spec.name);
  const lines = run === undefined ? waiting(state, spec, now) : running(state, spec, run, now);
  if (slot !== undefined && slot.failures >= state.settings.flappingFailures)
    lines.push(`flapping: it failed ${slot.failures} times in a row`);
  if (slot !== undefined && slot.message !== '' && slot.failures > 0) lines.push(`last end: ${slot.message}`);
  for (const zombie of Object.values(state.runs).filter((one) => one.name === spec.name && one.released)) {
    lines.push(`${zombie.taskId} on ${zombie.node} was given up; it is killed when it comes back`);
  }
  if (!state.connected) lines.push(`no subscription at the Mesos master: ${state.connection}`);
  return lines;
}

/** Of a task that is wanted no more: why it is still there. */
export function whyUnwanted(run: Run): string[] {
  if (run.phase !== 'lost') return [`it is no longer wanted; ${run.node} is ending its container`];
  return [
    `it is no longer wanted, but ${run.node} cannot be reached (${run.message}): its container may still hold ${run.address}`,
    releaseHint(run, run.name),
  ];
}

function releaseHint(run: Run, name: string): string {
  return `if you know that ${run.node} is off, 'hw5 task release ${name}' gives it up now`;
}

function running(state: ReducerState, spec: TaskSpec, run: Run, now: number): string[] {
  const since = ago(run.since, now);
  if (run.phase === 'lost') {
    const left = Math.ceil((fenceEnd(state, run) - now) / 1000);
    const end = left > 0 ? `for another ${left} s` : 'until Mesos says once more that it is away';
    return [
      `${run.node} cannot be reached (${run.message}); its container may still hold ${spec.address}, so nothing is started there ${end}`,
      releaseHint(run, spec.name),
    ];
  }
  const lines = isUnconfirmed(run)
    ? [`Mesos has not confirmed ${run.taskId} on ${run.node} ${ago(run.question!.since, now)}`, releaseHint(run, spec.name)]
    : [];
  if (run.condemned !== null) return [`${run.taskId} on ${run.node} is being ended: ${run.condemned.reason}`, ...lines];
  if (run.phase === 'intended') lines.push(`its launch on ${run.node} is being written down`);
  else if (run.phase === 'staging') lines.push(`sent to ${run.node} ${since}; the agent has not started it yet`);
  else if (run.phase === 'starting') lines.push(`${run.node} is starting its container ${since}`);
  else if (run.phase === 'killing') lines.push(`${run.node} is ending its container ${since}`);
  else if (spec.healthCheck !== undefined && run.healthy === false) lines.push(`its health check fails ${since}`);
  else if (spec.healthCheck !== undefined && run.healthy === null)
    lines.push(`runs on ${run.node} ${since}; its health check has not passed yet`);
  else lines.push(`runs on ${run.node} ${since}${run.healthy === true ? ' and is healthy' : ''}`);
  // Constraints count when a task is placed; one that runs is not ended for a new one, which might find no place elsewhere.
  const other = spec.constraints.unique === true ? companionOf(state, run) : undefined;
  if (other !== undefined)
    lines.push(`must be alone of its kind on a node, and ${other.name} is there too: 'hw5 task restart ${spec.name}' moves it`);
  if (isOutdated(state, run, spec)) lines.push('its description changed; it is replaced when all other tasks are well');
  return lines;
}

function waiting(state: ReducerState, spec: TaskSpec, now: number): string[] {
  const slot = state.slots[spec.name];
  const holders = blockers(state, spec);
  if (holders.length > 0) {
    return holders.flatMap((run) =>
      run.phase === 'lost'
        ? [
            `${spec.address} is fenced: ${run.taskId} on ${run.node}, which cannot be reached, may still hold it`,
            releaseHint(run, spec.name),
          ]
        : [`${spec.address} is still held by ${run.taskId} on ${run.node}`],
    );
  }
  const left = state.leftovers[spec.address];
  const trouble = left === undefined || left.message === '' ? [] : [left.message];
  if (!isCleared(state, spec)) return [`${spec.address} is being freed of what its last container left behind`, ...trouble];
  const lines: string[] = [];
  if (slot !== undefined && slot.notBefore > now)
    lines.push(`it waits ${Math.ceil((slot.notBefore - now) / 1000)} s before the next start`);
  lines.push(...trouble);
  const refusals = Object.entries(state.refusals[spec.name] ?? {});
  for (const [node, reason] of refusals) lines.push(`${node}: ${reason}`);
  if (lines.length === 0) lines.push('it waits for an offer from Mesos');
  return lines;
}

/** Another run of its kind on its node. */
function companionOf(state: ReducerState, run: Run): Run | undefined {
  return Object.values(state.runs).find(
    (other) => other !== run && !other.released && other.node === run.node && kindOf(other.name) === kindOf(run.name),
  );
}

function ago(since: number, now: number): string {
  return `since ${Math.max(0, Math.round((now - since) / 1000))} s`;
}
