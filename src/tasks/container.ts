import {type Cluster, nodeOfAgent, nodesWith} from '../cluster/cluster.js';
import {script} from '../host/command.js';
import type {Host} from '../host/host.js';
import type {OpenHosts} from '../host/open-hosts.js';
import type {TaskReport} from '../scheduler-api/state.js';
import {CommandError, Hw5Error} from '../support/errors.js';

/** A docker container that runs or ran a task: Mesos keeps terminated ones for some hours. */
export interface TaskContainer {
  readonly id: string;
  /** `mesos-…` */
  readonly name: string;
  readonly node: string;
  /** The node, as a user with the permission to use docker. */
  readonly host: Host;
  readonly isRunning: boolean;
  readonly exitCode: number;
  readonly wasKilledForMemory: boolean;
  /** Why docker could not start it; empty when it could. */
  readonly startError: string;
  /** RFC 3339, by the node's clock. */
  readonly created: string;
}

const LIMIT_MS = 20_000;

/** The host name of a container is the name of its task. docker inspect fails for a container that was removed in the meantime, and prints the others nevertheless. */
export const LIST = `ids=$(docker ps -aq --no-trunc --filter name=mesos-) || exit 1
printf %s "$ids" | xargs -r docker inspect -f '{{.Id}} {{.Name}} {{.State.Running}} {{.State.ExitCode}} {{.State.OOMKilled}} {{.Created}} {{.Config.Hostname}}{{"\\t"}}{{json .State.Error}}' 2>/dev/null
true`;

/** All containers of a task on a node, the newest first. */
export async function containersOn(
  host: Host,
  task: Pick<TaskReport, 'name' | 'containerId'>,
  signal?: AbortSignal,
): Promise<readonly TaskContainer[]> {
  const root = host.asRoot();
  const result = await script(root, LIST, {signal, timeoutMs: LIMIT_MS});
  if (result.code !== 0)
    throw new CommandError(host.name, ['docker', 'ps'], result, {
      hint: `does dockerd run there? \`hw5 logs docker --node ${host.name}\``,
    });
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line): TaskContainer[] => {
      const [start = '', startError = '""'] = line.split('\t');
      const [id, name, isRunning, exitCode, oom, created, ...hostname] = start.split(' ');
      const isOfTask = hostname.join(' ') === task.name || (task.containerId !== null && name!.endsWith(task.containerId));
      if (!isOfTask) return [];
      return [
        {
          id: id!,
          name: name!.slice(1),
          node: host.name,
          host: root,
          isRunning: isRunning === 'true',
          exitCode: Number(exitCode),
          wasKilledForMemory: oom === 'true',
          startError: JSON.parse(startError) as string,
          created: created!,
        },
      ];
    })
    .sort((a, b) => Date.parse(b.created) - Date.parse(a.created));
}

/**
 * All containers of a task, the newest first: those on its node, or if there are none those on every agent that can be reached.
 * @throws ConnectError when its node cannot be reached.
 */
export async function findContainers(
  cluster: Cluster,
  task: TaskReport,
  hosts: OpenHosts,
  signal?: AbortSignal,
): Promise<readonly TaskContainer[]> {
  const agents = nodesWith(cluster, 'agent');
  const own = nodeOfAgent(cluster, task.node);
  const onOwn = own === undefined ? [] : await containersOn(await hosts.of(own), task, signal);
  if (onOwn.length > 0) return onOwn;
  const others = agents.filter((node) => node !== own);
  const found = await Promise.allSettled(others.map(async (node) => containersOn(await hosts.of(node), task, signal)));
  return found
    .flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
    .sort((a, b) => Date.parse(b.created) - Date.parse(a.created));
}

/** The running container of a task. @throws Hw5Error when there is none */
export async function runningContainer(
  cluster: Cluster,
  task: TaskReport,
  hosts: OpenHosts,
  signal?: AbortSignal,
): Promise<TaskContainer> {
  const hint = `\`hw5 why ${task.name}\` prints the reasons; \`hw5 task logs ${task.name}\` its last output`;
  const node = nodeOfAgent(cluster, task.node);
  if (node === undefined) throw new Hw5Error(`${task.name} does not run: it is ${task.state}`, {hint});
  const containers = await containersOn(await hosts.of(node), task, signal);
  const running = containers.find((one) => one.isRunning);
  if (running) return running;
  throw new Hw5Error(`${task.name} has no running container on ${node.name}: it is ${task.state}`, {hint});
}
