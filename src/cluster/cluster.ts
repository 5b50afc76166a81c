import type {Address} from '../support/address.js';
import type {Block} from '../support/block.js';

/**
 * The cluster as every other part of hw5 uses it: complete (all defaults filled in), checked and frozen, with parsed addresses. `load.ts` makes it from
 * YAML; `schema.ts` defines the permitted YAML.
 */
export interface Cluster {
  /** The cluster's name in unit files, logs and the etcd cluster token. */
  readonly name: string;
  readonly nodes: readonly ClusterNode[];
  readonly ssh: SshSettings;
  readonly etcd: EtcdSettings;
  readonly docker: DockerSettings;
  readonly calico: CalicoSettings;
  readonly network: NetworkSettings;
  readonly images: ImageSettings;
  readonly mesos: MesosSettings;
  readonly proxy: ProxySettings;
  readonly framework: FrameworkSettings;
}

/**
 * `etcd`: a member of etcd; `master`: the Mesos master (one at most); `agent`: a Mesos agent, which runs containers; `proxy`: the reverse proxy on port
 * 8888, on the containers' network; `framework`: runs the scheduler.
 */
export const ROLES = ['etcd', 'master', 'agent', 'proxy', 'framework'] as const;
export type Role = (typeof ROLES)[number];

export interface ClusterNode {
  readonly name: string;
  /** The IPv4 address the node's services listen on and its peers use. */
  readonly address: Address;
  readonly roles: readonly Role[];
  readonly ssh: SshSettings;
}

/** How to log in. The settings of a node take precedence over those of the cluster, one by one. */
export interface SshSettings {
  readonly user: string;
  /** The host name or address to connect to, when it differs from the node's address. */
  readonly host?: string | undefined;
  readonly port: number;
  /** Path of a private key file. Without it, the agent (SSH_AUTH_SOCK) is used, then the user's default keys. */
  readonly key?: string | undefined;
  /** Use the SSH agent. */
  readonly agent: boolean;
  /** Name of the environment variable that contains the login password. */
  readonly passwordEnv?: string | undefined;
  /** Name of the environment variable that contains sudo's password; `sudoPasswordFile` is a file of mode 0600 with it. */
  readonly sudoPasswordEnv?: string | undefined;
  readonly sudoPasswordFile?: string | undefined;
  /** Path of the known_hosts file of this cluster. */
  readonly knownHosts: string;
  readonly jump?:
    | {readonly host: string; readonly port: number; readonly user: string; readonly key?: string | undefined}
    | undefined;
  readonly connectTimeoutSeconds: number;
  readonly keepaliveSeconds: number;
}

export interface EtcdSettings {
  /** --initial-cluster-token */
  readonly token: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly dataDir: string;
}

export interface DockerSettings {
  /** The port of dockerd's --cluster-advertise. */
  readonly advertisePort: number;
}

/** A file that is downloaded from a URL, or uploaded from the controller. Exactly one of `url` and `path` is given. */
export interface Artifact {
  readonly url?: string | undefined;
  readonly path?: string | undefined;
  readonly sha256?: string | undefined;
}

export interface CalicoSettings {
  readonly calicoctl: Artifact;
  /** Always passed as --node-image. */
  readonly nodeImage: string;
  readonly asNumber: number;
  /** Whether connections from containers to addresses outside the pool are masqueraded. */
  readonly natOutgoing: boolean;
}

export interface NetworkSettings {
  readonly name: string;
  /** The pool of the containers' addresses. */
  readonly subnet: Block;
}

export interface ImageSettings {
  /** What both images are built FROM: an image to pull, or the tar file of a root file system on the controller to import. */
  readonly base: {readonly name?: string | undefined; readonly import?: string | undefined};
  /** The node that builds the images. */
  readonly builder: string;
  /** The user inside the containers. */
  readonly user: string;
}

