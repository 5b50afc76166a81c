import type {Address} from '../support/address.js';
import type {Block} from '../support/block.js';

/**
 * The cluster as every other part of hw5 sees it: complete (all defaults filled in), checked and frozen.
 * `load.ts` makes it from YAML; `schema.ts` says what YAML is allowed.
 */
export interface Cluster {
  /** Names the cluster in unit files, logs and the etcd cluster token. */
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

/** `etcd`: a member; `master`: the Mesos master (one at most); `agent`: a Mesos agent and container host; `proxy`: port 8888, on the containers' network; `framework`: runs the scheduler. */
export const ROLES = ['etcd', 'master', 'agent', 'proxy', 'framework'] as const;
export type Role = (typeof ROLES)[number];

export interface ClusterNode {
  readonly name: string;
  /** The IPv4 address the node's services listen on and its peers use. */
  readonly address: Address;
  readonly roles: readonly Role[];
  readonly ssh: SshSettings;
}

/** How to log in. A node's own settings are merged over the cluster's. */
export interface SshSettings {
  readonly user: string;
  /** Where to connect, when it is not the node's address. */
  readonly host?: string | undefined;
  readonly port: number;
  /** Path of a private key file. Without it the agent (SSH_AUTH_SOCK) is asked, then the user's default keys. */
  readonly key?: string | undefined;
  /** Use the SSH agent. */
  readonly agent: boolean;
  /** Name of the environment variable that holds the login password. */
  readonly passwordEnv?: string | undefined;
  /** Name of the environment variable that holds sudo's password; `sudoPasswordFile` is a 0600 file with it. */
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
  /** --cluster-advertise port */
  readonly advertisePort: number;
}

/** A file fetched by URL or taken from this computer. Exactly one of url and path. */
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
  /** MASQUERADE what leaves the pool. */
  readonly natOutgoing: boolean;
}

export interface NetworkSettings {
  readonly name: string;
  /** The pool of the containers' addresses. */
  readonly subnet: Block;
}

export interface ImageSettings {
  /** What both images are built FROM: a tag to pull (or already there), or a root file system tar on this computer to import. */
  readonly base: {readonly name?: string | undefined; readonly import?: string | undefined};
  /** The node that builds. */
  readonly builder: string;
  /** The user inside the containers. */
  readonly user: string;
}

export type MesosSource =
  /** mesos-master and mesos-agent on the PATH of the hosts */
  | {readonly kind: 'host'}
  /** a container image that holds both */
  | {readonly kind: 'image'; readonly image: string}
  /** somebody else's master, as host:port; hw5 runs neither master nor agents */
  | {readonly kind: 'external'; readonly master: string};

export interface MesosSettings {
  readonly source: MesosSource;
  readonly masterPort: number;
  readonly agentPort: number;
  /** Per agent, e.g. `cpus:4;mem:4096`; undefined: what Mesos finds. */
  readonly resources?: string | undefined;
  /** Basic authentication at the master, if it asks for it: a principal and a 0600 file on this computer with the secret. */
  readonly principal?: string | undefined;
  readonly secretFile?: string | undefined;
}

/** Linux keeps the ports below this one for root and for processes with CAP_NET_BIND_SERVICE. */
export const FIRST_FREE_PORT = 1024;

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
  /** A 0600 file on this computer with the Jupyter token; without it a random one is made on the hosts. */
  readonly tokenFile?: string | undefined;
  readonly tasks: readonly TaskSettings[];
}

export interface TaskSettings {
  readonly name: string;
  /** `jupyter` and `ssh` are built by hw5; anything else is a Docker image name. */
  readonly image: string;
  /** Fixed IPv4 address in the network's subnet. */
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

/** Whether the node is on the containers' network: an agent holds containers, and a proxy has to reach the notebook's. */
export function isOnContainerNetwork(node: Pick<ClusterNode, 'roles'>): boolean {
  return node.roles.includes('agent') || node.roles.includes('proxy');
}

/** The nodes that Calico, and dockerd for it, run on, in the file's order. */
export function calicoNodes(cluster: Cluster): readonly ClusterNode[] {
  return cluster.nodes.filter(isOnContainerNetwork);
}

/**
 * The node on which an agent runs, by the host name with which it is registered at the master: an external Mesos may know our nodes by
 * their full names or addresses.
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
