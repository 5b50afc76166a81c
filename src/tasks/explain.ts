import {type Cluster, type ClusterNode, nodeOfAgent, nodesWith} from '../cluster/cluster.js';
import type {Component} from '../components/component.js';
import type {Health} from '../components/health.js';
import {succeeds} from '../engine/facts.js';
import {observe} from '../engine/observe.js';
import {quote} from '../host/command.js';
import type {OpenHosts} from '../host/open-hosts.js';
import {isTaskHealthy, type TaskReport} from '../scheduler-api/state.js';
import {ContractError} from '../scheduler-api/version.js';
import {healthFacts} from '../status/health-facts.js';
import {redact} from '../support/redact.js';
import {findContainers} from './container.js';
import {type FrameworkApi, findFramework, NoSchedulerError, taskOf} from './framework-api.js';

/** A node that has not answered after this time counts as not reachable. */
const LIMIT_MS = 8_000;
/** The limit per fact, so that one that hangs leaves time for the others. */
const FACT_SECONDS = 6;
/** How many lines of the last container's output are shown. */
const LAST_LINES = 5;

/** The reasons for a task's state. */
export interface Explanation {
  readonly name: string;
  /** Undefined when no scheduler answers. */
  readonly task: TaskReport | undefined;
  /** It is healthy and nothing is wrong on its node. */
  readonly isWell: boolean;
  /** The reasons that the framework reports, the most important first. */
  readonly why: readonly string[];
  /** What else is wrong on the nodes that the task needs. */
  readonly findings: readonly string[];
  /** How its last container ended, if it has ended. */
  readonly lastEnd: LastEnd | undefined;
}

export interface LastEnd {
  readonly node: string;
  readonly exitCode: number;
  readonly wasKilledForMemory: boolean;
  /** Why docker could not start it, if it could not. */
  readonly startError?: string | undefined;
  readonly lines: readonly string[];
}

/** Queries the framework, and checks everything on the nodes that could keep the task from running: on its own node if it runs, else on all. */
export async function explain(
  cluster: Cluster,
  components: readonly Component[],
  name: string,
  hosts: OpenHosts,
  signal?: AbortSignal,
): Promise<Explanation> {
  let api: FrameworkApi | undefined;
  let reasons: readonly string[];
  try {
    api = await findFramework(cluster, hosts, signal);
    const known = taskOf(api.state, name, cluster);
    const published = await api.why(known.name);
    // what an instance that does not lead knows is out of date, which only its report of the task shows
    reasons = api.state.framework.isLeader || known.message === '' ? published : [known.message, ...published];
  } catch (error) {
    if (!(error instanceof NoSchedulerError)) throw error;
    // the findings show why a scheduler does not answer, but not what to do about one of another version
    const fix = error.cause instanceof ContractError && error.hint !== undefined ? [error.hint] : [];
    reasons = [...error.message.split('\n'), ...fix];
  }
  const task = api?.state.tasks.find((one) => one.name === name);
  const seemsHealthy = task !== undefined && isTaskHealthy(task);
  // Mesos reports a machine that is off only after a while, so a task that seems healthy counts as such only if its node is reachable.
  const nodes = seemsHealthy ? cluster.nodes.filter((node) => node === nodeOfAgent(cluster, task.node)) : cluster.nodes;
  const [findings, lastEnd] = await Promise.all([
    Promise.all(nodes.map((node) => findingsOn(node, cluster, components, task, hosts, signal))),
    // a task that still has a node has not ended
    task?.node === null ? lastEndOf(cluster, task, hosts, signal) : undefined,
  ]);
  signal?.throwIfAborted();
  return {name, task, isWell: seemsHealthy && findings.flat().length === 0, why: reasons, findings: findings.flat(), lastEnd};
}

/** What is wrong on a node, each finding in one line that begins with the node's name. */
async function findingsOn(
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
  // a task that is no longer desired has no image in its report, and needs none
  const needsImage = task !== undefined && task.image !== '' && mayRunOn(node, cluster, task.name);
  const facts = {
    ...healthFacts(components, cluster, node),
    // a dockerd that hangs is reported as unhealthy already
    'image?': {...succeeds(needsImage ? `docker image inspect ${quote(task.image)}` : 'true'), whenTimedOut: true},
  };
  const observeNode = async () => observe((await hosts.of(node)).asRoot(), facts, limit, FACT_SECONDS);
  try {
    const {'image?': hasImage, ...health} = (await Promise.race([observeNode(), late])) as Record<string, unknown>;
    return [
      ...Object.entries(health as Record<string, Health>)
        // the health of the proxy depends on the task, not the other way round
        .filter(([component, {state}]) => component !== 'proxy' && state !== 'healthy')
        .map(([component, {state, detail}]) => `${node.name}: ${component} is ${state} (${detail})`),
      ...(needsImage && !hasImage ? [`${node.name}: ${missingImage(task.image)}`] : []),
    ];
  } catch (error) {
    return [`${node.name} cannot be reached: ${(error as Error).message.split('\n')[0]}`];
  }
}

function mayRunOn(node: ClusterNode, cluster: Cluster, name: string): boolean {
  const requiredNode = cluster.framework.tasks.find((one) => one.name === name)?.constraints.node;
  return nodesWith(cluster, 'agent').includes(node) && (requiredNode === undefined || requiredNode === node.name);
}

function missingImage(image: string): string {
  return /^docker-(ssh|jupyter):/.test(image)
    ? `the image ${image} is missing: \`hw5 up\` uploads it`
    : `the image ${image} is missing: the agent pulls it when the task starts`;
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
      ...(last.startError === '' ? {} : {startError: redact(last.startError)}),
      lines: lines.slice(-LAST_LINES).map(redact),
    };
  } catch {
    // The finding about the node contains the reason.
    return undefined;
  }
}
