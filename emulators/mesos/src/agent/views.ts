import {attributesObject} from '../common/attributes.js';
import type {Flags} from '../common/flags.js';
import {add, fromWire, NONE, type Resources, toWire} from '../common/resources.js';
import {reservedByRole, resourcesObject, unreserved} from '../common/resources-text.js';
import {VERSION} from '../common/version.js';
import {AGENT_CAPABILITIES, hasCapability, isTerminal, rolesOf} from '../common/wire.js';
import type {Agent} from './agent.js';
import {executorName} from './container-views.js';
import type {TaskRecord} from './task-record.js';

/** The content of /state of an agent: its resources and tasks with their sandboxes. */
export function agentStateView(
  agent: Agent,
  flags: Flags,
  context: {readonly ip: string; readonly startedAt: number; readonly master: string},
): object {
  const {info} = agent;
  const [total, used] = [fromWire(agent.total), usedResources(agent)];
  return {
    ...VERSION,
    start_time: context.startedAt,
    capabilities: AGENT_CAPABILITIES,
    id: info.id?.value ?? '',
    pid: `slave(1)@${context.ip}:${info.port}`,
    hostname: info.hostname,
    resources: resourcesObject(total),
    reserved_resources: reservedByRole(total, resourcesObject),
    unreserved_resources: resourcesObject(unreserved(total)),
    reserved_resources_full: reservedByRole(total, (part) => toWire(part)),
    unreserved_resources_full: toWire(unreserved(total)),
    reserved_resources_allocated: reservedByRole(used, resourcesObject),
    unreserved_resources_allocated: resourcesObject(unreserved(used)),
    resource_providers: [],
    attributes: attributesObject(info.attributes),
    master_hostname: context.master,
    flags: Object.fromEntries(flags.values),
    frameworks: frameworksView(agent),
    completed_frameworks: [],
  };
}

/** The resources of the tasks that have not terminated. */
export function usedResources(agent: Agent): Resources {
  const running = agent.tasks.filter((record) => !isTerminal(record.state));
  return running.reduce((sum, record) => add(sum, fromWire(record.task.resources)), NONE);
}

function frameworksView(agent: Agent): object[] {
  const all = [...agent.tasks, ...agent.completed];
  const ids = [...new Set(all.map((record) => record.framework.id!.value))];
  return ids.map((id) => {
    const {framework} = all.find((record) => record.framework.id!.value === id)!;
    const ofFramework = (records: readonly TaskRecord[]): TaskRecord[] =>
      records.filter((record) => record.framework.id!.value === id);
    return {
      id,
      name: framework.name,
      user: framework.user,
      failover_timeout: framework.failover_timeout ?? 0,
      checkpoint: framework.checkpoint ?? false,
      hostname: framework.hostname ?? '',
      ...(hasCapability(framework, 'MULTI_ROLE') ? {roles: rolesOf(framework)} : {role: rolesOf(framework)[0]}),
      executors: ofFramework(agent.tasks).map(executorView),
      completed_executors: ofFramework(agent.completed).map(executorView),
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
  const isFinished = isTerminal(record.state);
  return {
    id,
    name: executorName(record.task),
    source: id,
    container: record.containerId,
    directory: record.sandbox,
    resources: resourcesObject(fromWire(record.task.resources)),
    role: record.role,
    tasks: isFinished ? [] : [task],
    queued_tasks: [],
    completed_tasks: isFinished ? [task] : [],
  };
}
