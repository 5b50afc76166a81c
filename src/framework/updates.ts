import type {TaskStatus} from './mesos.js';
import {addLog, type ReducerState, type Reduction, type RunPhase, slotOf, type TaskRun, type TerminationKind} from './model.js';
import {hasCompetitor, requestReconciliation} from './runs.js';
import {recordStaleEndpoint} from './stale-endpoints.js';

const ranks: Record<Exclude<RunPhase, 'lost'>, number> = {intended: 0, staging: 1, starting: 2, running: 3, killing: 4};
const livePhases: Partial<Record<TaskStatus['state'], Exclude<RunPhase, 'lost' | 'intended'>>> = {
  TASK_STAGING: 'staging',
  TASK_STARTING: 'starting',
  TASK_RUNNING: 'running',
  TASK_KILLING: 'killing',
};

/** What an update proves about the container. */
export type Verdict = 'alive' | 'dead' | 'uncertain';

/**
 * What an update proves. Only an agent, or the master when it reports that a registered agent does not have the task, proves that a
 * container is dead. UNREACHABLE, UNKNOWN (from a restarted master before its agents have registered again) and LOST from the master prove
 * nothing: with upstream Mesos 1.5 agents have returned after them with the task running.
 */
export function verdictOf(status: TaskStatus): Verdict {
  if (livePhases[status.state] !== undefined) return 'alive';
  if (status.state === 'TASK_UNREACHABLE' || status.state === 'TASK_UNKNOWN') return 'uncertain';
  if (status.state === 'TASK_LOST') return status.uuid === undefined && status.source === 'SOURCE_MASTER' ? 'uncertain' : 'dead';
  return 'dead';
}

/** Applies one status update. */
export function onUpdate(reduction: Reduction, status: TaskStatus): void {
  const taskId = status.task_id.value;
  if (status.uuid !== undefined && status.agent_id !== undefined) {
    reduction.acks.push({
      type: 'ACKNOWLEDGE',
      acknowledge: {agent_id: status.agent_id, task_id: status.task_id, uuid: status.uuid},
    });
  }
  const run = reduction.state.runs[taskId];
  const verdict = verdictOf(status);
  if (run === undefined) {
    if (verdict === 'alive') onUnknownTask(reduction, status);
    return;
  }
  // The launch was not sent yet, so the update is not about it.
  if (run.phase === 'intended') return;
  if (status.state === 'TASK_ERROR' && status.source === 'SOURCE_MASTER' && run.isReported) {
    // The master rejects a launch whose id a running task already has. That proves nothing about the running task.
    requestReconciliation(run, reduction.now);
    return;
  }
  if (verdict === 'dead') onDead(reduction, run, status);
  else if (verdict === 'uncertain') onUncertain(reduction, run, status);
  else onAlive(reduction, run, status);
}

/** The name in a task id `<name>.<counter>`. */
export function nameOf(taskId: string): string {
  return taskId.replace(/\.\d+$/, '');
}

/** Removes a run that is proven dead or was never sent, so that its task can be launched again. */
export function endRun(
  reduction: Reduction,
  run: TaskRun,
  end: {readonly isFailure: boolean; readonly message: string; readonly delaySeconds?: number},
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
    slot.failures++;
    const {backoffSeconds, backoffCeilingSeconds} = state.settings;
    slot.notBefore = now + Math.min(backoffSeconds * 2 ** (slot.failures - 1), backoffCeilingSeconds) * 1000;
  } else {
    slot.notBefore = now + (end.delaySeconds ?? 0) * 1000;
  }
}

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

function onAlive(reduction: Reduction, run: TaskRun, status: TaskStatus): void {
  const {now} = reduction;
  const phase = livePhases[status.state]!;
  run.reconciliation = null;
  run.isReported = run.isReported || status.state !== 'TASK_STAGING';
  if (status.agent_id !== undefined) run.agentId = status.agent_id.value;
  if (run.phase === 'lost') {
    addLog(reduction, 'info', `${run.taskId}: is reported again (${status.state})`);
    run.lostSince = null;
    run.phase = phase;
    run.since = now;
    // Mesos does not queue a KILL for an agent that is unreachable, so it must be sent again.
    run.killSentAt = null;
    // It occupies its address, so a replacement that was not launched yet waits until this run is proven dead.
    if (run.abandoned && !hasCompetitor(reduction.state, run)) run.abandoned = false;
  } else if (ranks[phase] > ranks[run.phase]) {
    run.phase = phase;
    run.since = now;
  }
  run.containerId = status.container_status?.container_id?.value ?? run.containerId;
  if (phase === 'running') {
    run.hasRun = true;
    if (status.healthy !== undefined) run.healthy = status.healthy;
    run.message = status.message ?? '';
  }
  run.unhealthySince = run.healthy === false ? (run.unhealthySince ?? now) : null;
}

