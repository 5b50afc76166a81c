import {type Cluster, type ClusterNode, calicoNodes, etcdEndpoints} from '../../cluster/cluster.js';
import {ensureFile} from '../../engine/action.js';
import {mapped, textFile} from '../../engine/facts.js';
import type {Inputs} from '../../engine/inputs.js';
import {everywhere} from '../../engine/step.js';
import {quote, quoteAll} from '../../host/command.js';
import {template} from '../../support/template.js';
import {defineComponent} from '../component.js';
import {imageHint} from '../docker/dockerd.js';
import {ABSENT, hanging} from '../health.js';
import {recordingPull} from '../images/pulled.js';
import {ETC} from '../places.js';
import {BGP_PORT, NODE_HEALTH, readHealth, withoutSession} from './node-status.js';
import {CONTAINER, removeContainer, running, stop, UNITS} from './running.js';

/**
 * The arguments with which `node run` last succeeded, and which calicoctl it was. Without this file hw5 has never started calico-node, and an
 * existing one is foreign. (`node run` starts a container in upstream Calico; others may start services, whose arguments cannot be read.)
 */
const STARTED = `${ETC}/calico-node`;
/** The content of that file until the first `node run` has succeeded: whatever it starts is hw5's to remove. */
const STARTING = '# hw5 is about to start calico-node\n';

/** calico-node on every node of the containers' network, and the BGP sessions between them. */
export const calicoNode = defineComponent({
  name: 'calico',
  title: 'Calico node and BGP mesh',
  needs: ['docker', 'calicoctl', everywhere('pool')],
  targets: calicoNodes,
  undoTargets: (cluster) => cluster.nodes,
  units: UNITS,
  ports: () => [{port: BGP_PORT, protocol: 'tcp', purpose: 'BGP', access: 'members', bind: 'everywhere', processes: ['bird']}],
  health(cluster, node) {
    const peers = peersOf(node, cluster);
    return {
      ...NODE_HEALTH,
      whenTimedOut: hanging('calicoctl does not answer'),
      parse(output) {
        if (output.code === 127) return ABSENT;
        const {isRunning, problem, peers: table} = readHealth(output);
        if (!isRunning) return {state: 'unhealthy', detail: problem};
        const missing = withoutSession(peers, table).map(({name}) => name);
        return missing.length > 0
          ? {state: 'unhealthy', detail: `no BGP session with ${missing.join(', ')}`}
          : {state: 'healthy', detail: `${peers.length} of ${peers.length} BGP sessions`};
      },
    };
  },
  logs: {container: CONTAINER, files: '/var/log/calico/*/current'},
  // the script is the wait's, too, so that it runs once per observation; a node without sessions runs
  facts: () => ({started: textFile(STARTED), isRunning: mapped(NODE_HEALTH, ({isRunning}) => isRunning), running}),
  plan(observed, {node, cluster, inputs}) {
    const argv = nodeRun(node, cluster);
    const calicoctl = calicoctlLine(cluster, inputs);
    const desired = startedRecord(node, cluster, inputs);
    const former = observed.started?.content;
    const {services, hasContainer} = observed.running;
    const areTwo = services.length > 0 && hasContainer;
    if (observed.isRunning && !areTwo && former === desired) return [];
    // another calicoctl may have started something that this one's `node run` does not replace
    const isOther = former !== undefined && former !== STARTING && !former.includes(`\n${calicoctl}\n`);
    const reason = former?.includes('\n# calicoctl ')
      ? 'another calicoctl has started it'
      : 'it is not recorded which calicoctl has started it';
    return [
      ...(observed.started ? [] : ensureFile(STARTED, STARTING, undefined)),
      ...(areTwo || isOther ? stop(observed.running, node.name, areTwo ? 'both run' : reason) : []),
      {
        kind: 'script',
        title: quoteAll(argv),
        // `node run` follows the log for 10 s only and may exit with 1 although the node comes up later: its status decides
        script: recordingPull(
          cluster.calico.nodeImage,
          `log=$(${quoteAll(argv)} 2>&1) && exit 0
for _ in 1 2 3 4 5 6 7 8 9 10; do calicoctl node status >/dev/null 2>&1 && exit 0; sleep 1; done
printf '%s\\n' "$log" >&2
docker image inspect ${quote(cluster.calico.nodeImage)} >/dev/null 2>&1 || echo ${quote(`${node.name} has no image ${cluster.calico.nodeImage}`)} >&2
exit 1`,
        ),
        hint: `see \`docker logs ${CONTAINER}\` on ${node.name}, and /var/log/calico there`,
        hints: [imageHint(cluster.calico.nodeImage, node.name)],
      },
      ...ensureFile(STARTED, desired, observed.started),
    ];
  },
  ready({node, cluster, unreachable}) {
    // a host that is off has no sessions
    const peers = peersOf(node, cluster).filter(({name}) => !unreachable.has(name));
    return {
      reason: `BGP sessions with ${peers.map((peer) => peer.name).join(' and ') || 'no peers'}`,
      // BIRD's own pauses after a failed connection are up to two minutes, but 63 s is the longest that was measured (a cold start of all nodes)
      limitSeconds: 150,
      script: NODE_HEALTH.script,
      missing(output) {
        const {isRunning, problem, peers: table} = readHealth(output);
        if (!isRunning) return problem;
        const [first] = withoutSession(peers, table);
        return first && `no session with ${first.name} (${first.address})`;
      },
      hint: 'is TCP port 179 open between the nodes, and does each have a default route? Felix and BIRD log to /var/log/calico',
    };
  },
  undo(observed, {node, cluster}) {
    if (!observed.started) return [];
    return [
      removeContainer(node.name),
      {
        kind: 'script',
        title: 'remove what Calico left in the kernel',
        script: `POOL=${quote(cluster.network.subnet.toString())}\n${template('calico/stop.sh')}\n${template('calico/cleanup.sh')}`,
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

function peersOf(node: ClusterNode, cluster: Cluster): readonly ClusterNode[] {
  return calicoNodes(cluster).filter((peer) => peer.name !== node.name);
}

/** The command that starts the node. */
function nodeRun(node: ClusterNode, cluster: Cluster): readonly string[] {
  return [
    'calicoctl',
    'node',
    'run',
    `--ip=${node.address}`,
    `--name=${node.name}`,
    `--node-image=${cluster.calico.nodeImage}`,
    ...(cluster.calico.asNumber === 64512 ? [] : [`--as=${cluster.calico.asNumber}`]),
    '--no-default-ippools',
  ];
}

function calicoctlLine({calico: {calicoctl}}: Cluster, inputs: Inputs): string {
  return `# calicoctl ${inputs.calicoctl?.sha256 ?? calicoctl.url}`;
}

/** The content of STARTED once the node runs as desired. calico-node keeps using the etcd endpoints with which it was started. */
export function startedRecord(node: ClusterNode, cluster: Cluster, inputs: Inputs): string {
  return `${quoteAll(nodeRun(node, cluster))}\n# etcd ${etcdEndpoints(cluster).join(',')}\n${calicoctlLine(cluster, inputs)}\n`;
}
