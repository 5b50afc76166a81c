import {type Cluster, type ClusterNode, nodesWith} from '../cluster/cluster.js';
import {notebookOf} from '../cluster/notebook.js';
import {type Component, type NodePort, portsOf} from '../components/component.js';
import {COMPONENTS} from '../components/index.js';
import {type Address, type Family, familyOf, parseAddress} from '../support/address.js';

/** Where an SSH session to a node comes from, as the node sees it. */
export interface SshSource {
  readonly address: Address;
  /** The port of the node's sshd. */
  readonly port: number;
}

/** What must pass, whichever rules there are: lines for managed chains, without the chain. */
export interface Failsafe {
  readonly host: Readonly<Record<Family, readonly string[]>>;
  readonly containers: Readonly<Record<Family, readonly string[]>>;
}

/** Parses `SSH_CONNECTION`, "client port server port"; undefined for anything else. */
export function parseSshConnection(text: string): SshSource | undefined {
  const [client = '', , , port] = text.trim().split(' ');
  const address = parseAddress(client.replace(/%.*$/, ''));
  return address !== undefined && Number(port) > 0 ? {address, port: Number(port)} : undefined;
}

/** The ports of a node's components that must stay open for the other nodes, in ascending order. */
export function memberPorts(
  node: ClusterNode,
  cluster: Cluster,
  components: readonly Component[] = COMPONENTS,
): readonly NodePort[] {
  return portsOf(components, cluster, node)
    .filter(({access}) => access === 'members' || access === 'nodes')
    .sort((a, b) => a.port - b.port);
}

/** The numbers of the TCP ports among them. */
export function memberTcpPorts(node: ClusterNode, cluster: Cluster, components?: readonly Component[]): readonly number[] {
  const numbers = memberPorts(node, cluster, components).flatMap(({protocol, port}) => (protocol === 'tcp' ? [port] : []));
  return [...new Set(numbers)];
}

/**
 * The failsafe of one node. Its lines RETURN: the packets continue to the host's own rules, as if hw5 had none.
 * @param sources from where SSH is always let in
 */
export function failsafeOf(
  node: ClusterNode,
  cluster: Cluster,
  sources: readonly SshSource[],
  components: readonly Component[] = COMPONENTS,
): Failsafe {
  const ssh = (family: Family): string[] =>
    sources
      .filter(({address}) => familyOf(address) === family)
      .map(({address, port}) => line(`-s ${address}/${family === 4 ? 32 : 128} -p tcp -m tcp --dport ${port}`, 'ssh'));
  return {
    host: {
      4: [
        line('-i lo', 'loopback'),
        ...ssh(4),
        ...members(node, cluster, components),
        ...external(node, cluster),
        ...notebook(node, cluster),
      ],
      6: [
        line('-i lo', 'loopback'),
        ...ssh(6),
        // a host that cannot resolve this node's MAC would not even get the rejection
        ...NEIGHBOUR_TYPES.map((type) => line(`-p ipv6-icmp -m icmp6 --icmpv6-type ${type}`, 'neighbours')),
      ],
    },
    containers: {4: notebookContainer(cluster), 6: []},
  };
}

/** Router and neighbour solicitation and advertisement (RFC 4861): IPv6's ARP. */
export const NEIGHBOUR_TYPES = [133, 134, 135, 136] as const;

/** Only what belongs to a connection that was opened from this node: any host can choose its source port. */
const ANSWER = '-m conntrack --ctstate ESTABLISHED';

function line(match: string, what: string): string {
  return `${match} -m comment --comment "hw5:failsafe ${what}" -j RETURN`;
}

/** What the other nodes send to this node's ports, and what they answer from theirs. */
function members(node: ClusterNode, cluster: Cluster, components: readonly Component[]): readonly string[] {
  const others = cluster.nodes.filter(({name}) => name !== node.name);
  const own = memberTcpPorts(node, cluster, components);
  const requests =
    own.length === 0 ? [] : others.map((other) => `-s ${other.address}/32 -p tcp -m multiport --dports ${own.join(',')}`);
  const answers = others.flatMap((other) => {
    const ports = memberTcpPorts(other, cluster, components);
    return ports.length === 0 ? [] : [`-s ${other.address}/32 -p tcp -m multiport --sports ${ports.join(',')} ${ANSWER}`];
  });
  const datagrams = memberPorts(node, cluster, components)
    .filter(({protocol}) => protocol === 'udp')
    .flatMap(({port, members: all}) =>
      all.filter(({name}) => name !== node.name).map(({address}) => `-s ${address}/32 -p udp -m udp --dport ${port}`),
    );
  return [...requests, ...answers, ...datagrams].map((match) => line(match, 'cluster'));
}

/** An external Mesos master that is configured by address: the kernel's rules know no names. */
function external(node: ClusterNode, {mesos}: Cluster): readonly string[] {
  if (mesos.source.kind !== 'external') return [];
  const [, host = '', port] = /^([\d.]+):(\d+)$/.exec(mesos.source.master) ?? [];
  if (parseAddress(host) === undefined) return [];
  return [
    line(`-s ${host}/32 -p tcp -m tcp --sport ${port} ${ANSWER}`, 'mesos'),
    // it also opens connections to the agents, to send them tasks
    ...(node.roles.includes('agent') ? [line(`-s ${host}/32 -p tcp -m tcp --dport ${mesos.agentPort}`, 'mesos')] : []),
  ];
}

/** What the notebook's container answers a node that has the proxy. */
function notebook(node: ClusterNode, cluster: Cluster): readonly string[] {
  const container = notebookOf(cluster);
  if (!container || !node.roles.includes('proxy')) return [];
  return [line(`-s ${container.address}/32 -p tcp -m tcp --sport ${container.port} ${ANSWER}`, 'proxy')];
}

/** Between the proxies and the notebook's container, on any node. */
function notebookContainer(cluster: Cluster): readonly string[] {
  const container = notebookOf(cluster);
  if (!container) return [];
  const {address, port} = container;
  return nodesWith(cluster, 'proxy').flatMap((proxy) => [
    line(`-s ${proxy.address}/32 -d ${address}/32 -p tcp -m tcp --dport ${port}`, 'proxy'),
    line(`-s ${address}/32 -d ${proxy.address}/32 -p tcp -m tcp --sport ${port} ${ANSWER}`, 'proxy'),
  ]);
}
