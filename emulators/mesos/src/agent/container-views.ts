import {fromWire, scalar} from '../common/resources.js';
import type {TaskInfo} from '../common/wire.js';
import type {EndpointContext} from './endpoint-context.js';
import type {TaskRun} from './task-run.js';

/** What an executor and its container are in responses. */
interface Container {
  readonly framework: string;
  readonly executor: string;
  readonly name: string;
  readonly id: string;
  readonly status: object;
  /** Undefined before the container has a process. */
  readonly statistics: object | undefined;
}

/** The name of the command executor that Mesos creates for a task without an executor. */
export function executorName({task_id: id, command}: TaskInfo): string {
  return `Command Executor (Task: ${id.value}) (Command: ${commandSummary(command)})`;
}

function commandSummary(command: TaskInfo['command']): string {
  if (command?.shell !== false) return command?.value === undefined ? 'NO COMMAND' : `sh -c '${abbreviate(command.value)}'`;
  const {value, arguments: list = []} = command;
  return value === undefined ? 'NO EXECUTABLE' : `[${abbreviate(`${value}, ${list.join(', ')}`)}]`;
}

function abbreviate(text: string): string {
  return text.length > 15 ? `${text.slice(0, 12)}...` : text;
}

/** The content of /containers. */
export async function containersView(context: EndpointContext): Promise<object[]> {
  return (await containers(context)).map(({framework, executor, name, id, status, statistics}) => ({
    container_id: id,
    executor_id: executor,
    executor_name: name,
    framework_id: framework,
    source: executor,
    ...(statistics ? {statistics} : {}),
    status,
  }));
}

/** The content of /monitor/statistics: what the running tasks use, and their limits. */
export async function statisticsView(context: EndpointContext): Promise<object[]> {
  return (await containers(context)).flatMap(({framework, executor, name, statistics}) =>
    statistics ? [{executor_id: executor, executor_name: name, framework_id: framework, source: executor, statistics}] : [],
  );
}

/** The response to GET_CONTAINERS. */
export async function getContainers(context: EndpointContext): Promise<object> {
  const list = (await containers(context)).map(({framework, executor, name, id, status, statistics}) => ({
    framework_id: {value: framework},
    executor_id: {value: executor},
    executor_name: name,
    container_id: {value: id},
    container_status: status,
    ...(statistics ? {resource_statistics: statistics} : {}),
  }));
  return {containers: list};
}

function containers({agent, flags, now}: EndpointContext): Promise<Container[]> {
  return Promise.all(
    agent.running.map(async (run) => {
      const {task, framework, containerId, containerizer, process} = run.record;
      return {
        framework: framework.id!.value,
        executor: task.task_id.value,
        name: executorName(task),
        id: containerId,
        status: {
          container_id: {value: containerId},
          ...(containerizer === 'mesos' && process ? {executor_pid: process.pid} : {}),
        },
        statistics: await statistics(run, flags.isOn('cgroups_enable_cfs'), now()),
      };
    }),
  );
}

async function statistics(run: TaskRun, isCfsEnabled: boolean, timestamp: number): Promise<object | undefined> {
  const used = await run.statistics();
  if (!used) return undefined;
  const {task, containerizer} = run.record;
  const requested = fromWire(task.resources);
  const [cpus, memory] = [scalar(requested, 'cpus'), scalar(requested, 'mem') * 2 ** 20];
  return {
    timestamp,
    ...used,
    cpus_soft_limit: cpus,
    ...(isCfsEnabled && containerizer === 'docker' ? {cpus_limit: cpus} : {}),
    mem_limit_bytes: memory,
    ...(containerizer === 'mesos' ? {mem_soft_limit_bytes: memory} : {}),
  };
}
