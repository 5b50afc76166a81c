import type {TaskStatus} from '../common/wire.js';
import type {Context} from './context.js';
import {agentJson, frameworkJson, getState, taskJson} from './operator-views.js';
import type {Agent, Framework, Task} from './state.js';

/** The event stream of the operator API (SUBSCRIBE): first the complete state, then changes. */

export function subscribeOperator(context: Context, stream: string): void {
  const {heartbeatInterval} = context.settings;
  const subscribed = {get_state: getState(context), heartbeat_interval_seconds: heartbeatInterval};
  context.emit({kind: 'event', stream, event: {type: 'SUBSCRIBED', subscribed}});
  context.emit({kind: 'event', stream, event: {type: 'HEARTBEAT'}});
  context.state.operators.set(stream, context.now() + heartbeatInterval);
}

/** Sends heartbeats that are due. */
export function sendOperatorHeartbeats(context: Context): void {
  for (const [stream, due] of context.state.operators) {
    if (due > context.now()) continue;
    context.emit({kind: 'event', stream, event: {type: 'HEARTBEAT'}});
    context.state.operators.set(stream, due + context.settings.heartbeatInterval);
  }
}

/** @param event called only if an operator has subscribed */
function publish(context: Context, event: () => object): void {
  if (context.state.operators.size === 0) return;
  const value = event();
  for (const stream of context.state.operators.keys()) context.emit({kind: 'event', stream, event: value});
}

export function publishTaskAdded(context: Context, task: Task): void {
  publish(context, () => ({type: 'TASK_ADDED', task_added: {task: taskJson(task)}}));
}

/** @param status the update sent to the framework; the state of the task may be newer */
export function publishTaskUpdated(context: Context, task: Task, status: TaskStatus): void {
  const task_updated = {framework_id: {value: task.frameworkId}, status, state: task.state};
  publish(context, () => ({type: 'TASK_UPDATED', task_updated}));
}

export function publishAgentAdded(context: Context, agent: Agent): void {
  publish(context, () => ({type: 'AGENT_ADDED', agent_added: {agent: agentJson(context, agent)}}));
}

export function publishAgentRemoved(context: Context, agentId: string): void {
  publish(context, () => ({type: 'AGENT_REMOVED', agent_removed: {agent_id: {value: agentId}}}));
}

export function publishFrameworkAdded(context: Context, framework: Framework): void {
  publish(context, () => ({type: 'FRAMEWORK_ADDED', framework_added: {framework: frameworkJson(context, framework)}}));
}

export function publishFrameworkUpdated(context: Context, framework: Framework): void {
  publish(context, () => ({type: 'FRAMEWORK_UPDATED', framework_updated: {framework: frameworkJson(context, framework)}}));
}

export function publishFrameworkRemoved(context: Context, framework: Framework): void {
  publish(context, () => ({type: 'FRAMEWORK_REMOVED', framework_removed: {framework_info: framework.info}}));
}
