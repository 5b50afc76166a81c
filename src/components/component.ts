import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import type {Fact, FactMap} from '../engine/fact.js';
import type {Step} from '../engine/step.js';
import type {Health} from './health.js';

/** A port on which a component listens on one of its nodes. */
export interface Port {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /** What it is for, as `etcd clients`: in errors. */
  readonly purpose: string;
  /**
   * Who must be able to connect to it: `members`, the other nodes with this component; `nodes`, all nodes of the cluster; `outside`, also
   * users' machines; `loopback`, only the node itself.
   */
  readonly access: 'members' | 'nodes' | 'outside' | 'loopback';
  /**
   * The addresses to which the component binds it. Preflight reports other programs that hold them. Undefined for a port that a program
   * of the distribution opens (dockerd), which may run before hw5 does and is then no conflict.
   */
  readonly bind?: readonly string[] | 'everywhere' | undefined;
  /** Its short name in the probes of `hw5 firewall`. Without it, the port is not probed: a connection to it may do harm. */
  readonly probe?: string | undefined;
  /** Names of the processes that hold the port when the component runs in a container, outside its systemd unit. */
  readonly processes?: readonly string[] | undefined;
}

/** Where a component's log is. */
export interface ComponentLogs {
  /** The systemd units whose journal it is. Default: the component's units. */
  readonly units?: readonly string[];
  /** A container that may run instead of the units: where it exists, its output is the log. */
  readonly container?: string;
  /** A pattern of the files `DIRECTORY/SERVICE/current` that its services write in addition. */
  readonly files?: string;
  /** Other names under which `hw5 logs` accepts the component. */
  readonly aliases?: readonly string[];
  /** The error of `hw5 logs` for a cluster in which hw5 does not run the component, if it has something specific to report. */
  readonly notRun?: (cluster: Cluster) => {readonly message: string; readonly hint: string} | undefined;
}

/**
 * A part of the cluster: the engine's step, which installs and removes it, and what only the component knows of itself. `hw5 status`,
 * `hw5 logs`, preflight's port check and the firewall's failsafe are derived from the list of components in index.ts.
 */
export interface Component<F extends FactMap = FactMap> extends Step<F> {
  /** Units of the distribution that it stops because they hold its ports. */
  readonly replaces?: readonly string[];
  /** Debian packages that it needs on one of its nodes. */
  readonly packages?: (cluster: Cluster, node: ClusterNode) => readonly string[];
  /** Names of bundled programs that it uploads: `npm run build` makes them. */
  readonly programs?: readonly string[];
  /** The ports on which it listens on one of its nodes. */
  readonly ports?: (cluster: Cluster, node: ClusterNode) => readonly Port[];
  /** Its health on one of its nodes. Without it, `hw5 status` does not show the component. */
  readonly health?: (cluster: Cluster, node: ClusterNode) => Fact<Health>;
  /** Without it, `hw5 logs` does not know the component. */
  readonly logs?: ComponentLogs;
}

/** Checks the types of a component's facts against their uses. */
export function defineComponent<F extends FactMap>(component: Component<F>): Component {
  return component as unknown as Component;
}

/** A port of a node, with the component that listens on it. */
export interface NodePort extends Port {
  readonly component: string;
  /** The nodes that have the component, this one included. */
  readonly members: readonly ClusterNode[];
}

/**
 * All ports on which the components listen on a node, in the order of the list. For preflight's port check (those with `bind`), and for
 * the firewall's failsafe: those with `access` `members` or `nodes` must stay open between the nodes.
 */
export function portsOf(components: readonly Component[], cluster: Cluster, node: ClusterNode): readonly NodePort[] {
  return componentsOn(components, cluster, node).flatMap(({name, ports, targets}) =>
    (ports?.(cluster, node) ?? []).map((port) => ({...port, component: name, members: targets(cluster)})),
  );
}

/** The components that a node has. */
export function componentsOn(components: readonly Component[], cluster: Cluster, node: ClusterNode): readonly Component[] {
  return components.filter(({targets}) => targets(cluster).some(({name}) => name === node.name));
}
