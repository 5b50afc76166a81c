import {type Cluster, type ClusterNode, calicoNodes, isOnContainerNetwork, nodesWith} from '../cluster/cluster.js';
import {notebookOf} from '../cluster/notebook.js';
import {type Family, parseNet, showNet} from './address.js';

/** Where an SSH session to a node comes from, as the node sees it. */
export interface SshSource {
  readonly address: string;
  /** The port at which the node's sshd answers. */
  readonly port: number;
}

/** What must get through whatever is denied: lines for our chains, without the place they lead to. */
export interface Failsafe {
  readonly host: Readonly<Record<Family, readonly string[]>>;
  readonly containers: Readonly<Record<Family, readonly string[]>>;
}

/** Calico's BGP. Its own settings leave it no other port. */
export const BGP_PORT = 179;
/** Docker hosts that share a cluster store gossip at this port, over TCP and UDP. Docker has no option for it. */
const DOCKER_GOSSIP_PORT = 7946;

/** Reads `SSH_CONNECTION`, "client port server port"; undefined when it is none. */
export function parseSshConnection(text: string): SshSource | undefined {
  const [address = '', , , port] = text.trim().split(' ');
  const net = parseNet(address.replace(/%.*$/, ''));
  return net && Number(port) > 0 ? {address: showNet(net), port: Number(port)} : undefined;
}

/**
 * The failsafe of one node. Its lines RETURN: what they let pass goes on to the host's own rules, as if hw5 were not there.
 * @param sources who may always come by SSH
 */
export function failsafeOf(node: ClusterNode, cluster: Cluster, sources: readonly SshSource[]): Failsafe {
  const others = cluster.nodes.filter((other) => other.name !== node.name);
  const ssh = (family: Family): string[] =>
    sources
      .map((source) => ({net: parseNet(source.address)!, port: source.port}))
      .filter(({net}) => net.family === family)
      .map(({net, port}) => line(`-s ${net.text} -p tcp -m tcp --dport ${port}`, 'ssh'));
  const own = portsOf(node, cluster);
  const notebook = notebookOf(cluster);
  return {
    host: {
      4: [
        line('-i lo', 'loopback'),
        ...ssh(4),
        ...(own.length > 0
          ? others.map((other) => line(`-s ${other.address}/32 -p tcp -m multiport --dports ${own.join(',')}`, 'cluster'))
          : []),
        ...others
          .map((other) => ({other, ports: portsOf(other, cluster)}))
          .filter(({ports}) => ports.length > 0)
          .map(({other, ports}) =>
            line(`-s ${other.address}/32 -p tcp -m multiport --sports ${ports.join(',')} ${ANSWER}`, 'cluster'),
          ),
        ...(isOnContainerNetwork(node) ? calicoNodes(cluster) : [])
          .filter((other) => other.name !== node.name)
          .map((other) => line(`-s ${other.address}/32 -p udp -m udp --dport ${DOCKER_GOSSIP_PORT}`, 'cluster')),
        ...externalMaster(cluster).flatMap(({host, port}) => [
          line(`-s ${host}/32 -p tcp -m tcp --sport ${port} ${ANSWER}`, 'mesos'),
          // it opens connections of its own to the agents, to send them tasks
          ...(node.roles.includes('agent')
            ? [line(`-s ${host}/32 -p tcp -m tcp --dport ${cluster.mesos.agentPort}`, 'mesos')]
            : []),
        ]),
        ...(notebook && node.roles.includes('proxy')
          ? [line(`-s ${notebook.address}/32 -p tcp -m tcp --sport ${notebook.port} ${ANSWER}`, 'proxy')]
          : []),
      ],
      6: [
        line('-i lo', 'loopback'),
        ...ssh(6),
        // who cannot ask for our MAC cannot even be rejected
        ...NEIGHBOUR_TYPES.map((type) => line(`-p ipv6-icmp -m icmp6 --icmpv6-type ${type}`, 'neighbours')),
      ],
    },
    containers: {
      4: notebook
        ? nodesWith(cluster, 'proxy').flatMap((proxy) => [
            line(`-s ${proxy.address}/32 -d ${notebook.address}/32 -p tcp -m tcp --dport ${notebook.port}`, 'proxy'),
            line(`-s ${notebook.address}/32 -d ${proxy.address}/32 -p tcp -m tcp --sport ${notebook.port} ${ANSWER}`, 'proxy'),
          ])
        : [],
      6: [],
    },
  };
}

/** Router and neighbour solicitation and advertisement (RFC 4861): IPv6's ARP. */
export const NEIGHBOUR_TYPES = [133, 134, 135, 136] as const;

/** Only what belongs to a connection that was opened from here: a source port alone anybody can choose. */
const ANSWER = '-m conntrack --ctstate ESTABLISHED';

function line(match: string, what: string): string {
  return `${match} -m comment --comment "hw5:failsafe ${what}" -j RETURN`;
}

/** TCP ports at which a node serves the other members. */
export function portsOf(node: ClusterNode, cluster: Cluster): readonly number[] {
  const {etcd, mesos} = cluster;
  const isOurs = mesos.source.kind !== 'external';
  return [
    ...(isOnContainerNetwork(node) ? [BGP_PORT] : []),
    ...(node.roles.includes('etcd') ? [etcd.clientPort, etcd.peerPort] : []),
    ...(isOurs && node.roles.includes('master') ? [mesos.masterPort] : []),
    ...(isOurs && node.roles.includes('agent') ? [mesos.agentPort] : []),
    ...(isOnContainerNetwork(node) ? [DOCKER_GOSSIP_PORT] : []),
  ];
}

/** Somebody else's master, when it is given by address. The kernel's rules know no names. */
function externalMaster(cluster: Cluster): readonly {host: string; port: string}[] {
  if (cluster.mesos.source.kind !== 'external') return [];
  const [, host, port] = /^([\d.]+):(\d+)$/.exec(cluster.mesos.source.master) ?? [];
  return host && port && parseNet(host) ? [{host, port}] : [];
}
