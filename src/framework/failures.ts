import type {TaskStatus} from './mesos.js';
import type {SchedulerEvent, Slot} from './model.js';
import {addLog, type Reduction} from './reduction.js';
import type {TaskRun} from './task-run.js';

/** Counts a failure, before it is added to those in a row. @param status as Mesos reported it */
export function countFailure(slot: Slot, status: string): void {
  const {failing} = slot;
  const isSame = failing !== null && slot.failures > 0 && failing.status === status;
  slot.failing = isSame ? {...failing, times: failing.times + 1} : {times: 1, status, reason: status};
}

/** Docker's exit codes for a container that it could not start: its own error, or that of the command. Mesos reports the code only. */
export function couldNotStart({state, message = ''}: TaskStatus): boolean {
  return state === 'TASK_FAILED' && /exited with status 12[567]\b/.test(message);
}

/** Requests Docker's reason, which the executor has written into the run's sandbox. */
export function requestExplanation({state, effects}: Reduction, run: TaskRun): void {
  const origin = state.agentOrigins[run.agentId];
  if (origin === undefined || state.frameworkId === null || run.containerId === null) return;
  const {agentId, taskId, containerId} = run;
  const sandbox = {origin, agentId, frameworkId: state.frameworkId, taskId, containerId};
  effects.push({type: 'explain-end', name: run.name, sandbox});
}

/**
 * Calico's plugin, which does not try again when another node has changed the block of the address in the meantime: tasks that start together on
 * several nodes meet it. The next start succeeds.
 */
const CONFLICT = /update conflict|already claimed by/;

/** Adds Docker's reason to the end of a run, unless another run has ended since. */
export function onEndExplained(
  reduction: Reduction,
  {name, taskId, reason}: Extract<SchedulerEvent, {type: 'end-explained'}>,
): void {
  const slot = reduction.state.slots[name];
  addLog(reduction, 'warn', `${taskId}: ${reason}`);
  if (slot === undefined || slot.failing === null || !slot.message.startsWith(`${taskId} on `)) return;
  slot.message = `${slot.message}: ${reason}`;
  const full = `${slot.failing.status}: ${reason}`;
  const isSame = slot.failing.times === 1 || slot.failing.reason === full;
  slot.failing = {...slot.failing, times: isSame ? slot.failing.times : 1, reason: full};
  // no container has run, and it is not the task that failed
  if (CONFLICT.test(reason)) slot.restarts = Math.max(0, slot.restarts - 1);
}
