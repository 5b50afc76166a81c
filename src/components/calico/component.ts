import {type Cluster, type ClusterNode, calicoNodes, etcdEndpoints} from '../../cluster/cluster.js';
import {type Action, ensureFile, ensureUpload} from '../../engine/action.js';
import type {Fact} from '../../engine/fact.js';
import {exists, FILES, type FileState, fileHash, output, textFile} from '../../engine/facts.js';
import {everywhere} from '../../engine/step.js';
import {quote, quoteAll} from '../../host/command.js';
import {render, template} from '../../support/template.js';
import {defineComponent} from '../component.js';
import {ABSENT, type Health, hanging} from '../health.js';
import {notingPull} from '../images/pulled.js';
import {ETC, RESTORE} from '../places.js';
import {isEstablished, NODE_STATUS, parsePeers} from './node-status.js';

/** Calico's settings leave BGP no other port. */
const BGP_PORT = 179;
/** Where Calico is installed as services and not as the container calico-node. */
const UNITS = ['calico-felix.service', 'calico-bird.service', 'calico-libnetwork.service'];
const CALICOCTL = '/usr/local/bin/calicoctl';
const CONFIG = '/etc/calico/calicoctl.cfg';
/**
 * The arguments with which `node run` last succeeded: genuine Calico keeps them in a container, a work-alike elsewhere. Without this note
 * hw5 never started one, and a Calico that is there is somebody else's.
 */
const STARTED = `${ETC}/calico-node`;
/** What the note says before the first `node run` has succeeded: that whatever is there now is ours to remove. */
const STARTING = '# hw5 is about to start calico-node\n';
/**
 * Where calicoctl came from. Without this note somebody else brought it, and `down` leaves it. So it is there before ours is, and says until
 * then that what stands there is not yet what it names.
 */
const ORIGIN = `${ETC}/calicoctl.origin`;
const CONFIG_BEFORE = `${RESTORE}/calicoctl.cfg`;
const CALICOCTL_BEFORE = `${RESTORE}/calicoctl`;

/** Our configuration, or that there is somebody else's: that one may hold passwords, and nobody gets to see it. */
const configFact: Fact<FileState | 'foreign' | undefined> = {
  service: FILES,
  script: `[ -f ${CONFIG} ] || exit 3; head -n1 ${CONFIG} | grep -q '^# Made by hw5' || exit 4; stat -c %a ${CONFIG} && cat ${CONFIG}`,
  parse: (output) => (output.code === 4 ? 'foreign' : textFile(CONFIG).parse(output)),
};

const move = (from: string, to: string): Action => ({
  kind: 'run',
  title: 'give back what was there',
  argv: ['mv', '-f', '--', from, to],
});
const keep = (from: string, to: string): Action => ({
  kind: 'run',
  title: 'keep the one that is there',
  argv: ['cp', '-p', '--', from, to],
});

/** calicoctl itself and the etcd cluster it talks to. */
export const calicoctl = defineComponent({
  name: 'calicoctl',
  title: 'calicoctl',
  needs: ['packages'],
  targets: calicoNodes,
  undoTargets: (cluster) => cluster.nodes,
  facts: () => ({
    hash: fileHash(CALICOCTL),
    origin: textFile(ORIGIN),
    config: configFact,
    before: exists(CONFIG_BEFORE),
    programBefore: exists(CALICOCTL_BEFORE),
  }),
  plan(observed, {cluster, inputs}) {
    const config = render('calico/calicoctl.cfg', {endpoints: etcdEndpoints(cluster).join(',')});
    const {url, sha256} = cluster.calico.calicoctl;
    const isFromUrl = sha256 ? observed.hash === sha256 : observed.hash !== undefined && observed.origin?.content === `${url}\n`;
    const bring: readonly Action[] = inputs.calicoctl
      ? ensureUpload(CALICOCTL, inputs.calicoctl, observed.hash)
      : isFromUrl
        ? []
        : [{kind: 'download', url: url!, sha256, path: CALICOCTL, mode: 0o755}];
    const origin = `${inputs.calicoctl ? 'uploaded' : url}\n`;
    const coming = `not yet ${origin}`;
    // one without our note is the administrator's
    const isTheirs = observed.hash !== undefined && !observed.origin && !observed.programBefore;
    const program =
      bring.length === 0
        ? []
        : [
            ...(isTheirs ? [keep(CALICOCTL, CALICOCTL_BEFORE)] : []),
            ...ensureFile(ORIGIN, coming, observed.origin),
            ...bring,
            ...ensureFile(ORIGIN, origin, {content: coming, mode: '644'}),
          ];
    const isForeign = observed.config === 'foreign';
    return [
      ...program,
      ...(isForeign && !observed.before ? [keep(CONFIG, CONFIG_BEFORE)] : []),
      ...ensureFile(CONFIG, config, observed.config === 'foreign' ? undefined : observed.config),
    ];
  },
  undo(observed) {
    const isOurs = observed.config !== undefined && observed.config !== 'foreign';
    const config: readonly Action[] = isOurs
      ? [
          observed.before ? move(CONFIG_BEFORE, CONFIG) : {kind: 'remove', path: CONFIG},
          {kind: 'run', title: 'remove the folder if it is empty', argv: ['rmdir', '--ignore-fail-on-non-empty', '/etc/calico']},
        ]
      : [];
    // theirs that was kept by an `up` that came no further is the same as the one in its place
    const theirs: readonly Action[] = observed.programBefore ? [move(CALICOCTL_BEFORE, CALICOCTL)] : [];
    const ours: readonly Action[] = observed.programBefore ? theirs : [{kind: 'remove', path: CALICOCTL}];
    const program: readonly Action[] = observed.origin ? [...ours, {kind: 'remove', path: ORIGIN}] : theirs;
    return [...config, ...program];
  },
});

