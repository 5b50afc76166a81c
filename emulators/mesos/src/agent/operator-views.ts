import {fromWire, toWire} from '../common/resources.js';
import {executorName} from './container-views.js';
import type {TaskRecord} from './task-record.js';

/** A task in the responses of the agent's operator API. */
export function taskJson(record: TaskRecord): object {
  const {task, role} = record;
  return {
    name: task.name,
    task_id: task.task_id,
    framework_id: record.framework.id,
    agent_id: task.agent_id,
    state: record.state,
    resources: toWire(fromWire(task.resources), {role, isRefined: true}),
    ...(record.statuses.length > 0 ? {statuses: record.statuses} : {}),
    ...forwarded(record),
    ...(task.labels === undefined ? {} : {labels: task.labels}),
    ...(task.discovery === undefined ? {} : {discovery: task.discovery}),
    ...(task.container === undefined ? {} : {container: task.container}),
    ...(task.health_check === undefined ? {} : {health_check: task.health_check}),
    ...(task.kill_policy === undefined ? {} : {kill_policy: task.kill_policy}),
    ...(task.command?.user === undefined ? {} : {user: task.command.user}),
  };
}

/** The update that was sent to the framework last: the first one that is not acknowledged, or else the last one. */
function forwarded({pending, statuses}: TaskRecord): object {
  const status = pending[0] ?? statuses.at(-1);
  return status ? {status_update_state: status.state, status_update_uuid: status.uuid} : {};
}

/** The command executor that Mesos creates for a task without an executor. */
export function executorJson(record: TaskRecord): object {
  const {task, role} = record;
  const executor_info = {
    executor_id: task.task_id,
    framework_id: record.framework.id,
    name: executorName(task),
    ...(task.container === undefined ? {} : {container: task.container}),
    ...(task.labels === undefined ? {} : {labels: task.labels}),
    ...(task.discovery === undefined ? {} : {discovery: task.discovery}),
    source: task.task_id.value,
    command: task.command,
    resources: toWire(fromWire(task.resources), {role, isRefined: true}),
  };
  return {executor_info};
}
