import {type Cluster, type ClusterNode, masterAddress, nodesWith} from '../cluster/cluster.js';
import {notebookUrls} from '../cluster/notebook.js';
import {type BgpPeer, peersFact} from '../components/calico/node-status.js';
import type {Component} from '../components/component.js';
import type {Health, HealthState} from '../components/health.js';
import {json, mapped} from '../engine/facts.js';
import {observe} from '../engine/observe.js';
import type {Host} from '../host/host.js';
import {PromptAwareLimits} from '../host/prompt-aware-limits.js';
import {SCHEDULER_STATE_COMMAND} from '../scheduler-api/endpoints.js';
import {isTaskHealthy, readState, type SchedulerState} from '../scheduler-api/state.js';
import {ContractError} from '../scheduler-api/version.js';
import {Hw5Error} from '../support/errors.js';
import {healthFacts} from './health-facts.js';
import type {ClusterStatus, NodeStatus, TaskStatus} from './status.js';

/** A part that hangs leaves time to tell how the others do. */
const FACT_SECONDS = 8;

/** What one node answered. */
interface NodeAnswer {
  readonly node: ClusterNode;
  readonly error: string | undefined;
  readonly hint?: string | undefined;
  readonly components: Readonly<Record<string, Health>>;
  readonly peers: readonly BgpPeer[];
  /** The state that its scheduler reports; an error when this hw5 does not understand it, undefined when none answers. */
  readonly scheduler: SchedulerState | ContractError | undefined;
}

/** A connection to a node, made when first needed and again after it was lost. */
export type HostOf = (node: ClusterNode) => Promise<Host>;

/**
 * Asks all nodes at once. A node that does not answer within `limitMs` is reported as not reachable; it holds nothing up.
 * @param limits what the user is asked meanwhile, which counts for no node's time
 */
export async function collectStatus(
  cluster: Cluster,
  components: readonly Component[],
  hostOf: HostOf,
  limitMs: number,
  limits = new PromptAwareLimits(),
): Promise<ClusterStatus> {
  return summarize(
    cluster,
    await Promise.all(cluster.nodes.map((node) => ask(node, cluster, components, hostOf, limitMs, limits))),
  );
}

async function ask(
  node: ClusterNode,
  cluster: Cluster,
  components: readonly Component[],
  hostOf: HostOf,
  limitMs: number,
  limits: PromptAwareLimits,
): Promise<NodeAnswer> {
  try {
    const facts = {
      ...healthFacts(components, cluster, node),
      'peers?': peersFact,
      'scheduler?': {
        ...mapped(json<unknown>(node.roles.includes('framework') ? SCHEDULER_STATE_COMMAND : 'false'), readStateOrError),
        whenTimedOut: undefined,
      },
    };
    const look = async (limit: AbortSignal) => observe((await hostOf(node)).asRoot(), facts, limit, FACT_SECONDS);
    const {'peers?': peers, 'scheduler?': scheduler, ...health} = (await limits.within(limitMs, look)) as Record<string, unknown>;
    return {
      node,
      error: undefined,
      components: health as Record<string, Health>,
      peers: peers as readonly BgpPeer[],
      scheduler: scheduler as NodeAnswer['scheduler'],
    };
  } catch (error) {
    return {
      node,
      error: error instanceof Error ? error.message : String(error),
      hint: error instanceof Hw5Error ? error.hint : undefined,
      components: {},
      peers: [],
      scheduler: undefined,
    };
  }
}

function readStateOrError(document: unknown): NodeAnswer['scheduler'] {
  if (document === undefined) return undefined;
  try {
    return readState(document);
  } catch (error) {
    if (error instanceof ContractError) return error;
    throw error;
  }
}

function summarize(cluster: Cluster, answers: readonly NodeAnswer[]): ClusterStatus {
  const nodes: NodeStatus[] = answers.map(({node, error, hint, components, peers}) => ({
    name: node.name,
    address: node.address,
    reachable: error === undefined,
    error,
    hint,
    components,
    peers,
  }));
  const network = networkStatus(cluster, nodes);
  const framework = frameworkStatus(cluster, answers);
  const tasks = taskStatuses(cluster, leading(answers), framework.error ?? 'no scheduler answers');
  const areNodesHealthy = nodes.every(
    (node) => node.reachable && Object.values(node.components).every((one) => one.state === 'healthy'),
  );
  const areTasksHealthy = tasks.every(isTaskHealthy);
  return {
    cluster: cluster.name,
    healthy: areNodesHealthy && network.state === 'healthy' && framework.state === 'healthy' && areTasksHealthy,
    nodes,
    network,
    framework,
    tasks,
    notebook: {urls: notebookUrls(cluster)},
  };
}

function networkStatus(cluster: Cluster, nodes: readonly NodeStatus[]): ClusterStatus['network'] {
  const holders = nodes.filter((node) => node.components['network']?.state === 'healthy').map((node) => node.name);
  const state: HealthState =
    holders.length === 0 ? 'absent' : holders.length === nodesWith(cluster, 'agent').length ? 'healthy' : 'unhealthy';
  return {name: cluster.network.name, subnet: cluster.network.subnet.toString(), state, nodes: holders};
}

/** What the leading scheduler says; without one, what any says: that may be what a dead one published last. */
function leading(answers: readonly NodeAnswer[]): SchedulerState | undefined {
  const states = answers.flatMap(({scheduler}) => (scheduler && !(scheduler instanceof ContractError) ? [scheduler] : []));
  return states.find((state) => state.framework.isLeader) ?? states[0];
}

function frameworkStatus(cluster: Cluster, answers: readonly NodeAnswer[]): ClusterStatus['framework'] {
  const state = leading(answers);
  if (!state) {
    const unknown = {id: null, leader: null, connected: false, master: masterAddress(cluster)};
    const error = answers.map(({scheduler}) => scheduler).find((one) => one instanceof ContractError);
    return error === undefined
      ? {state: 'absent', ...unknown}
      : {state: 'unhealthy', ...unknown, error: error.message, hint: error.hint};
  }
  const {id, leader, connected, master} = state.framework;
  return {
    state: connected && state.framework.isLeader ? 'healthy' : 'unhealthy',
    id,
    leader,
    connected,
    master: master ?? masterAddress(cluster),
  };
}

function taskStatuses(cluster: Cluster, state: SchedulerState | undefined, reason: string): readonly TaskStatus[] {
  const names = new Set([...cluster.framework.tasks.map((task) => task.name), ...(state?.tasks.map((task) => task.name) ?? [])]);
  return [...names].map((name) => {
    const task = state?.tasks.find((one) => one.name === name);
    const wanted = cluster.framework.tasks.find((one) => one.name === name);
    return {
      name,
      state: task?.state ?? 'unknown',
      healthy: task?.healthy ?? null,
      node: task?.node ?? null,
      ip: task?.address ?? wanted?.address ?? '',
      image: task?.image ?? wanted?.image ?? '',
      restarts: task?.restarts ?? 0,
      message: task?.message ?? reason,
    };
  });
}
