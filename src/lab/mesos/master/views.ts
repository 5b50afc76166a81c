import {attributesObject} from '../common/attributes.js';
import type {Flags} from '../common/flags.js';
import {filter, toWire} from '../common/resources.js';
import {resourcesObject} from '../common/resources-text.js';
import {VERSION} from '../common/version.js';
import type {TaskStatus} from '../common/wire.js';
import {offerJson} from './allocator.js';
import type {Context} from './context.js';
import {allocatedTo, offeredOn, offeredTo, usedBy, usedOn} from './offers.js';
import type {Agent, Framework, Task} from './state.js';

/** What the endpoints of old show: /master/state and its parts. */

export function stateView(context: Context, flags: Flags): object {
  const {state, settings} = context;
  const {id, pid, port, hostname} = settings.masterInfo;
  const cluster = flags.text('cluster');
  const agents = [...state.agents.values()];
  return {
    ...VERSION,
    start_time: state.startedAt,
    elected_time: state.startedAt,
    id,
    pid,
    hostname,
    capabilities: settings.masterInfo.capabilities.map((capability) => capability.type),
    activated_slaves: agents.filter((agent) => agent.stream !== undefined).length,
    deactivated_slaves: agents.filter((agent) => agent.stream === undefined).length,
    unreachable_slaves: state.unreachable.size,
    leader: pid,
    leader_info: {id, pid, port, hostname},
    ...(cluster === undefined ? {} : {cluster}),
    flags: Object.fromEntries(flags.values),
    ...slavesView(context),
    ...frameworksView(context),
    orphan_tasks: [],
  };
}

export function slavesView(context: Context): object {
  return {
    slaves: [...context.state.agents.values()].map((agent) => slaveView(context, agent)),
    recovered_slaves: [...context.state.recovered].map(([id, {info}]) => ({
      id,
      hostname: info.hostname,
      port: info.port,
      attributes: attributesObject(info.attributes),
    })),
  };
}

function slaveView(context: Context, agent: Agent): object {
  const {state} = context;
  return {
    id: agent.id,
    hostname: agent.info.hostname,
    port: agent.info.port,
    attributes: attributesObject(agent.info.attributes),
    pid: `slave(1)@${agent.ip}:${agent.info.port}`,
    registered_time: agent.registeredAt,
    ...(agent.reregisteredAt === undefined ? {} : {reregistered_time: agent.reregisteredAt}),
    resources: resourcesObject(agent.total),
    used_resources: resourcesObject(usedOn(state, agent)),
    offered_resources: resourcesObject(offeredOn(state, agent)),
    reserved_resources: reservedView(agent),
    unreserved_resources: resourcesObject(filter(agent.total, (entry) => entry.reservations.length === 0)),
    active: agent.stream !== undefined,
    deactivated: false,
    version: agent.version,
    capabilities: AGENT_CAPABILITIES,
    unreserved_resources_full: toWire(filter(agent.total, (entry) => entry.reservations.length === 0)),
    used_resources_full: toWire(usedOn(state, agent)),
    offered_resources_full: toWire(offeredOn(state, agent)),
  };
}

export const AGENT_CAPABILITIES: readonly string[] = ['MULTI_ROLE', 'HIERARCHICAL_ROLE', 'RESERVATION_REFINEMENT'];

function reservedView(agent: Agent): object {
  const roles = new Set(
    [...agent.total.values()].flatMap((entry) => entry.reservations.slice(-1).map((reservation) => reservation.role)),
  );
  return Object.fromEntries(
    [...roles].map((role) => [role, resourcesObject(filter(agent.total, (entry) => entry.reservations.at(-1)?.role === role))]),
  );
}

export function frameworksView(context: Context): object {
  return {
    frameworks: [...context.state.frameworks.values()].map((framework) => frameworkView(context, framework)),
    completed_frameworks: context.state.completedFrameworks.map((framework) => frameworkView(context, framework)),
    unregistered_frameworks: [],
  };
}

function frameworkView(context: Context, framework: Framework): object {
  const {info} = framework;
  const isConnected = framework.stream !== undefined;
  return {
    id: framework.id,
    name: info.name,
    used_resources: resourcesObject(usedBy(framework)),
    offered_resources: resourcesObject(offeredTo(context.state, framework)),
    capabilities: (info.capabilities ?? []).flatMap((capability) => capability.type ?? []),
    hostname: info.hostname ?? '',
    webui_url: info.webui_url ?? '',
    active: isConnected,
    connected: isConnected,
    recovered: framework.isRecovered,
    user: info.user,
    failover_timeout: info.failover_timeout ?? 0,
    checkpoint: info.checkpoint ?? false,
    ...(info.principal === undefined ? {} : {principal: info.principal}),
    registered_time: framework.registeredAt,
    unregistered_time: framework.unregisteredAt ?? 0,
    resources: resourcesObject(allocatedTo(context.state, framework)),
    ...(framework.reregisteredAt === undefined ? {} : {reregistered_time: framework.reregisteredAt}),
    roles: framework.roles,
    tasks: [...framework.tasks.values()].reverse().map(taskView),
    unreachable_tasks: [...framework.unreachableTasks.values()].map(taskView),
    completed_tasks: framework.completedTasks.map(taskView),
    offers: offersOf(context, framework),
    executors: [],
    offer_constraints: {},
  };
}

export function offersOf(context: Context, framework: Framework): object[] {
  return [...context.state.offers.values()]
    .filter((offer) => offer.frameworkId === framework.id)
    .map((offer) => offerJson(context, framework, offer));
}

export function taskView(task: Task): object {
  const {info} = task;
  return {
    id: info.task_id.value,
    name: info.name,
    framework_id: task.frameworkId,
    executor_id: '',
    slave_id: task.agentId,
    state: task.state,
    resources: resourcesObject(task.resources),
    role: task.role,
    statuses: task.statuses.map(statusView),
    ...(info.labels?.labels === undefined ? {} : {labels: info.labels.labels}),
    ...(info.discovery === undefined ? {} : {discovery: info.discovery}),
    ...(info.container === undefined ? {} : {container: info.container}),
    ...(info.health_check === undefined ? {} : {health_check: info.health_check}),
    ...(info.command?.user === undefined ? {} : {user: info.command.user}),
  };
}

function statusView(status: TaskStatus): object {
  const {container_id, network_infos} = status.container_status ?? {};
  return {
    state: status.state,
    timestamp: status.timestamp,
    ...(container_id === undefined
      ? {}
      : {container_status: {container_id, ...(network_infos === undefined ? {} : {network_infos})}}),
    ...(status.healthy === undefined ? {} : {healthy: status.healthy}),
  };
}

export function tasksView(context: Context): object {
  const frameworks = [...context.state.frameworks.values(), ...context.state.completedFrameworks];
  return {
    tasks: frameworks.flatMap((framework) =>
      [...framework.tasks.values(), ...framework.unreachableTasks.values(), ...framework.completedTasks].map(taskView),
    ),
  };
}