export type MesosSource =
  /** mesos-master and mesos-agent on the PATH of the hosts */
  | {readonly kind: 'host'}
  /** a container image that contains both */
  | {readonly kind: 'image'; readonly image: string}
  /** a master that hw5 does not manage, as host:port; hw5 runs neither master nor agents */
  | {readonly kind: 'external'; readonly master: string};

export interface MesosSettings {
  readonly source: MesosSource;
  readonly masterPort: number;
  readonly agentPort: number;
  /** The resources of each agent, as `cpus:4;mem:4096`; undefined: those that Mesos detects. */
  readonly resources?: string | undefined;
  /** For a master that requires basic authentication: the principal, and a file of mode 0600 on the controller with the secret. */
  readonly principal?: string | undefined;
  readonly secretFile?: string | undefined;
}

/** Linux reserves the ports below this one for root and for processes with CAP_NET_BIND_SERVICE. */
export const FIRST_UNPRIVILEGED_PORT = 1024;

export interface ProxySettings {
  readonly port: number;
  /** configurable-http-proxy's own API, on 127.0.0.1 only. */
  readonly apiPort: number;
}

export interface FrameworkSettings {
  readonly name: string;
  /** Mesos role. */
  readonly role: string;
  readonly failoverTimeoutSeconds: number;
  /** A file of mode 0600 on the controller with Jupyter's token; without it, a random token is generated. */
  readonly tokenFile?: string | undefined;
  readonly tasks: readonly TaskSettings[];
}

export interface TaskSettings {
  readonly name: string;
  /** `jupyter` and `ssh` are built by hw5; anything else is a Docker image name. */
  readonly image: string;
  /** Its fixed address in the network's subnet. */
  readonly address: Address;
  readonly cpus: number;
  /** MB */
  readonly mem: number;
  readonly command?: string | undefined;
  readonly arguments: readonly string[];
  readonly healthCheck?: HealthCheckSettings | undefined;
  readonly constraints: {readonly node?: string | undefined; readonly unique?: boolean | undefined};
}

export interface HealthCheckSettings {
  readonly type: 'http' | 'tcp';
  readonly port: number;
  readonly path?: string | undefined;
  readonly graceSeconds: number;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly failures: number;
}

/** The nodes that have the role, in the file's order. */
export function nodesWith(cluster: Cluster, role: Role): readonly ClusterNode[] {
  return cluster.nodes.filter((node) => node.roles.includes(role));
}

/** Whether the node is on the containers' network: an agent runs containers, and a proxy has to reach the notebook's container. */
export function isOnContainerNetwork(node: Pick<ClusterNode, 'roles'>): boolean {
  return node.roles.includes('agent') || node.roles.includes('proxy');
}

/** The nodes that Calico, and dockerd for it, run on, in the file's order. */
export function calicoNodes(cluster: Cluster): readonly ClusterNode[] {
  return cluster.nodes.filter(isOnContainerNetwork);
}

/**
 * The node on which an agent runs, by the host name with which the agent is registered at the master. Agents of an external Mesos may be registered with
 * fully qualified names or addresses.
 */
export function nodeOfAgent(cluster: Cluster, hostname: string | null): ClusterNode | undefined {
  const by = (is: (node: ClusterNode) => boolean) => nodesWith(cluster, 'agent').find(is);
  return (
    by(({name}) => name === hostname) ??
    by(({address}) => address === hostname) ??
    by(({name}) => name === hostname?.split('.')[0])
  );
}

/** All etcd client URLs, in the file's order. */
export function etcdEndpoints(cluster: Cluster): readonly string[] {
  return nodesWith(cluster, 'etcd').map((node) => `http://${node.address}:${cluster.etcd.clientPort}`);
}

/** The Mesos master as host:port. */
export function masterAddress(cluster: Cluster): string {
  if (cluster.mesos.source.kind === 'external') return cluster.mesos.source.master;
  const [master] = nodesWith(cluster, 'master');
  return `${master!.address}:${cluster.mesos.masterPort}`;
}