/** Marks a run as lost: whether its container is alive is unknown. */
export function markLost(run: TaskRun, now: number, message: string): void {
  // Not the master's unreachable_time: its clock may differ from this one, and the reservation must never be too short.
  Object.assign(run, {phase: 'lost', since: now, lostSince: now, okSince: null, message} satisfies Partial<TaskRun>);
}

function onUncertain(reduction: Reduction, run: TaskRun, status: TaskStatus): void {
  const {state, now} = reduction;
  const {settings} = state;
  if (run.phase !== 'lost') {
    markLost(run, now, status.message ?? status.state);
    addLog(
      reduction,
      'warn',
      `${run.taskId} on ${run.node}: ${status.state}; ${run.address} stays reserved for ${settings.reservationSeconds} s`,
    );
  }
  // Mesos reports by itself when an agent returns; reconciling again covers a lost message. A run is abandoned only on the answer to a
  // reconciliation after its time: the agent may have returned while this scheduler was not subscribed.
  if (isReservationOver(reduction, run))
    abandon(reduction, run, `after ${settings.reservationSeconds} s without a report from its agent`);
  const again = now + settings.reconcileCeilingSeconds * 1000;
  run.reconciliation = {since: now, dueAt: run.abandoned ? again : Math.min(again, reservationEnd(state, run)), tries: 0};
}

function onDead(reduction: Reduction, run: TaskRun, status: TaskStatus): void {
  run.containerId = status.container_status?.container_id?.value ?? run.containerId;
  const detail = describeStatus(status);
  const kind = run.termination?.kind;
  if (run.termination !== null && kind !== 'failure') {
    addLog(reduction, 'info', `${run.taskId}: ended (${run.termination.reason})`);
    endRun(reduction, run, {isFailure: false, message: `${run.taskId} was ended: ${run.termination.reason}`});
    return;
  }
  const neverStarted = status.state === 'TASK_DROPPED';
  const vanished = status.state === 'TASK_GONE' || status.state === 'TASK_GONE_BY_OPERATOR';
  const reason = kind === 'failure' ? `${run.termination!.reason}; ${detail}` : detail;
  addLog(reduction, 'warn', `${run.taskId} on ${run.node}: ${reason}`);
  endRun(reduction, run, {
    isFailure: !neverStarted && !vanished,
    message: `${run.taskId} on ${run.node}: ${reason}`,
    ...(neverStarted ? {delaySeconds: 1} : {}),
  });
}

/** Handles a running task of this framework that is in no record: the store was lost, or it was abandoned long ago. It is killed. */
function onUnknownTask(reduction: Reduction, status: TaskStatus): void {
  const {state, now} = reduction;
  const taskId = status.task_id.value;
  const name = nameOf(taskId);
  const reported = status.container_status?.network_infos?.find((info) => info.name !== undefined)?.ip_addresses?.[0]?.ip_address;
  const address = reported ?? state.desired.find((spec) => spec.name === name)?.address ?? '';
  addLog(reduction, 'warn', `${taskId}: runs but is in no record; killing it`);
  state.runs[taskId] = {
    taskId,
    name,
    address,
    agentId: status.agent_id?.value ?? '',
    node: status.agent_id?.value ?? 'an unknown node',
    specHash: '',
    launchedAt: now,
    phase: livePhases[status.state]!,
    since: now,
    isReported: true,
    hasRun: status.state === 'TASK_RUNNING',
    healthy: status.healthy ?? null,
    okSince: null,
    unhealthySince: null,
    containerId: status.container_status?.container_id?.value ?? null,
    message: status.message ?? '',
    termination: {kind: 'unknown', reason: 'it is in no record', graceSeconds: 0},
    killSentAt: null,
    lostSince: null,
    abandoned: false,
    reconciliation: null,
    intent: null,
  };
}

function describeStatus(status: TaskStatus): string {
  const descriptions: Partial<Record<TaskStatus['state'], string>> = {
    TASK_FINISHED: 'it exited by itself',
    TASK_FAILED: 'it failed',
    TASK_KILLED:
      status.healthy === false ? 'its health check failed and the agent killed it' : 'it was killed from outside of hw5',
    TASK_ERROR: 'Mesos rejected it',
    TASK_DROPPED: 'the launch did not reach the agent',
    TASK_GONE: 'the agent does not have it',
    TASK_GONE_BY_OPERATOR: 'an operator marked its agent as gone',
    TASK_LOST: 'the agent lost it',
  };
  // Messages of Docker may have several lines.
  const message = status.message?.replaceAll(/\s+/g, ' ').trim();
  return `${descriptions[status.state] ?? status.state}${message === undefined || message === '' ? '' : ` (${message})`}`;
}
