import {type Cluster, type ClusterNode, calicoNodes, nodesWith, type Role} from '../cluster/cluster.js';
import {nearest} from '../cluster/nearest.js';
import {quoteAll} from '../host/command.js';
import {UsageError} from '../support/errors.js';
import {dockerSince, journalSince, type Since} from '../support/since.js';

/** Where a component's log is. */
export interface LogSource {
  readonly component: string;
  /** The nodes that have it. */
  readonly nodes: readonly ClusterNode[];
  /** systemd units whose journal it is. */
  readonly units: readonly string[];
  /** The container that it may be instead: where there is one, its output counts. */
  readonly container?: string | undefined;
}

interface Component {
  readonly nodes: (cluster: Cluster) => readonly ClusterNode[];
  readonly units: readonly string[];
  readonly container?: string;
  readonly isMesos?: true;
}

const having = (role: Role) => (cluster: Cluster) => nodesWith(cluster, role);

const COMPONENTS: Readonly<Record<string, Component>> = {
  etcd: {nodes: having('etcd'), units: ['hw5-etcd.service']},
  docker: {nodes: calicoNodes, units: ['docker.service']},
  // Calico's own node is a container; the lab's work-alike has units.
  calico: {
    nodes: calicoNodes,
    units: ['calico-felix.service', 'calico-bird.service', 'calico-libnetwork.service'],
    container: 'calico-node',
  },
  'mesos-master': {nodes: having('master'), units: ['hw5-mesos-master.service'], isMesos: true},
  'mesos-agent': {nodes: having('agent'), units: ['hw5-mesos-agent.service'], isMesos: true},
  proxy: {nodes: having('proxy'), units: ['hw5-proxy.service']},
  scheduler: {nodes: having('framework'), units: ['hw5-scheduler.service']},
};

/** Other names people use. */
const ALIASES: Readonly<Record<string, string>> = {framework: 'scheduler', dockerd: 'docker'};

/** The components that have a log, as `hw5 status` calls them. */
export const COMPONENT_NAMES: readonly string[] = Object.keys(COMPONENTS);

/** @throws UsageError when there is no such component, or this cluster has none of it. */
export function logSource(name: string, cluster: Cluster): LogSource {
  const component = ALIASES[name] ?? name;
  const found = Object.hasOwn(COMPONENTS, component) ? COMPONENTS[component] : undefined;
  if (found === undefined) {
    if (cluster.framework.tasks.some((task) => task.name === name))
      throw new UsageError(`${name} is a task, not a component`, {
        hint: `\`hw5 task logs ${name}\` shows what its container says`,
      });
    const near = nearest(name, [...COMPONENT_NAMES, ...Object.keys(ALIASES)]);
    throw new UsageError(`there is no component ${name}`, {
      hint: `${near === undefined ? '' : `did you mean ${near}? `}There are ${COMPONENT_NAMES.join(', ')}`,
    });
  }
  if (found.isMesos && cluster.mesos.source.kind === 'external')
    throw new UsageError(`hw5 does not run Mesos for ${cluster.name}`, {
      hint: `it registers at ${cluster.mesos.source.master}: look there`,
    });
  return {component, nodes: found.nodes(cluster), units: found.units, container: found.container};
}

export interface LogRange {
  /** At most so many of the newest lines of a node. */
  readonly lines: number;
  readonly since?: Since | undefined;
  readonly follow?: boolean | undefined;
}

/** The script that prints the log on a node; each entry begins with its time. */
export function logScript({units, container}: LogSource, {lines, since, follow}: LogRange): string {
  const journal = quoteAll([
    'journalctl',
    '-q',
    '--no-pager',
    '--no-hostname',
    '--output=short-iso-precise',
    `--lines=${lines}`,
    ...journalSince(since),
    ...units.map((unit) => `--unit=${unit}`),
    ...(follow ? ['--follow'] : []),
  ]);
  if (container === undefined) return `exec ${journal}`;
  const docker = [
    'docker',
    'logs',
    '--timestamps',
    `--tail=${lines}`,
    ...dockerSince(since),
    ...(follow ? ['--follow'] : []),
    container,
  ];
  return `if docker inspect --type=container ${container} >/dev/null 2>&1; then exec ${quoteAll(docker)} 2>&1; fi\nexec ${journal}`;
}