/** The IP pool of the network. */
function poolResource(cluster: Cluster): unknown {
  return {
    apiVersion: 'v1',
    kind: 'ipPool',
    metadata: {cidr: cluster.network.subnet.toString()},
    spec: {ipip: {enabled: false}, 'nat-outgoing': cluster.calico.natOutgoing},
  };
}

/**
 * The network's profile. Calico's own lets in only what comes from the network itself, so the reverse proxies of the *other* nodes would get
 * no answer from a container: the nodes' addresses are let in as well.
 */
function profileResource(cluster: Cluster): unknown {
  const {name} = cluster.network;
  return {
    apiVersion: 'v1',
    kind: 'profile',
    metadata: {name, tags: [name], labels: {}},
    spec: {
      ingress: [
        {action: 'allow', source: {tag: name}},
        ...cluster.nodes.map((node) => ({action: 'allow', source: {net: `${node.address}/32`}})),
      ],
      egress: [{action: 'allow'}],
    },
  };
}

/** Something that Calico keeps in etcd. */
const record = (script: string): Fact<string | undefined> => ({
  ...output(script),
  service: 'etcd',
  timeoutHint: 'etcd does not answer: `hw5 status` tells how its members do',
});

/** The pool's and the profile's records, in etcd, before any container starts. */
export const pool = defineComponent({
  name: 'pool',
  title: 'Calico IP pool and profile',
  needs: ['calicoctl', everywhere('etcd')],
  targets: (cluster) => calicoNodes(cluster).slice(0, 1),
  facts: ({cluster}) => ({
    pool: record(`calicoctl get ipPool ${quote(cluster.network.subnet.toString())} -o json`),
    profile: record(`calicoctl get profile ${quote(cluster.network.name)} -o json`),
  }),
  plan(observed, {cluster}) {
    const resources = [
      {observed: observed.pool, wanted: poolResource(cluster), title: `IP pool ${cluster.network.subnet}`},
      {
        observed: observed.profile,
        wanted: profileResource(cluster),
        title: `profile ${cluster.network.name}: the nodes may reach the containers`,
      },
    ];
    return resources
      .filter((resource) => !holds(resource.observed, resource.wanted))
      .map((resource) => ({
        kind: 'run',
        title: resource.title,
        argv: ['calicoctl', 'apply', '-f', '-'],
        stdin: JSON.stringify(resource.wanted),
        hint: 'does etcd answer? `calicoctl get ipPool` on the node tells',
      }));
  },
  undo(observed, {cluster}) {
    const remove = (resource: unknown): Action => ({
      kind: 'run',
      title: 'remove it',
      argv: ['calicoctl', 'delete', '--skip-not-exists', '-f', '-'],
      stdin: JSON.stringify(resource),
    });
    return [
      ...(holds(observed.profile, {metadata: {name: cluster.network.name}}) ? [remove(profileResource(cluster))] : []),
      ...(holds(observed.pool, {metadata: {cidr: cluster.network.subnet.toString()}}) ? [remove(poolResource(cluster))] : []),
    ];
  },
});

const peersOf = (node: ClusterNode, cluster: Cluster): readonly ClusterNode[] =>
  calicoNodes(cluster).filter((peer) => peer.name !== node.name);

const NO_SESSION = 'no session with ';

/** Ends well when the node runs and has a session with each other; says what is missing. */
function sessions(peers: readonly ClusterNode[]): string {
  const checks = peers.map(
    ({name, address}) =>
      `echo "$s" | grep -F ${quote(`| ${address} `)} | grep -q Established || { echo ${quote(`${NO_SESSION}${name} (${address})`)}; exit 1; }`,
  );
  return ['s=$(calicoctl node status) || { echo "$s"; exit 1; }', ...checks].join('\n');
}

/** Healthy when the node has a session with each of the peers. */
function health(peers: readonly ClusterNode[]): Fact<Health> {
  return {
    script: NODE_STATUS,
    whenTimedOut: hanging('calicoctl does not answer'),
    parse({code, stdout}) {
      if (code === 127) return ABSENT;
      if (code !== 0) return {state: 'unhealthy', detail: 'the node does not run'};
      const established = parsePeers(stdout)
        .filter(isEstablished)
        .map(({address}) => address);
      const missing = peers.filter(({address}) => !established.includes(address)).map(({name}) => name);
      return missing.length > 0
        ? {state: 'unhealthy', detail: `no BGP session with ${missing.join(', ')}`}
        : {state: 'healthy', detail: `${peers.length} of ${peers.length} BGP sessions`};
    },
  };
}

