import {leaveBehind} from './leftovers.js';
import type {TaskStatus} from './mesos.js';
import {type CondemnedKind, note, type ReducerState, type Run, type RunPhase, slotOf, type Turn} from './model.js';
import {ask, hasRival} from './runs.js';

const ranks: Record<Exclude<RunPhase, 'lost'>, number> = {intended: 0, staging: 1, starting: 2, running: 3, killing: 4};
const alive: Partial<Record<TaskStatus['state'], Exclude<RunPhase, 'lost' | 'intended'>>> = {
  TASK_STAGING: 'staging',
  TASK_STARTING: 'starting',
  TASK_RUNNING: 'running',
  TASK_KILLING: 'killing',
};

/** What an update proves about the container. */
export type Verdict = 'alive' | 'dead' | 'uncertain';

/**
 * What an update proves. Only an agent's word, or the master's that the agent does not know the task, proves a death:
 * after UNREACHABLE, UNKNOWN (a restarted master before the agents are back) and the master's LOST, genuine agents have
 * come back with the task running (reference/mesos: 520, 552).
 */
export function verdictOf(status: TaskStatus): Verdict {
  if (alive[status.state] !== undefined) return 'alive';
  if (status.state === 'TASK_UNREACHABLE' || status.state === 'TASK_UNKNOWN') return 'uncertain';
  if (status.state === 'TASK_LOST') return status.uuid === undefined && status.source === 'SOURCE_MASTER' ? 'uncertain' : 'dead';
  return 'dead';
}

/** Takes in one status update. */
export function onUpdate(turn: Turn, status: TaskStatus): void {
  const taskId = status.task_id.value;
  if (status.uuid !== undefined && status.agent_id !== undefined) {
    turn.acks.push({
      type: 'ACKNOWLEDGE',
      acknowledge: {agent_id: status.agent_id, task_id: status.task_id, uuid: status.uuid},
    });
  }
  const run = turn.state.runs[taskId];
  const verdict = verdictOf(status);
  if (run === undefined) {
    if (verdict === 'alive') meetStranger(turn, status);
    return;
  }
  // Nothing was sent yet: the update cannot be about this launch.
  if (run.phase === 'intended') return;
  if (status.state === 'TASK_ERROR' && status.source === 'SOURCE_MASTER' && run.isSeen) {
    // The master refuses a launch with the id of a task that still runs: the refusal says nothing about the one that runs.
    ask(run, turn.now);
    return;
  }
  if (verdict === 'dead') onDead(turn, run, status);
  else if (verdict === 'uncertain') onUncertain(turn, run, status);
  else onAlive(turn, run, status);
}

/** The name in a task id `<name>.<counter>`. */
export function nameOf(taskId: string): string {
  return taskId.replace(/\.\d+$/, '');
}

/** Ends a run that is proven dead, or was never sent: its slot may be filled again. */
export function endRun(
  turn: Turn,
  run: Run,
  end: {readonly isFailure: boolean; readonly message: string; readonly delaySeconds?: number},
): void {
  const {state, now} = turn;
  delete state.runs[run.taskId];
  // Of one that was not seen nothing can be left, but it may have failed on what is: freeing was given up before it.
  if (run.isSeen || state.leftovers[run.address] !== undefined) leaveBehind(turn, run);
  // A zombie's place was given away, a stranger never had one.
  if (run.released || run.condemned?.kind === 'stranger') return;
  const slot = slotOf(turn, run.name);
  // One that was given up and came back was counted then.
  if ((run.isSeen || end.isFailure) && run.condemned?.kind !== 'zombie') slot.restarts++;
  slot.message = end.message;
  slot.since = now;
  slot.isRolled ||= run.condemned?.kind === 'roll' && run.isSeen;
  slot.failedOn = end.isFailure && !run.hasRun ? run.node : null;
  if (end.isFailure) {
    slot.failures++;
    const {backoffSeconds, backoffCeilingSeconds} = state.settings;
    slot.notBefore = now + Math.min(backoffSeconds * 2 ** (slot.failures - 1), backoffCeilingSeconds) * 1000;
  } else {
    slot.notBefore = now + (end.delaySeconds ?? 0) * 1000;
  }
}

/** When a lost run has been away for long enough to be given up. */
export function fenceEnd(state: ReducerState, run: Run): number {
  return (run.lostSince ?? Number.POSITIVE_INFINITY) + state.settings.fenceSeconds * 1000;
}

/** Has a lost run been away for long enough, and was it not given up yet? */
export function isFenceOver({state, now}: Turn, run: Run): boolean {
  return !run.released && now >= fenceEnd(state, run);
}

/** Gives up waiting for a lost run: its address may be used again. Should it come back, it is killed. */
export function openFence(turn: Turn, run: Run, why: string): void {
  const isStranger = run.condemned?.kind === 'stranger';
  run.released = true;
  run.condemned = {kind: 'zombie', reason: 'it was given up', graceSeconds: 0};
  run.killSentAt = null;
  run.since = turn.now;
  leaveBehind(turn, run);
  if (isStranger) return;
  const slot = slotOf(turn, run.name);
  slot.restarts++;
  slot.message = `${run.taskId} on ${run.node} was given up ${why}`;
  slot.since = turn.now;
  slot.notBefore = turn.now;
  note(turn, 'warn', `${run.taskId}: gave it up ${why}; ${run.address} is free for a replacement`);
}

