import {attributesObject} from '../common/attributes.js';
import type {Flags} from '../common/flags.js';
import {add, fromWire, NONE} from '../common/resources.js';
import {resourcesObject} from '../common/resources-text.js';
import {VERSION} from '../common/version.js';
import {isTerminal, rolesOf} from '../common/wire.js';
import type {Agent} from './agent.js';
import type {TaskRecord} from './task-record.js';

/** /state of an agent: what runs here, and where its sandboxes are. */
export function agentStateView(
  agent: Agent,
  flags: Flags,
  about: {readonly ip: string; readonly startedAt: number; readonly master: string},
): object {
  const {info} = agent;
  const live = agent.tasks.filter((record) => !isTerminal(record.state));
  const used = live.reduce((sum, record) => add(sum, fromWire(record.task.resources)), NONE);
  return {
    ...VERSION,
    start_time: about.startedAt,
    id: info.id?.value ?? '',
    pid: `slave(1)@${about.ip}:${info.port}`,
    hostname: info.hostname,
    resources: resourcesObject(fromWire(agent.total)),
    unreserved_resources_allocated: resourcesObject(used),
    attributes: attributesObject(info.attributes),
    master_hostname: about.master,
    flags: Object.fromEntries(flags.values),
    frameworks: frameworksView(agent),
    completed_frameworks: [],
  };
}

function frameworksView(agent: Agent): object[] {
  const all = [...agent.tasks, ...agent.completed];
  const ids = [...new Set(all.map((record) => record.framework.id!.value))];
  return ids.map((id) => {
    const {framework} = all.find((record) => record.framework.id!.value === id)!;
    const own = (records: readonly TaskRecord[]): TaskRecord[] => records.filter((record) => record.framework.id!.value === id);
    return {
      id,
      name: framework.name,
      user: framework.user,
      failover_timeout: framework.failover_timeout ?? 0,
      checkpoint: framework.checkpoint ?? false,
      hostname: framework.hostname ?? '',
      roles: rolesOf(framework),
      executors: own(agent.tasks).map(executorView),
      completed_executors: own(agent.completed).map(executorView),
    };
  });
}

function executorView(record: TaskRecord): object {
  const id = record.task.task_id.value;
  const task = {
    id,
    name: record.task.name,
    framework_id: record.framework.id!.value,
    executor_id: '',
    slave_id: record.task.agent_id.value,
    state: record.state,
    resources: resourcesObject(fromWire(record.task.resources)),
    role: record.role,
    statuses: record.statuses.map(({state, timestamp, container_status, healthy}) => ({
      state,
      timestamp,
      ...(container_status === undefined ? {} : {container_status}),
      ...(healthy === undefined ? {} : {healthy}),
    })),
  };
  const isOver = isTerminal(record.state);
  return {
    id,
    name: `Command Executor (Task: ${id})`,
    source: id,
    container: record.containerId,
    directory: record.sandbox,
    resources: resourcesObject(fromWire(record.task.resources)),
    role: record.role,
    tasks: isOver ? [] : [task],
    queued_tasks: [],
    completed_tasks: isOver ? [task] : [],
  };
}

/** /containers: without resource statistics. */
export function containersView(agent: Agent): object[] {
  const live = agent.tasks.filter((record) => !isTerminal(record.state));
  return live.map((record) => ({
    container_id: record.containerId,
    executor_id: record.task.task_id.value,
    executor_name: `Command Executor (Task: ${record.task.task_id.value})`,
    framework_id: record.framework.id!.value,
    source: record.task.task_id.value,
    status: record.statuses.at(-1)?.container_status ?? {container_id: {value: record.containerId}},
  }));
}
