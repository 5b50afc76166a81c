import {blockLiteral} from '../support/block.js';
import type {
  CalicoSettings,
  Cluster,
  ClusterNode,
  EtcdSettings,
  FrameworkSettings,
  ImageSettings,
  MesosSettings,
  MesosSource,
  SshSettings,
  TaskSettings,
} from './cluster.js';
import type {Context} from './context.js';
import type {ConfigFinding, Path} from './finding.js';
import {NO_ADDRESS} from './no-address.js';
import {assignRoles} from './roles.js';
import type {ClusterInput, NodeInput, SshInput} from './schema.js';
import {expandTasks} from './tasks.js';

/** A cluster that may still have errors; a required value that is missing or unusable is an empty string. */
export interface Draft {
  readonly input: ClusterInput;
  readonly cluster: Cluster;
  /** Where in the YAML each of the cluster's tasks comes from. */
  readonly taskPaths: readonly Path[];
  readonly findings: readonly ConfigFinding[];
}

const DEFAULT_SUBNET = blockLiteral('192.168.0.0/16');

/** Fills in all defaults. cluster.example.yaml explains them; a test compares the two. */
export function complete(input: ClusterInput, context: Context): Draft {
  const name = input.name ?? 'zzw';
  const source = mesosSource(input.mesos?.source);
  const nodes = completeNodes(input, name, source, context);
  const network = {name: input.network?.name ?? 'calico_net', subnet: input.network?.subnet ?? DEFAULT_SUBNET};
  const {tasks, paths, findings} = expandTasks(input.framework?.tasks, network.subnet);
  const cluster: Cluster = {
    name,
    nodes,
    ssh: completeSsh([input.ssh ?? {}], name, context),
    etcd: completeEtcd(input.etcd, name),
    docker: {advertisePort: input.docker?.advertisePort ?? 2376},
    calico: completeCalico(input.calico, context),
    network,
    images: completeImages(input.images, nodes, context),
    mesos: completeMesos(input.mesos, source, context),
    proxy: {port: input.proxy?.port ?? 8888, apiPort: input.proxy?.apiPort ?? 8001},
    framework: completeFramework(input.framework, tasks, context),
  };
  return {input, cluster, taskPaths: paths, findings};
}

function completeNodes(input: ClusterInput, cluster: string, source: MesosSource, context: Context): readonly ClusterNode[] {
  const nodes = input.nodes ?? [];
  const roles = assignRoles(nodes, source.kind !== 'external');
  return nodes.map((node: NodeInput, index) => ({
    name: node.name ?? `node${index}`,
    address: node.address ?? NO_ADDRESS,
    roles: roles[index]!,
    ssh: completeSsh([input.ssh ?? {}, node.ssh ?? {}], cluster, context),
  }));
}

/** Later layers take precedence over earlier ones. */
function completeSsh(layers: readonly SshInput[], cluster: string, context: Context): SshSettings {
  const given: SshInput = Object.assign({}, ...layers);
  const optionalFile = (path: string | undefined) => (path === undefined ? undefined : context.file(path));
  const user = given.user ?? context.user;
  const {jump} = given;
  return {
    user,
    host: given.host,
    port: given.port ?? 22,
    key: optionalFile(given.key),
    // A server counts every key that the agent offers as a login attempt, so with a configured key the agent is not used by default.
    agent: given.agent ?? given.key === undefined,
    passwordEnv: given.passwordEnv,
    sudoPasswordEnv: given.sudoPasswordEnv,
    sudoPasswordFile: optionalFile(given.sudoPasswordFile),
    // One file per cluster, next to the YAML: labs reuse the same addresses with other host keys.
    knownHosts: context.file(given.knownHosts ?? `.hw5/${cluster}.known_hosts`),
    jump: jump && {host: jump.host ?? '', port: jump.port ?? 22, user: jump.user ?? user, key: optionalFile(jump.key)},
    connectTimeoutSeconds: given.connectTimeoutSeconds ?? 10,
    keepaliveSeconds: given.keepaliveSeconds ?? 10,
  };
}

function completeEtcd(given: ClusterInput['etcd'], name: string): EtcdSettings {
  return {
    token: given?.token ?? name,
    clientPort: given?.clientPort ?? 2379,
    peerPort: given?.peerPort ?? 2380,
    dataDir: given?.dataDir ?? '/var/lib/hw5/etcd',
  };
}

/** The last release that supports etcd's v2 API and Docker's network plugins. */
const CALICOCTL_URL = 'https://github.com/projectcalico/calicoctl/releases/download/v1.6.5/calicoctl';
const CALICO_NODE_IMAGE = 'quay.io/calico/node:v2.6.12';

function completeCalico(given: ClusterInput['calico'], context: Context): CalicoSettings {
  const {url, path, sha256} = given?.calicoctl ?? {};
  return {
    calicoctl: {
      ...(path === undefined ? {url: url ?? CALICOCTL_URL} : {path: context.file(path)}),
      sha256: sha256?.toLowerCase(),
    },
    nodeImage: given?.nodeImage ?? CALICO_NODE_IMAGE,
    asNumber: given?.asNumber ?? 64_512,
    natOutgoing: given?.natOutgoing ?? true,
  };
}

function completeImages(given: ClusterInput['images'], nodes: readonly ClusterNode[], context: Context): ImageSettings {
  const archive = given?.base?.import;
  return {
    base: archive === undefined ? {name: given?.base?.name ?? 'debian:bookworm-slim'} : {import: context.file(archive)},
    builder: given?.builder ?? nodes.find((node) => node.roles.includes('agent'))?.name ?? '',
    user: given?.user ?? 'zzw',
  };
}

type SourceInput = NonNullable<ClusterInput['mesos']>['source'];

/** The kind follows from the given keys; `checkChoices` reports contradictions. */
function mesosSource(given: SourceInput): MesosSource {
  const kind = given?.kind ?? (given?.master !== undefined ? 'external' : given?.image !== undefined ? 'image' : 'host');
  if (kind === 'image') return {kind, image: given?.image ?? ''};
  return kind === 'external' ? {kind, master: given?.master ?? ''} : {kind};
}

function completeMesos(given: ClusterInput['mesos'], source: MesosSource, context: Context): MesosSettings {
  return {
    source,
    masterPort: given?.masterPort ?? 5050,
    agentPort: given?.agentPort ?? 5051,
    resources: given?.resources,
    principal: given?.principal,
    secretFile: given?.secretFile === undefined ? undefined : context.file(given.secretFile),
  };
}

const WEEK_SECONDS = 604_800;

function completeFramework(
  given: ClusterInput['framework'],
  tasks: readonly TaskSettings[],
  context: Context,
): FrameworkSettings {
  return {
    name: given?.name ?? 'hw5',
    role: given?.role ?? '*',
    // With Mesos' own default, 0, the master kills all tasks when the scheduler disconnects.
    failoverTimeoutSeconds: given?.failoverTimeoutSeconds ?? WEEK_SECONDS,
    tokenFile: given?.tokenFile === undefined ? undefined : context.file(given.tokenFile),
    tasks,
  };
}
