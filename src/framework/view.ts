import type {TaskSpec} from './config.js';
import type {Run, SchedulerState, Slot} from './model.js';
import {currentRun, isOutdated, isUnconfirmed, unwantedRuns} from './runs.js';
import {listHash} from './task-info.js';
import {why, whyUnwanted} from './why.js';

export type TaskViewState = 'pending' | 'staging' | 'starting' | 'running' | 'unhealthy' | 'killing' | 'unreachable' | 'failed';

/** One task of GET /v1/state. */
export interface TaskView {
  readonly name: string;
  readonly taskId: string | null;
  readonly state: TaskViewState;
  readonly healthy: boolean | null;
  readonly node: string | null;
  readonly agentId: string | null;
  readonly address: string;
  /** Empty for a task that is wanted no more. */
  readonly image: string;
  readonly restarts: number;
  readonly containerId: string | null;
  /** Why it is so, in plain words; empty when all is well. */
  readonly message: string;
  /** ISO time since when it is in this state. */
  readonly since: string;
  readonly flapping: boolean;
  /** It runs as its description was, and will be replaced. */
  readonly isOutdated: boolean;
}

/** What the leader knows, and publishes for the others. */
export interface View {
  readonly frameworkId: string | null;
  readonly connected: boolean;
  readonly connection: string;
  readonly tasks: readonly TaskView[];
  /** The hash of the task list that is wanted. */
  readonly wanted: string;
  /** Task → lines for `hw5 why`. */
  readonly why: Readonly<Record<string, readonly string[]>>;
}

/** The state as others see it. */
export function viewOf(state: SchedulerState, now: number): View {
  const unwanted = unwantedRuns(state);
  return {
    frameworkId: state.frameworkId,
    connected: state.connected,
    connection: state.connection,
    tasks: [...state.desired.map((spec) => taskView(state, spec, now)), ...unwanted.map((run) => unwantedView(run))],
    wanted: listHash(state.desired),
    why: Object.fromEntries([
      ...state.desired.map((spec) => [spec.name, why(state, spec, now)]),
      ...unwanted.map((run) => [run.name, whyUnwanted(run)]),
    ]),
  };
}

function taskView(state: SchedulerState, spec: TaskSpec, now: number): TaskView {
  const run = currentRun(state, spec.name);
  const slot = state.slots[spec.name];
  const seen = run === undefined ? vacant(slot, now) : occupied(run, spec);
  return {
    name: spec.name,
    taskId: run?.taskId ?? null,
    state: seen.state,
    healthy: run?.phase === 'running' && spec.healthCheck !== undefined ? run.healthy : null,
    node: run?.node ?? null,
    agentId: run?.agentId ?? null,
    address: spec.address,
    image: spec.image,
    restarts: slot?.restarts ?? 0,
    containerId: run?.containerId ?? null,
    message: seen.isWell ? '' : why(state, spec, now).join('; '),
    since: new Date(run?.since ?? slot?.since ?? now).toISOString(),
    flapping: (slot?.failures ?? 0) >= state.settings.flappingFailures,
    isOutdated: run !== undefined && isOutdated(state, run, spec),
  };
}

/** A task that is wanted no more, as long as it may live: it holds its address. */
function unwantedView(run: Run): TaskView {
  return {
    name: run.name,
    taskId: run.taskId,
    state: occupied(run).state,
    healthy: null,
    node: run.node,
    agentId: run.agentId,
    address: run.address,
    image: '',
    restarts: 0,
    containerId: run.containerId,
    message: whyUnwanted(run).join('; '),
    since: new Date(run.since).toISOString(),
    flapping: false,
    isOutdated: true,
  };
}

function occupied(run: Run, spec?: TaskSpec): {state: TaskViewState; isWell: boolean} {
  if (run.phase === 'lost') return {state: 'unreachable', isWell: false};
  if (run.condemned !== null || run.phase === 'killing') return {state: 'killing', isWell: false};
  if (run.phase === 'intended') return {state: 'pending', isWell: false};
  if (run.phase !== 'running') return {state: run.phase, isWell: false};
  if (spec?.healthCheck !== undefined && run.healthy === false) return {state: 'unhealthy', isWell: false};
  return {state: 'running', isWell: !isUnconfirmed(run) && (spec?.healthCheck === undefined || run.healthy === true)};
}

function vacant(slot: Slot | undefined, now: number): {state: TaskViewState; isWell: boolean} {
  return {state: slot !== undefined && slot.failures > 0 && slot.notBefore > now ? 'failed' : 'pending', isWell: false};
}
