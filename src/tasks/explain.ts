import {type Cluster, type ClusterNode, nodeOfAgent, nodesWith} from '../cluster/cluster.js';
import type {Component} from '../components/component.js';
import type {Health} from '../components/health.js';
import {succeeds} from '../engine/facts.js';
import {observe} from '../engine/observe.js';
import {quote} from '../host/command.js';
import type {OpenHosts} from '../host/open-hosts.js';
import {isTaskHealthy, type TaskReport} from '../scheduler-api/state.js';
import {healthFacts} from '../status/health-facts.js';
import {findContainers} from './container.js';
import {type FrameworkApi, findFramework, NoSchedulerError, taskOf} from './framework-api.js';

/** A node that has said nothing by then counts as not reachable. */
const LIMIT_MS = 8_000;
/** A part of it that hangs leaves time to tell how the others do. */
const FACT_SECONDS = 6;
/** So much of the last container's output is shown. */
const LAST_LINES = 5;

/** Why a task is as it is. */
export interface Explanation {
  readonly name: string;
  /** Undefined when no scheduler answers. */
  readonly task: TaskReport | undefined;
  readonly isWell: boolean;
  /** What the framework says, the most telling line first. */
  readonly why: readonly string[];
  /** What else is amiss on the nodes that it needs. */
  readonly findings: readonly string[];
  /** How its last container ended, if it has ended. */
  readonly lastEnd: LastEnd | undefined;
}

export interface LastEnd {
  readonly node: string;
  readonly exitCode: number;
  readonly wasKilledForMemory: boolean;
  readonly lines: readonly string[];
}

/** Asks the framework, and looks at everything on the nodes that could keep the task from running: on its own if it runs, else on all. */
export async function explain(
  cluster: Cluster,
  components: readonly Component[],
  name: string,
  hosts: OpenHosts,
  signal?: AbortSignal,
): Promise<Explanation> {
  let api: FrameworkApi | undefined;
  let said: readonly string[];
  try {
    api = await findFramework(cluster, hosts, signal);
    const {name: known} = taskOf(api.state, name, cluster);
    said = await api.why(known);
  } catch (error) {
    if (!(error instanceof NoSchedulerError)) throw error;
    said = error.message.split('\n');
  }
  const task = api?.state.tasks.find((one) => one.name === name);
  const isFine = task !== undefined && isTaskHealthy(task);
  // Mesos notices only after a while that a machine is off: a task that seems well is believed when its node is there.
  const nodes = isFine ? cluster.nodes.filter((node) => node === nodeOfAgent(cluster, task.node)) : cluster.nodes;
  const [findings, lastEnd] = await Promise.all([
    Promise.all(nodes.map((node) => lookAt(node, cluster, components, task, hosts, signal))),
    // one that is lost on its node has not ended
    task?.node === null ? lastEndOf(cluster, task, hosts, signal) : undefined,
  ]);
  signal?.throwIfAborted();
  return {name, task, isWell: isFine && findings.flat().length === 0, why: said, findings: findings.flat(), lastEnd};
}

/** What is amiss on a node, each in one line that begins with its name. */
async function lookAt(
  node: ClusterNode,
  cluster: Cluster,
  components: readonly Component[],
  task: TaskReport | undefined,
  hosts: OpenHosts,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const limit = signal ? AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]) : AbortSignal.timeout(LIMIT_MS);
  const late = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(new Error(`no answer within ${LIMIT_MS / 1000} s`)), {once: true});
  });
  late.catch(() => undefined);
  // of a task that is wanted no more the image is not told, nor needed
  const wantsImage = task !== undefined && task.image !== '' && mayRunOn(node, cluster, task.name);
  const facts = {
    ...healthFacts(components, cluster, node),
    // a dockerd that hangs is told of as such
    'image?': {...succeeds(wantsImage ? `docker image inspect ${quote(task.image)}` : 'true'), whenTimedOut: true},
  };
  const look = async () => observe((await hosts.of(node)).asRoot(), facts, limit, FACT_SECONDS);
  try {
    const {'image?': hasImage, ...health} = (await Promise.race([look(), late])) as Record<string, unknown>;
    return [
      ...Object.entries(health as Record<string, Health>)
        // what port 8888 shows follows from the task, not the other way round
        .filter(([component, {state}]) => component !== 'proxy' && state !== 'healthy')
        .map(([component, {state, detail}]) => `${node.name}: ${component} is ${state} (${detail})`),
      ...(wantsImage && !hasImage ? [`${node.name}: ${missingImage(task.image)}`] : []),
    ];
  } catch (error) {
    return [`${node.name} cannot be reached: ${(error as Error).message.split('\n')[0]}`];
  }
}

function mayRunOn(node: ClusterNode, cluster: Cluster, name: string): boolean {
  const wanted = cluster.framework.tasks.find((one) => one.name === name)?.constraints.node;
  return nodesWith(cluster, 'agent').includes(node) && (wanted === undefined || wanted === node.name);
}

function missingImage(image: string): string {
  return /^docker-(ssh|jupyter):/.test(image)
    ? `the image ${image} is missing: \`hw5 up\` brings it there`
    : `the image ${image} is not there yet: the agent pulls it when the task starts`;
}

async function lastEndOf(
  cluster: Cluster,
  task: TaskReport,
  hosts: OpenHosts,
  signal: AbortSignal | undefined,
): Promise<LastEnd | undefined> {
  try {
    const [last] = await findContainers(cluster, {...task, node: null, containerId: null}, hosts, signal);
    if (last === undefined || last.isRunning) return undefined;
    const {stdout, stderr} = await last.host.exec(['docker', 'logs', `--tail=${LAST_LINES}`, last.id], {
      signal,
      timeoutMs: LIMIT_MS,
    });
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '');
    return {
      node: last.node,
      exitCode: last.exitCode,
      wasKilledForMemory: last.wasKilledForMemory,
      lines: lines.slice(-LAST_LINES),
    };
  } catch {
    // The node's own line says what is wrong there.
    return undefined;
  }
}