/** Marks a run to be killed. The first reason stays, except that a stronger wish (no grace) wins. */
export function condemn(turn: Turn, run: Run, kind: CondemnedKind, reason: string, graceSeconds: number): void {
  if (run.condemned !== null && run.condemned.graceSeconds <= graceSeconds) return;
  run.condemned = {kind: run.condemned?.kind ?? kind, reason: run.condemned?.reason ?? reason, graceSeconds};
  run.killSentAt = null;
  note(turn, 'info', `${run.taskId}: is to end: ${reason}`);
}

function onAlive(turn: Turn, run: Run, status: TaskStatus): void {
  const {now} = turn;
  const phase = alive[status.state]!;
  run.question = null;
  run.isSeen = run.isSeen || status.state !== 'TASK_STAGING';
  if (status.agent_id !== undefined) run.agentId = status.agent_id.value;
  if (run.phase === 'lost') {
    note(turn, 'info', `${run.taskId}: is back (${status.state})`);
    run.lostSince = null;
    run.phase = phase;
    run.since = now;
    // A KILL sent while the agent was away was not queued.
    run.killSentAt = null;
    // It is known to hold its address, unless that was given away: a replacement waits until it is proven dead.
    if (run.released && !hasRival(turn.state, run)) run.released = false;
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

/** Notes that nobody can say any more whether a run lives. */
export function lose(run: Run, now: number, message: string): void {
  // Not the master's unreachable_time: its clock need not agree with ours, and the fence must never be too short.
  Object.assign(run, {phase: 'lost', since: now, lostSince: now, okSince: null, message} satisfies Partial<Run>);
}

function onUncertain(turn: Turn, run: Run, status: TaskStatus): void {
  const {state, now} = turn;
  const {settings} = state;
  if (run.phase !== 'lost') {
    lose(run, now, status.message ?? status.state);
    note(
      turn,
      'warn',
      `${run.taskId} on ${run.node}: ${status.state}; ${run.address} stays fenced for ${settings.fenceSeconds} s`,
    );
  }
  // Mesos tells of a return by itself. Asking again covers a message that got lost, and what is said when the time of the fence is
  // over opens it: the agent may have come back while nobody was there to be told.
  if (isFenceOver(turn, run)) openFence(turn, run, `after ${settings.fenceSeconds} s without a sign`);
  const again = now + settings.reconcileCeilingSeconds * 1000;
  run.question = {since: now, dueAt: run.released ? again : Math.min(again, fenceEnd(state, run)), tries: 0};
}

function onDead(turn: Turn, run: Run, status: TaskStatus): void {
  run.containerId = status.container_status?.container_id?.value ?? run.containerId;
  const detail = plain(status);
  const kind = run.condemned?.kind;
  if (run.condemned !== null && kind !== 'failure') {
    note(turn, 'info', `${run.taskId}: ended (${run.condemned.reason})`);
    endRun(turn, run, {isFailure: false, message: `${run.taskId} was ended: ${run.condemned.reason}`});
    return;
  }
  const neverStarted = status.state === 'TASK_DROPPED';
  const vanished = status.state === 'TASK_GONE' || status.state === 'TASK_GONE_BY_OPERATOR';
  const reason = kind === 'failure' ? `${run.condemned!.reason}; ${detail}` : detail;
  note(turn, 'warn', `${run.taskId} on ${run.node}: ${reason}`);
  endRun(turn, run, {
    isFailure: !neverStarted && !vanished,
    message: `${run.taskId} on ${run.node}: ${reason}`,
    ...(neverStarted ? {delaySeconds: 1} : {}),
  });
}

/** A living task of our framework that is in no record: from a lost store, or a zombie long forgotten. It is killed. */
function meetStranger(turn: Turn, status: TaskStatus): void {
  const {state, now} = turn;
  const taskId = status.task_id.value;
  const name = nameOf(taskId);
  const told = status.container_status?.network_infos?.find((info) => info.name !== undefined)?.ip_addresses?.[0]?.ip_address;
  const address = told ?? state.desired.find((spec) => spec.name === name)?.address ?? '';
  note(turn, 'warn', `${taskId}: runs but is in no record; killing it`);
  state.runs[taskId] = {
    taskId,
    name,
    address,
    agentId: status.agent_id?.value ?? '',
    node: status.agent_id?.value ?? 'an unknown node',
    specHash: '',
    launchedAt: now,
    phase: alive[status.state]!,
    since: now,
    isSeen: true,
    hasRun: status.state === 'TASK_RUNNING',
    healthy: status.healthy ?? null,
    okSince: null,
    unhealthySince: null,
    containerId: status.container_status?.container_id?.value ?? null,
    message: status.message ?? '',
    condemned: {kind: 'stranger', reason: 'it is in no record', graceSeconds: 0},
    killSentAt: null,
    lostSince: null,
    released: false,
    question: null,
    intent: null,
  };
}

function plain(status: TaskStatus): string {
  const words: Partial<Record<TaskStatus['state'], string>> = {
    TASK_FINISHED: 'it ended by itself',
    TASK_FAILED: 'it failed',
    TASK_KILLED: status.healthy === false ? 'its health check failed, the agent ended it' : 'somebody else ended it',
    TASK_ERROR: 'Mesos refused it',
    TASK_DROPPED: 'the launch did not reach the agent',
    TASK_GONE: 'the agent does not know it (any more)',
    TASK_GONE_BY_OPERATOR: 'an operator declared its agent gone',
    TASK_LOST: 'the agent lost it',
  };
  // Docker's words may have several lines.
  const message = status.message?.replaceAll(/\s+/g, ' ').trim();
  return `${words[status.state] ?? status.state}${message === undefined || message === '' ? '' : ` (${message})`}`;
}
