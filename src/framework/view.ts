import type {PublishedView} from '../scheduler-api/published-view.js';
import type {TaskReport} from '../scheduler-api/state.js';
import type {TaskSpec} from '../scheduler-api/task.js';
import type {ReducerState, Slot} from './model.js';
import {currentRun, isOutdated, isUnconfirmed, undesiredRuns} from './runs.js';
import {listHash} from './task-info.js';
import type {TaskRun} from './task-run.js';
import {why, whyUndesired} from './why.js';

/** The part of the published view that follows from the reducer's state alone. */
export type View = Pick<PublishedView, 'frameworkId' | 'connected' | 'connection' | 'tasks' | 'desiredHash' | 'why'>;

/** The reducer's state as it is published. */
export function viewOf(state: ReducerState, now: number): View {
  const undesired = undesiredRuns(state);
  return {
    frameworkId: state.frameworkId,
    connected: state.connected,
    connection: state.connection,
    tasks: [...state.desired.map((spec) => taskReportOf(state, spec, now)), ...undesired.map((run) => undesiredReport(run))],
    desiredHash: listHash(state.desired),
    why: Object.fromEntries([
      ...state.desired.map((spec) => [spec.name, why(state, spec, now)]),
      ...undesired.map((run) => [run.name, whyUndesired(run)]),
    ]),
  };
}

function taskReportOf(state: ReducerState, spec: TaskSpec, now: number): TaskReport {
  const run = currentRun(state, spec.name);
  const slot = state.slots[spec.name];
  const condition = run === undefined ? vacant(slot, now) : occupied(run, spec);
  return {
    name: spec.name,
    taskId: run?.taskId ?? null,
    state: condition.state,
    healthy: run?.phase === 'running' && spec.healthCheck !== undefined && !isUnconfirmed(run) ? run.healthy : null,
    isConfirmed: run === undefined || !isUnconfirmed(run),
    node: run?.node ?? null,
    agentId: run?.agentId ?? null,
    address: spec.address,
    image: spec.image,
    restarts: slot?.restarts ?? 0,
    containerId: run?.containerId ?? null,
    message: condition.isHealthy ? '' : why(state, spec, now).join('; '),
    since: new Date(run?.since ?? slot?.since ?? now).toISOString(),
    failing: slot?.failing && slot.failures > 0 ? {times: slot.failing.times, reason: slot.failing.reason} : null,
    flapping: (slot?.failures ?? 0) >= state.settings.flappingFailures,
    isOutdated: run !== undefined && isOutdated(state, run, spec),
  };
}

/** The report of a task that is no longer desired, as long as it may be alive and occupy its address. */
function undesiredReport(run: TaskRun): TaskReport {
  return {
    name: run.name,
    taskId: run.taskId,
    state: occupied(run).state,
    healthy: null,
    isConfirmed: !isUnconfirmed(run),
    node: run.node,
    agentId: run.agentId,
    address: run.address,
    image: '',
    restarts: 0,
    containerId: run.containerId,
    message: whyUndesired(run).join('; '),
    since: new Date(run.since).toISOString(),
    failing: null,
    flapping: false,
    isOutdated: true,
  };
}

function occupied(run: TaskRun, spec?: TaskSpec): {state: TaskReport['state']; isHealthy: boolean} {
  if (run.phase === 'lost') return {state: 'unreachable', isHealthy: false};
  if (run.termination !== null || run.phase === 'killing') return {state: 'killing', isHealthy: false};
  if (run.phase === 'intended') return {state: 'pending', isHealthy: false};
  if (run.phase !== 'running') return {state: run.phase, isHealthy: false};
  if (spec?.healthCheck !== undefined && run.healthy === false) return {state: 'unhealthy', isHealthy: false};
  return {state: 'running', isHealthy: !isUnconfirmed(run) && (spec?.healthCheck === undefined || run.healthy === true)};
}

function vacant(slot: Slot | undefined, now: number): {state: TaskReport['state']; isHealthy: boolean} {
  return {state: slot !== undefined && slot.failures > 0 && slot.notBefore > now ? 'failed' : 'pending', isHealthy: false};
}
