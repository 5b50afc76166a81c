import {type Cluster, type ClusterNode, isOnContainerNetwork, type Role} from './cluster.js';
import type {Draft} from './complete.js';
import type {ConfigFinding, Path} from './finding.js';
import type {ClusterInput} from './schema.js';

/** A port that a service uses on a node. */
interface Use {
  readonly port: number;
  readonly what: string;
  readonly path: Path;
  /** Whether the cluster file cannot change the port. */
  readonly isFixed?: boolean;
}

/** Checks that no two services of a node use the same port. */
export function checkPorts({cluster, input}: Draft): ConfigFinding[] {
  const findings = new Map<string, ConfigFinding>();
  cluster.nodes.forEach((node, index) => {
    const uses = usesOf(cluster, node, sshPath(input, index));
    uses.forEach((use, position) => {
      const other = uses.slice(0, position).find((candidate) => candidate.port === use.port);
      if (!other) return;
      // Reported at the setting that the file gives, not at a default that it collides with.
      const [at, than] = isGiven(input, other.path) && !isGiven(input, use.path) ? [other, use] : [use, other];
      const message = `port ${use.port} of ${node.name} is also used by ${than.what}`;
      // Reported once for the cluster, not once for every node.
      if (!findings.has(at.path.join('.'))) findings.set(at.path.join('.'), {path: at.path, message, hint: hintFor(at, than)});
    });
  });
  return [...findings.values()];
}

function hintFor(at: Use, than: Use): string {
  if (at.isFixed && !than.isFixed) return `choose another port for ${than.what} with ${than.path.join('.')}`;
  return `choose another port for ${at.what}${than.isFixed ? '' : `, or change ${than.path.join('.')}`}`;
}

function isGiven(input: ClusterInput, path: Path): boolean {
  return (
    path.reduce<unknown>((value, part) => (value as Record<string | number, unknown> | undefined)?.[part], input) !== undefined
  );
}

function usesOf(cluster: Cluster, node: ClusterNode, sshPath: Path): Use[] {
  const has = (role: Role) => node.roles.includes(role);
  const {etcd, mesos, proxy, docker} = cluster;
  // With another host name or a jump host, the SSH port may be a forwarded one.
  const ssh: Use[] =
    node.ssh.host === undefined && node.ssh.jump === undefined
      ? [{port: node.ssh.port, what: 'SSH', path: sshPath, isFixed: true}]
      : [];
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

/** The path of the setting for the node's SSH port. */
function sshPath(input: ClusterInput, index: number): Path {
  const own = ['nodes', index, 'ssh', 'port'];
  return isGiven(input, own) ? own : ['ssh', 'port'];
}
