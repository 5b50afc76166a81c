import {hasCapability, type TaskState, type TaskStatus} from '../common/wire.js';
import type {Context} from './context.js';
import type {Framework, Task} from './state.js';

/** Sends an UPDATE; nothing while the framework is away (an agent's update is repeated by the agent). */
export function sendUpdate(context: Context, framework: Framework, status: TaskStatus): void {
  sendEvent(context, framework, {type: 'UPDATE', update: {status}});
}

export function sendEvent(context: Context, framework: Framework, event: object): void {
  if (framework.stream !== undefined) context.emit({kind: 'event', stream: framework.stream, event});
}

/** A status made by the master itself: it has no uuid and is not to be acknowledged. */
export function masterStatus(
  context: Context,
  fields: {
    readonly taskId: string;
    readonly agentId?: string | undefined;
    readonly state: TaskState;
    readonly message: string;
    readonly reason: string;
    readonly unreachableSince?: number | undefined;
  },
): TaskStatus {
  return {
    task_id: {value: fields.taskId},
    state: fields.state,
    message: fields.message,
    source: 'SOURCE_MASTER',
    reason: fields.reason,
    ...(fields.agentId === undefined ? {} : {agent_id: {value: fields.agentId}}),
    timestamp: context.now(),
    ...(fields.unreachableSince === undefined
      ? {}
      : {unreachable_time: {nanoseconds: Math.round(fields.unreachableSince * 1e9)}}),
  };
}

/** The parts of the task's last status that a status made later by the master repeats. */
export function lastKnown(task: Task): Pick<TaskStatus, 'container_status' | 'healthy'> {
  const last = task.statuses.at(-1);
  return {
    ...(last?.healthy === undefined ? {} : {healthy: last.healthy}),
    ...(last?.container_status === undefined ? {} : {container_status: last.container_status}),
  };
}

/** The state for what is lost: frameworks without PARTITION_AWARE know TASK_LOST only. */
export function supportedState(framework: Framework, state: TaskState): TaskState {
  return hasCapability(framework.info, 'PARTITION_AWARE') ? state : 'TASK_LOST';
}

/** Puts a status in a task's history; a status with the state of the last one replaces it. */
export function recordStatus(task: Task, status: TaskStatus): void {
  const {data: _, ...rest} = status;
  const older = task.statuses.at(-1)?.state === status.state ? task.statuses.slice(0, -1) : task.statuses;
  task.statuses = [...older, rest];
}
