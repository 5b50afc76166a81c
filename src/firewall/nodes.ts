import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import {observe} from '../engine/observe.js';
import type {Host} from '../host/host.js';
import {Hw5Error} from '../support/errors.js';
import {parseSshConnection, type SshSource} from './failsafe.js';
import {type FirewallState, firewallState} from './firewall-state.js';

/** A node that answered: its connection and the state of its firewall. */
export interface NodeState {
  readonly node: ClusterNode;
  readonly host: Host;
  /** Where hw5's SSH session comes from, as the node sees it. */
  readonly source: SshSource | undefined;
  readonly state: FirewallState;
}

/** A node that could not be reached, or whose firewall could not be read. */
export interface NodeFailure {
  readonly node: ClusterNode;
  readonly error: Error;
}

export type Connect = (node: ClusterNode, signal?: AbortSignal) => Promise<Host>;

export interface NodesOptions {
  readonly cluster: Cluster;
  readonly connect: Connect;
  readonly signal?: AbortSignal | undefined;
}

/** The nodes of a cluster, connected and read concurrently: a node that is down does not delay the others. */
export class FirewallNodes implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly views: readonly NodeState[];
  readonly failures: readonly NodeFailure[];

  private constructor(cluster: Cluster, views: readonly NodeState[], failures: readonly NodeFailure[]) {
    this.cluster = cluster;
    this.views = views;
    this.failures = failures;
  }

  static async open(
    {cluster, connect, signal}: NodesOptions,
    nodes: readonly ClusterNode[] = cluster.nodes,
  ): Promise<FirewallNodes> {
    const views: NodeState[] = [];
    const failures: NodeFailure[] = [];
    await Promise.all(
      nodes.map(async (node) => {
        let host: Host | undefined;
        try {
          host = await connect(node, signal);
          views.push({node, host, ...(await readNode(host, signal))});
        } catch (error) {
          failures.push({node, error: error as Error});
          if (host) await Promise.allSettled([host[Symbol.asyncDispose]()]);
        }
      }),
    );
    const byOrder = (a: {node: ClusterNode}, b: {node: ClusterNode}): number => nodes.indexOf(a.node) - nodes.indexOf(b.node);
    signal?.throwIfAborted();
    return new FirewallNodes(cluster, views.sort(byOrder), failures.sort(byOrder));
  }

  /** Failures of these nodes. Only they are errors: the other nodes would only have sent probes. */
  failuresOn(nodes: readonly ClusterNode[]): readonly NodeFailure[] {
    return this.failures.filter(({node}) => nodes.includes(node));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.views.map(({host}) => host[Symbol.asyncDispose]()));
  }
}

/** Two commands over one connection, concurrently. */
async function readNode(host: Host, signal?: AbortSignal): Promise<{source: SshSource | undefined; state: FirewallState}> {
  const [state, connection] = await Promise.all([
    readState(host, signal),
    // as the login user: sudo drops the variable
    host.exec(['printenv', 'SSH_CONNECTION'], {signal}),
  ]);
  return {state, source: parseSshConnection(connection.stdout)};
}

/** Reads the state of a host's firewall. @throws Hw5Error when the host has no iptables that works. */
export async function readState(host: Host, signal?: AbortSignal): Promise<FirewallState> {
  const {state} = await observe(host.asRoot(), {state: firewallState()}, signal);
  if (state.tools.some(({family}) => family === 4)) return state;
  const [broken] = state.broken;
  if (broken !== undefined)
    throw new Hw5Error(`iptables does not work on ${host.name}: ${broken}`, {hint: 'see `iptables-save` there'});
  throw new Hw5Error(`there is no iptables on ${host.name}`, {hint: 'install it there: `apt-get install iptables`'});
}
