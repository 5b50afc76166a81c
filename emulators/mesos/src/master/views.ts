import {attributesObject} from '../common/attributes.js';
import type {Flags} from '../common/flags.js';
import {toWire} from '../common/resources.js';
import {quantitiesObject, reservedByRole, resourcesObject, unreserved} from '../common/resources-text.js';
import {responseJson} from '../common/response-json.js';
import {CONTAINER, HEALTH_CHECK} from '../common/spec/task.js';
import {VERSION} from '../common/version.js';
import {AGENT_CAPABILITIES, hasCapability, type TaskStatus} from '../common/wire.js';
import {offerJson} from './allocator.js';
import type {Context} from './context.js';
import {allocatedTo, offeredOn, offeredTo, usedBy, usedOn} from './offers.js';
import {rolesInUse} from './roles.js';
import type {Agent, Framework, Task} from './state.js';

/** The content of the unversioned endpoints: /master/state and its parts. */

export function stateView(context: Context, flags: Flags): object {
  const {state, settings} = context;
  const {id, pid, port, hostname} = settings.masterInfo;
  const cluster = flags.string('cluster');
  const agents = [...state.agents.values()];
  const {slaves, recovered_slaves} = agentLists(context);
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
    slaves: slaves.map((agent) => slaveView(context, agent)),
    recovered_slaves,
    ...frameworksView(context),
    orphan_tasks: [],
  };
}

/** The content of /slaves: the agents as in /state, and their resources in full. @param id of an agent, to select only that one */
export function slavesView(context: Context, id?: string): object {
  const {slaves, recovered_slaves} = agentLists(context, id);
  const full = (agent: Agent): object => ({
    reserved_resources_full: reservedByRole(agent.total, (part) => toWire(part)),
    unreserved_resources_full: toWire(unreserved(agent.total)),
    used_resources_full: toWire(usedOn(context.state, agent)),
    offered_resources_full: toWire(offeredOn(context.state, agent)),
  });
  return {slaves: slaves.map((agent) => ({...slaveView(context, agent), ...full(agent)})), recovered_slaves};
}

function agentLists({state}: Context, id?: string): {slaves: Agent[]; recovered_slaves: object[]} {
  const matches = (candidate: string): boolean => id === undefined || candidate === id;
  return {
    slaves: [...state.agents.values()].filter((agent) => matches(agent.id)),
    recovered_slaves: [...state.recovered]
      .filter(([key]) => matches(key))
      .map(([key, {info}]) => ({
        id: key,
        hostname: info.hostname,
        port: info.port,
        attributes: attributesObject(info.attributes),
      })),
  };
}

export function slaveView(context: Context, agent: Agent): object {
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
    reserved_resources: reservedByRole(agent.total, resourcesObject),
    unreserved_resources: resourcesObject(unreserved(agent.total)),
    active: agent.stream !== undefined,
    deactivated: false,
    version: agent.version,
    capabilities: AGENT_CAPABILITIES,
  };
}

/** @param id of a framework, to select only that one */
export function frameworksView(context: Context, id?: string): object {
  const {frameworks, completedFrameworks} = context.state;
  const view = (list: Iterable<Framework>): object[] =>
    [...list]
      .filter((framework) => id === undefined || framework.id === id)
      .map((framework) => frameworkView(context, framework));
  return {
    frameworks: view(frameworks.values()),
    completed_frameworks: view(completedFrameworks),
    unregistered_frameworks: [],
  };
}

/** What /state-summary has of a framework. */
export function frameworkSummary(context: Context, framework: Framework): object {
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
  };
}

function frameworkView(context: Context, framework: Framework): object {
  const {info} = framework;
  return {
    ...frameworkSummary(context, framework),
    user: info.user,
    failover_timeout: info.failover_timeout ?? 0,
    checkpoint: info.checkpoint ?? false,
    ...(info.principal === undefined ? {} : {principal: info.principal}),
    registered_time: framework.registeredAt,
    unregistered_time: framework.unregisteredAt ?? 0,
    resources: resourcesObject(allocatedTo(context.state, framework)),
    ...(framework.reregisteredAt === undefined ? {} : {reregistered_time: framework.reregisteredAt}),
    ...(hasCapability(info, 'MULTI_ROLE') ? {roles: framework.roles} : {role: framework.roles[0]}),
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
    ...(info.container === undefined ? {} : {container: responseJson(CONTAINER, info.container)}),
    ...(info.health_check === undefined ? {} : {health_check: responseJson(HEALTH_CHECK, info.health_check)}),
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

/** The default of the parameter `limit` of /tasks. */
const DEFAULT_TASK_LIMIT = 100;

/** The content of /tasks. Parameters: `framework_id` and `task_id` select, `order` (asc, by default the newest first), `offset` and `limit`. */
export function tasksView(context: Context, query: URLSearchParams): object {
  const matches = (name: string, value: string): boolean => (query.get(name) ?? value) === value;
  const tasks = [...context.state.frameworks.values(), ...context.state.completedFrameworks]
    .filter((framework) => matches('framework_id', framework.id))
    .flatMap((framework) => [...framework.tasks.values(), ...framework.unreachableTasks.values(), ...framework.completedTasks])
    .filter((task) => matches('task_id', task.info.task_id.value));
  const direction = query.get('order') === 'asc' ? 1 : -1;
  const startTime = (task: Task): number => task.statuses[0]?.timestamp ?? 0;
  tasks.sort((a, b) => direction * (startTime(a) - startTime(b)));
  const number = (name: string, fallback: number): number => {
    const value = Number.parseInt(query.get(name) ?? '', 10);
    return value >= 0 ? value : fallback;
  };
  const offset = number('offset', 0);
  return {tasks: tasks.slice(offset, offset + number('limit', DEFAULT_TASK_LIMIT)).map(taskView)};
}

/** The content of /roles: the roles in use. Weights and quota are not supported. */
export function rolesView(context: Context): object {
  const roles = rolesInUse(context).map(({name, frameworks, allocated, offered, reserved, resources}) => ({
    name,
    weight: 1,
    frameworks,
    resources: quantitiesObject(resources),
    allocated: quantitiesObject(allocated),
    offered: quantitiesObject(offered),
    reserved: quantitiesObject(reserved),
    quota: {role: name, guarantee: {}, limit: {}, consumed: quantitiesObject(allocated)},
  }));
  return {roles};
}
