import {toWire} from '../common/resources.js';
import {VERSION} from '../common/version.js';
import {hasCapability} from '../common/wire.js';
import type {Context} from './context.js';
import {offeredTo, usedBy} from './offers.js';
import type {Framework, Task} from './state.js';
import {AGENT_CAPABILITIES, offersOf} from './views.js';

/** What the operator API (POST /api/v1) answers. */

const nanoseconds = (seconds: number): {nanoseconds: number} => ({nanoseconds: Math.round(seconds * 1e9)});

export function versionInfo(): object {
  return {version_info: VERSION};
}

export function getAgents(context: Context): object {
  return {
    agents: [...context.state.agents.values()].map((agent) => ({
      agent_info: agent.info,
      active: agent.stream !== undefined,
      deactivated: false,
      version: agent.version,
      pid: `slave(1)@${agent.ip}:${agent.info.port}`,
      registered_time: nanoseconds(agent.registeredAt),
      ...(agent.reregisteredAt === undefined ? {} : {reregistered_time: nanoseconds(agent.reregisteredAt)}),
      total_resources: toWire(agent.total),
      capabilities: AGENT_CAPABILITIES.map((type) => ({type})),
    })),
    recovered_agents: [...context.state.recovered.values()].map((agent) => agent.info),
  };
}

export function getFrameworks(context: Context): object {
  const view = (framework: Framework): object => {
    const style = hasCapability(framework.info, 'MULTI_ROLE') ? framework.roles[0] : '*';
    const [allocated, offered] = [usedBy(framework), offeredTo(context.state, framework)];
    return {
      framework_info: framework.info,
      active: framework.stream !== undefined,
      connected: framework.stream !== undefined,
      recovered: framework.isRecovered,
      registered_time: nanoseconds(framework.registeredAt),
      reregistered_time: nanoseconds(framework.reregisteredAt ?? framework.registeredAt),
      ...(framework.unregisteredAt === undefined ? {} : {unregistered_time: nanoseconds(framework.unregisteredAt)}),
      offers: offersOf(context, framework),
      allocated_resources: toWire(allocated, {role: style}),
      offered_resources: toWire(offered, {role: style}),
      offer_constraints: {},
    };
  };
  return {
    frameworks: [...context.state.frameworks.values()].map(view),
    completed_frameworks: context.state.completedFrameworks.map(view),
  };
}

export function getTasks(context: Context): object {
  const frameworks = [...context.state.frameworks.values(), ...context.state.completedFrameworks];
  const all = (pick: (framework: Framework) => Iterable<Task>): object[] =>
    frameworks.flatMap((framework) => [...pick(framework)].map(taskJson));
  return {
    tasks: all((framework) => framework.tasks.values()),
    unreachable_tasks: all((framework) => framework.unreachableTasks.values()),
    completed_tasks: all((framework) => framework.completedTasks),
  };
}

function taskJson(task: Task): object {
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