/** calico-node on every node of the containers' network, and the mesh between them. */
export const calico = defineComponent({
  name: 'calico',
  title: 'Calico node and BGP mesh',
  needs: ['docker', 'calicoctl', everywhere('pool')],
  targets: calicoNodes,
  undoTargets: (cluster) => cluster.nodes,
  units: UNITS,
  ports: () => [{port: BGP_PORT, protocol: 'tcp', purpose: 'BGP', access: 'members', bind: 'everywhere', processes: ['bird']}],
  health: (cluster, node) => health(peersOf(node, cluster)),
  logs: {container: 'calico-node'},
  facts: ({node, cluster}) => ({
    started: textFile(STARTED),
    // the same question as the wait's, which the host is then asked once: a node without sessions runs
    isRunning: {
      script: sessions(peersOf(node, cluster)),
      parse: ({code, stdout}) => code === 0 || stdout.startsWith(NO_SESSION),
    } satisfies Fact<boolean>,
  }),
  plan(observed, {node, cluster}) {
    const argv = [
      'calicoctl',
      'node',
      'run',
      `--ip=${node.address}`,
      `--name=${node.name}`,
      `--node-image=${cluster.calico.nodeImage}`,
      ...(cluster.calico.asNumber === 64512 ? [] : [`--as=${cluster.calico.asNumber}`]),
      '--no-default-ippools',
    ];
    // calico-node keeps the endpoints it was started with
    const wanted = `${quoteAll(argv)}\n# etcd ${etcdEndpoints(cluster).join(',')}\n`;
    if (observed.isRunning && observed.started?.content === wanted) return [];
    return [
      ...(observed.started ? [] : ensureFile(STARTED, STARTING, undefined)),
      {
        kind: 'script',
        title: quoteAll(argv),
        // it may end with 1 although the node comes up a little later (it follows the log for 10 s only): the process decides
        script: notingPull(
          cluster.calico.nodeImage,
          `log=$(${quoteAll(argv)} 2>&1) && exit 0
for _ in 1 2 3 4 5 6 7 8 9 10; do calicoctl node status >/dev/null 2>&1 && exit 0; sleep 1; done
printf '%s\\n' "$log" >&2; exit 1`,
        ),
        hint: `can ${node.name} get the image ${cluster.calico.nodeImage}? See \`docker logs calico-node\``,
      },
      ...ensureFile(STARTED, wanted, observed.started),
    ];
  },
  ready: ({node, cluster, unreachable}) => {
    // a session with a machine that is off cannot be waited for
    const peers = peersOf(node, cluster).filter(({name}) => !unreachable.has(name));
    return {
      reason: `BGP sessions with ${peers.map((peer) => peer.name).join(' and ') || 'no peers'}`,
      limitSeconds: 90,
      script: sessions(peers),
      hint: 'is TCP port 179 open between the nodes, and does each have a default route?',
    };
  },
  undo(observed, {node, cluster}) {
    if (!observed.started) return [];
    return [
      {
        kind: 'script',
        title: 'docker rm -f calico-node',
        // none there is well; a dockerd that does not answer is not, as it would start the container again
        script: `command -v docker >/dev/null || exit 0
ids=$(docker ps -aq --filter name='^/calico-node$') || exit 1
printf %s "$ids" | xargs -r docker rm -f`,
        timeoutMs: 60_000,
        hint: `dockerd has to run on ${node.name} for this: \`systemctl restart docker\`, then the same command again`,
      },
      {
        kind: 'script',
        title: 'remove what Calico left in the kernel',
        script: `POOL=${quote(cluster.network.subnet.toString())}\n${template('calico/cleanup.sh')}`,
      },
      {
        kind: 'script',
        title: `calicoctl delete node ${node.name}`,
        script: `calicoctl delete --skip-not-exists node ${quote(node.name)} || true`,
      },
      {kind: 'remove', path: STARTED},
    ];
  },
});

/** Whether JSON text (a resource or a list of them) has all that is wanted. What the server adds is no difference. */
function holds(text: string | undefined, wanted: unknown): boolean {
  if (!text) return false;
  try {
    const parsed: unknown = JSON.parse(text);
    return (Array.isArray(parsed) ? parsed : [parsed]).some((one) => isWithin(wanted, one));
  } catch {
    return false;
  }
}

function isWithin(wanted: unknown, observed: unknown): boolean {
  if (observed === undefined || observed === null) return isNothing(wanted);
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(observed) &&
      wanted.length === observed.length &&
      wanted.every((value, index) => isWithin(value, observed[index]))
    );
  }
  if (typeof wanted === 'object' && wanted !== null) {
    return Object.entries(wanted).every(([name, value]) => isWithin(value, (observed as Record<string, unknown>)[name]));
  }
  return wanted === observed;
}

/** What Calico leaves out when it prints a resource: false, and lists and objects with nothing in them. */
function isNothing(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.values(value).every(isNothing) : value === false;
}
