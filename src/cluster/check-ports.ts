import {type Cluster, type ClusterNode, isOnContainerNetwork, type Role} from './cluster.js';
import type {Draft} from './complete.js';
import type {Path, Problem} from './problem.js';

interface Use {
  readonly port: number;
  readonly what: string;
  readonly path: Path;
  /** Whether the file can change it. */
  readonly isFixed?: boolean;
}

/** No two services of a node on one port. */
export function checkPorts({cluster}: Draft): Problem[] {
  const problems = new Map<string, Problem>();
  cluster.nodes.forEach((node, index) => {
    const uses = usesOf(cluster, node, index);
    uses.forEach((use, position) => {
      const other = uses.slice(0, position).find((candidate) => candidate.port === use.port);
      if (!other) return;
      const message = `port ${use.port} of ${node.name} is that of ${other.what} too`;
      const hint = `give ${use.what} another port${other.isFixed ? '' : `, or change ${other.path.join('.')}`}`;
      // Once for the cluster, not once for every node.
      if (!problems.has(use.path.join('.'))) problems.set(use.path.join('.'), {path: use.path, message, hint});
    });
  });
  return [...problems.values()];
}

function usesOf(cluster: Cluster, node: ClusterNode, index: number): Use[] {
  const has = (role: Role) => node.roles.includes(role);
  const {etcd, mesos, proxy, docker} = cluster;
  // Behind another host name, the SSH port may be a forwarded one.
  const ssh: Use[] = node.ssh.host === undefined && node.ssh.jump === undefined ? [sshUse(node, index)] : [];
  return [
    ...ssh,
    {port: 179, what: "BIRD's BGP", path: ['calico'], isFixed: true},
    ...(has('etcd') ? [{port: etcd.clientPort, what: "etcd's clients", path: ['etcd', 'clientPort']}] : []),
    ...(has('etcd') ? [{port: etcd.peerPort, what: "etcd's peers", path: ['etcd', 'peerPort']}] : []),
    ...(isOnContainerNetwork(node) ? [{port: docker.advertisePort, what: 'Docker', path: ['docker', 'advertisePort']}] : []),
    ...(has('master') ? [{port: mesos.masterPort, what: 'the Mesos master', path: ['mesos', 'masterPort']}] : []),
    ...(has('agent') && mesos.source.kind !== 'external'
      ? [{port: mesos.agentPort, what: 'the Mesos agent', path: ['mesos', 'agentPort']}]
      : []),
    ...(has('proxy') ? [{port: proxy.port, what: 'the proxy', path: ['proxy', 'port']}] : []),
    ...(has('proxy') ? [{port: proxy.apiPort, what: "the proxy's API", path: ['proxy', 'apiPort']}] : []),
  ];
}

function sshUse(node: ClusterNode, index: number): Use {
  return {port: node.ssh.port, what: 'SSH', path: ['nodes', index, 'ssh', 'port'], isFixed: true};
}
