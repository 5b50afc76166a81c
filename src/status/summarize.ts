import {type Cluster, type ClusterNode, masterAddress, nodesWith} from '../cluster/cluster.js';
import {notebookUrls} from '../cluster/notebook.js';
import type {BgpPeer} from '../components/calico/node-status.js';
import type {Health, HealthState} from '../components/health.js';
import {isTaskHealthy, type SchedulerState} from '../scheduler-api/state.js';
import {ContractError} from '../scheduler-api/version.js';
import type {ClusterStatus, NodeStatus, TaskStatus} from './status.js';

/** What was observed on one node. */
export interface NodeAnswer {
  readonly node: ClusterNode;
  readonly error: string | undefined;
  readonly hint?: string | undefined;
  readonly components: Readonly<Record<string, Health>>;
  readonly peers: readonly BgpPeer[];
  /** The state that its scheduler reports; an error when this hw5 does not understand it, undefined when none answers. */
  readonly scheduler: SchedulerState | ContractError | undefined;
}

/** The status of the cluster by what was observed on its nodes. Pure. */
export function summarize(cluster: Cluster, answers: readonly NodeAnswer[]): ClusterStatus {
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

/** The state that the leading scheduler reports; without one, that of any: it may be outdated. */
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
    const settings = cluster.framework.tasks.find((one) => one.name === name);
    return {
      name,
      state: task?.state ?? 'unknown',
      healthy: task?.healthy ?? null,
      isConfirmed: task?.isConfirmed ?? false,
      node: task?.node ?? null,
      ip: task?.address ?? settings?.address ?? '',
      image: task?.image ?? settings?.image ?? '',
      restarts: task?.restarts ?? 0,
      message: task?.message ?? reason,
    };
  });
}
