import {couldNotStart, requestExplanation} from './failures.js';
import type {TaskStatus} from './mesos.js';
import {addLog, type Reduction} from './reduction.js';
import {abandon, isReservationOver, markLost, reservationEnd} from './reservation.js';
import {hasCompetitor, requestReconciliation} from './runs.js';
import type {RunPhase, TaskRun} from './task-run.js';
import {endRun} from './termination.js';
import {describeStatus, livePhases, verdictOf} from './verdict.js';

const ranks: Record<Exclude<RunPhase, 'lost'>, number> = {intended: 0, staging: 1, starting: 2, running: 3, killing: 4};

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

function onAlive(reduction: Reduction, run: TaskRun, status: TaskStatus): void {
  const {now} = reduction;
  const phase = livePhases[status.state]!;
  // A KILL that was sent before the master knew its agent again was not delivered.
  if ((run.reconciliation?.tries ?? 0) >= 2) run.killSentAt = null;
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
    reason,
    ...(neverStarted ? {delaySeconds: 1} : {}),
  });
  if (couldNotStart(status)) requestExplanation(reduction, run);
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
