import {type Cluster, type ClusterNode, calicoNodes, etcdEndpoints} from '../../cluster/cluster.js';
import {ensureFile} from '../../engine/action.js';
import {succeeds, textFile} from '../../engine/facts.js';
import {everywhere} from '../../engine/step.js';
import {quote, quoteAll} from '../../host/command.js';
import {template} from '../../support/template.js';
import {defineComponent} from '../component.js';
import {ABSENT, hanging} from '../health.js';
import {recordingPull} from '../images/pulled.js';
import {ETC} from '../places.js';
import {BGP_PORT, isEstablished, NODE_STATUS, parsePeers} from './node-status.js';

const CONTAINER = 'calico-node';
/** Where Calico runs as services instead of the container. */
const UNITS = ['calico-felix.service', 'calico-bird.service', 'calico-libnetwork.service'];
/**
 * The arguments with which `node run` last succeeded. Without this file hw5 has never started calico-node, and an existing one is foreign.
 * (`node run` starts a container in upstream Calico; others may start services, whose arguments cannot be read.)
 */
export const STARTED = `${ETC}/calico-node`;
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
      script: NODE_STATUS,
      whenTimedOut: hanging('calicoctl does not answer'),
      parse({code, stdout}) {
        if (code === 127) return ABSENT;
        if (code !== 0) return {state: 'unhealthy', detail: 'the node does not run'};
        const missing = withoutSession(peers, stdout).map(({name}) => name);
        return missing.length > 0
          ? {state: 'unhealthy', detail: `no BGP session with ${missing.join(', ')}`}
          : {state: 'healthy', detail: `${peers.length} of ${peers.length} BGP sessions`};
      },
    };
  },
  logs: {container: CONTAINER, files: '/var/log/calico/*/current'},
  // the script is the wait's, too, so that it runs once per observation; a node without sessions exits with 0
  facts: () => ({started: textFile(STARTED), isRunning: succeeds(NODE_STATUS)}),
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
    // calico-node keeps using the endpoints with which it was started
    const desired = `${quoteAll(argv)}\n# etcd ${etcdEndpoints(cluster).join(',')}\n`;
    if (observed.isRunning && observed.started?.content === desired) return [];
    return [
      ...(observed.started ? [] : ensureFile(STARTED, STARTING, undefined)),
      {
        kind: 'script',
        title: quoteAll(argv),
        // `node run` follows the log for 10 s only and may exit with 1 although the node comes up later: its status decides
        script: recordingPull(
          cluster.calico.nodeImage,
          `log=$(${quoteAll(argv)} 2>&1) && exit 0
for _ in 1 2 3 4 5 6 7 8 9 10; do calicoctl node status >/dev/null 2>&1 && exit 0; sleep 1; done
printf '%s\\n' "$log" >&2; exit 1`,
        ),
        hint: `can ${node.name} get the image ${cluster.calico.nodeImage}? See \`docker logs ${CONTAINER}\``,
      },
      ...ensureFile(STARTED, desired, observed.started),
    ];
  },
  ready({node, cluster, unreachable}) {
    // a host that is off has no sessions
    const peers = peersOf(node, cluster).filter(({name}) => !unreachable.has(name));
    return {
      reason: `BGP sessions with ${peers.map((peer) => peer.name).join(' and ') || 'no peers'}`,
      limitSeconds: 90,
      script: NODE_STATUS,
      missing({code, stdout}) {
        if (code !== 0) return stdout.trim();
        const [first] = withoutSession(peers, stdout);
        return first && `no session with ${first.name} (${first.address})`;
      },
      hint: 'is TCP port 179 open between the nodes, and does each have a default route?',
    };
  },
  undo(observed, {node, cluster}) {
    if (!observed.started) return [];
    return [
      {
        kind: 'script',
        title: `docker rm -f ${CONTAINER}`,
        // fails while dockerd does not answer, because dockerd would start the container again later
        script: `command -v docker >/dev/null || exit 0
ids=$(docker ps -aq --filter name='^/${CONTAINER}$') || exit 1
# shellcheck disable=SC2086 # one argument per id
[ -z "$ids" ] || docker rm -f $ids`,
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

function peersOf(node: ClusterNode, cluster: Cluster): readonly ClusterNode[] {
  return calicoNodes(cluster).filter((peer) => peer.name !== node.name);
}

/** The peers without an established session. @param table what `calicoctl node status` printed */
function withoutSession(peers: readonly ClusterNode[], table: string): readonly ClusterNode[] {
  const established = new Set(
    parsePeers(table)
      .filter(isEstablished)
      .map(({address}) => address),
  );
  return peers.filter(({address}) => !established.has(address));
}
