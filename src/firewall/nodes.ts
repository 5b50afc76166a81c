import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import {observe} from '../engine/observe.js';
import type {Host} from '../host/host.js';
import {Hw5Error} from '../support/errors.js';
import {parseSshConnection, type SshSource} from './failsafe.js';
import {ownTables} from './own.js';
import {type FoundRule, readRules} from './read-rules.js';
import {type Sighting, sighting} from './sighting.js';

/** A node that answered: its connection and its firewall. */
export interface NodeView {
  readonly node: ClusterNode;
  readonly host: Host;
  /** Where our SSH session comes from, as the node sees it. */
  readonly source: SshSource | undefined;
  readonly seen: Sighting;
}

export interface NodeFailure {
  readonly node: ClusterNode;
  readonly error: Error;
}

export interface NodesOptions {
  readonly cluster: Cluster;
  readonly connect: (node: ClusterNode, signal?: AbortSignal) => Promise<Host>;
  readonly signal?: AbortSignal | undefined;
}

/** The nodes of a cluster, connected and looked at all at once; one that is down holds up no other. */
export class Nodes implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly views: readonly NodeView[];
  readonly failures: readonly NodeFailure[];

  private constructor(cluster: Cluster, views: readonly NodeView[], failures: readonly NodeFailure[]) {
    this.cluster = cluster;
    this.views = views;
    this.failures = failures;
  }

  static async open({cluster, connect, signal}: NodesOptions, nodes: readonly ClusterNode[] = cluster.nodes): Promise<Nodes> {
    const views: NodeView[] = [];
    const failures: NodeFailure[] = [];
    await Promise.all(
      nodes.map(async (node) => {
        let host: Host | undefined;
        try {
          host = await connect(node, signal);
          views.push({node, host, ...(await look(host, signal))});
        } catch (error) {
          failures.push({node, error: error as Error});
          if (host) await Promise.allSettled([host[Symbol.asyncDispose]()]);
        }
      }),
    );
    const byOrder = (a: {node: ClusterNode}, b: {node: ClusterNode}): number => nodes.indexOf(a.node) - nodes.indexOf(b.node);
    signal?.throwIfAborted();
    return new Nodes(cluster, views.sort(byOrder), failures.sort(byOrder));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.views.map(({host}) => host[Symbol.asyncDispose]()));
  }
}

/** One look at a host: two commands over the same connection at the same time. */
async function look(host: Host, signal?: AbortSignal): Promise<{source: SshSource | undefined; seen: Sighting}> {
  const [seen, connection] = await Promise.all([
    lookAgain(host, signal),
    // sudo drops the variable, so it is asked for before
    host.exec(['printenv', 'SSH_CONNECTION'], {signal}),
  ]);
  return {seen, source: parseSshConnection(connection.stdout)};
}

/** The firewall as it is now. @throws Hw5Error when there is none to look at. */
export async function lookAgain(host: Host, signal?: AbortSignal): Promise<Sighting> {
  const {seen} = await observe(host.asRoot(), {seen: sighting()}, signal);
  if (seen.holdings.some(({family}) => family === 4)) return seen;
  const [broken] = seen.broken;
  if (broken !== undefined)
    throw new Hw5Error(`iptables does not work on ${host.name}: ${broken}`, {hint: 'see `iptables-save` there'});
  throw new Hw5Error(`there is no iptables on ${host.name}`, {hint: 'install it there: `apt-get install iptables`'});
}

/** The rules of a node, in the order in which the kernel meets them. */
export function rulesOn({holdings}: Sighting): readonly FoundRule[] {
  return readRules(holdings.flatMap(({tables}) => ownTables(tables)));
}
