import {add, NONE, quantities, type Resources, toWire} from '../common/resources.js';
import {VERSION} from '../common/version.js';
import {AGENT_CAPABILITIES} from '../common/wire.js';
import type {Context} from './context.js';
import {offeredByRole, usedByRole} from './offers.js';
import {rolesInUse} from './roles.js';
import type {Agent, Framework, Task} from './state.js';
import {offersOf} from './views.js';

/** The responses of the operator API (POST /api/v1). */

const nanoseconds = (seconds: number): {nanoseconds: number} => ({nanoseconds: Math.round(seconds * 1e9)});

export function versionInfo(): object {
  return {version_info: VERSION};
}

/** Upstream Mesos leaves out empty lists. */
function unlessEmpty(name: string, list: readonly object[]): object {
  return list.length === 0 ? {} : {[name]: list};
}

export function agentJson(context: Context, agent: Agent): object {
  const {state} = context;
  const frameworks = [...state.frameworks.values()];
  return {
    agent_info: agent.info,
    active: agent.stream !== undefined,
    deactivated: false,
    version: agent.version,
    pid: `slave(1)@${agent.ip}:${agent.info.port}`,
    registered_time: nanoseconds(agent.registeredAt),
    ...(agent.reregisteredAt === undefined ? {} : {reregistered_time: nanoseconds(agent.reregisteredAt)}),
    total_resources: toWire(agent.total),
    ...unlessEmpty('allocated_resources', byRole(frameworks.map((framework) => usedByRole(framework, agent.id)))),
    ...unlessEmpty('offered_resources', byRole(frameworks.map((framework) => offeredByRole(state, framework, agent.id)))),
    capabilities: AGENT_CAPABILITIES.map((type) => ({type})),
  };
}

/** Resources with the role each is allocated to. */
function byRole(parts: readonly ReadonlyMap<string, Resources>[]): object[] {
  const sums = new Map<string, Resources>();
  for (const [role, resources] of parts.flatMap((part) => [...part])) sums.set(role, add(sums.get(role) ?? NONE, resources));
  return [...sums].flatMap(([role, resources]) => toWire(resources, {role}));
}

export function getAgents(context: Context): object {
  return {
    agents: [...context.state.agents.values()].map((agent) => agentJson(context, agent)),
    recovered_agents: [...context.state.recovered.values()].map((agent) => agent.info),
  };
}

export function getFrameworks(context: Context): object {
  const {frameworks, completedFrameworks} = context.state;
  return {
    frameworks: [...frameworks.values()].map((framework) => frameworkJson(context, framework)),
    completed_frameworks: completedFrameworks.map((framework) => frameworkJson(context, framework)),
  };
}

export function frameworkJson(context: Context, framework: Framework): object {
  const isConnected = framework.stream !== undefined;
  return {
    framework_info: framework.info,
    active: isConnected,
    connected: isConnected,
    recovered: framework.isRecovered,
    registered_time: nanoseconds(framework.registeredAt),
    reregistered_time: nanoseconds(framework.reregisteredAt ?? framework.registeredAt),
    ...(framework.unregisteredAt === undefined ? {} : {unregistered_time: nanoseconds(framework.unregisteredAt)}),
    ...unlessEmpty('offers', offersOf(context, framework)),
    ...unlessEmpty('allocated_resources', byRole([usedByRole(framework)])),
    ...unlessEmpty('offered_resources', byRole([offeredByRole(context.state, framework)])),
    offer_constraints: {},
  };
}

/** The roles that have frameworks, tasks, offers or reservations. */
export function getRoles(context: Context): object {
  const roles = rolesInUse(context).map(({name, frameworks, resources}) => ({
    name,
    weight: 1,
    frameworks: frameworks.map((value) => ({value})),
    resources: toWire(quantities(resources), {isRefined: true}),
  }));
  return {roles};
}

export function getTasks(context: Context): object {
  const frameworks = [...context.state.frameworks.values(), ...context.state.completedFrameworks];
  const collect = (select: (framework: Framework) => Iterable<Task>): object[] =>
    frameworks.flatMap((framework) => [...select(framework)].map(taskJson));
  return {
    tasks: collect((framework) => framework.tasks.values()),
    unreachable_tasks: collect((framework) => framework.unreachableTasks.values()),
    completed_tasks: collect((framework) => framework.completedTasks),
  };
}

export function taskJson(task: Task): object {
  const {info} = task;
  return {
    name: info.name,
    task_id: info.task_id,
    framework_id: {value: task.frameworkId},
    agent_id: {value: task.agentId},
    state: task.state,
    resources: toWire(task.resources, {role: task.role, isRefined: true}),
    ...(task.statuses.length > 0 ? {statuses: task.statuses} : {}),
    ...(task.forwarded ? {status_update_state: task.forwarded.state, status_update_uuid: task.forwarded.uuid} : {}),
    ...(info.labels === undefined ? {} : {labels: info.labels}),
    ...(info.discovery === undefined ? {} : {discovery: info.discovery}),
    ...(info.container === undefined ? {} : {container: info.container}),
    ...(info.health_check === undefined ? {} : {health_check: info.health_check}),
    ...(info.kill_policy === undefined ? {} : {kill_policy: info.kill_policy}),
    ...(info.command?.user === undefined ? {} : {user: info.command.user}),
  };
}

export function getState(context: Context): object {
  return {
    get_tasks: getTasks(context),
    get_executors: {executors: []},
    get_frameworks: getFrameworks(context),
    get_agents: getAgents(context),
  };
}

export function getMaster(context: Context): object {
  const {startedAt} = context.state;
  return {master_info: context.settings.masterInfo, start_time: startedAt, elected_time: startedAt};
}
