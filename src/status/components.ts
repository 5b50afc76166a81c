import {type Cluster, type ClusterNode, calicoNodes, isOnContainerNetwork} from '../cluster/cluster.js';
import {notebookOf} from '../cluster/notebook.js';
import type {Fact, FactOutput} from '../engine/fact.js';
import {quote} from '../host/command.js';
import {parsePeers} from './peers.js';
import type {BgpPeer, ComponentStatus} from './status.js';

/** What is asked of a node, in one round trip: each component the node should have. */
export function componentFacts(node: ClusterNode, cluster: Cluster): Readonly<Record<string, Fact<ComponentStatus>>> {
  const has = (role: ClusterNode['roles'][number]): boolean => node.roles.includes(role);
  const runsMesos = cluster.mesos.source.kind !== 'external';
  const endpoint = `http://${node.address}:${cluster.etcd.clientPort}`;
  return {
    ...(has('etcd') && {
      etcd: unitAnd(
        'hw5-etcd.service',
        `ETCDCTL_API=3 etcdctl --endpoints ${endpoint} --command-timeout=5s endpoint health 2>&1 | grep -o 'is healthy'`,
        'no quorum',
      ),
    }),
    ...(isOnContainerNetwork(node) && {
      docker: check(
        `docker info --format '{{.ServerVersion}} {{.ClusterStore}}' | grep ' etcd://'`,
        'dockerd does not answer, or has no cluster store',
        (out) => `Docker ${out.split(' ')[0]}`,
      ),
      calico: calicoFact(node, cluster),
    }),
    ...(has('agent') && {
      network: check(
        `docker network inspect -f '{{.Driver}}' ${quote(cluster.network.name)} | grep -x calico`,
        `no network ${cluster.network.name}`,
        () => cluster.network.name,
      ),
    }),
    ...(has('master') &&
      runsMesos && {
        'mesos-master': unitAnd(
          'hw5-mesos-master.service',
          `curl -sf -m 5 http://${node.address}:${cluster.mesos.masterPort}/health && echo answers`,
          'does not answer',
        ),
      }),
    ...(has('agent') &&
      runsMesos && {
        'mesos-agent': unitAnd(
          'hw5-mesos-agent.service',
          `curl -sf -m 5 http://${node.address}:${cluster.mesos.agentPort}/health && echo answers`,
          'does not answer',
        ),
      }),
    ...(has('proxy') &&
      notebookOf(cluster) && {
        proxy: unitAnd(
          'hw5-proxy.service',
          // the login page or a redirect to it is health; 503 is a proxy without a notebook
          `c=$(curl -s -m 4 -o /dev/null -w '%{http_code}' http://${node.address}:${cluster.proxy.port}/login) ; echo "HTTP $c"; [ "$c" -lt 400 ] && [ "$c" -gt 0 ]`,
          'the notebook does not answer',
        ),
      }),
    ...(has('framework') && {scheduler: unitAnd('hw5-scheduler.service', 'echo runs', 'does not answer')}),
  };
}

/** `calicoctl node status` and whether every peer that should be there is Established. */
function calicoFact(node: ClusterNode, cluster: Cluster): Fact<ComponentStatus> {
  const wanted = calicoNodes(cluster).filter((peer) => peer.name !== node.name);
  return {
    script: NODE_STATUS,
    whenSilent: silent('calicoctl does not answer'),
    parse(output) {
      if (output.code === 127) return absent;
      if (output.code !== 0) return {state: 'unhealthy', detail: 'the node does not run'};
      const peers = parsePeers(output.stdout);
      const lost = wanted.filter(
        (peer) => !peers.some((one) => one.address === peer.address && one.info.startsWith('Established')),
      );
      if (lost.length > 0) return {state: 'unhealthy', detail: `no BGP session with ${lost.map((peer) => peer.name).join(', ')}`};
      return {state: 'healthy', detail: `${wanted.length} of ${wanted.length} BGP sessions`};
    },
  };
}

const NODE_STATUS = 'command -v calicoctl >/dev/null || exit 127; calicoctl node status';

/** The BGP peers as the node sees them. */
export const peersFact: Fact<readonly BgpPeer[]> = {
  script: NODE_STATUS,
  whenSilent: [],
  parse: (output: FactOutput) => (output.code === 0 ? parsePeers(output.stdout) : []),
};

const absent: ComponentStatus = {state: 'absent', detail: 'not there'};
const silent = (trouble: string): ComponentStatus => ({state: 'unhealthy', detail: `${trouble} (it hangs)`});

function check(script: string, trouble: string, detail: (output: string) => string): Fact<ComponentStatus> {
  return {
    script,
    whenSilent: silent(trouble),
    parse: ({code, stdout}) =>
      code === 0 ? {state: 'healthy', detail: detail(stdout.trim())} : {state: 'unhealthy', detail: trouble},
  };
}

/** A unit of ours that is active, and its service answers. */
function unitAnd(unit: string, script: string, trouble: string): Fact<ComponentStatus> {
  return {
    script: `s=$(systemctl show -p LoadState,ActiveState,SubState --value ${unit} | tr '\\n' ' '); echo "$s"
case "$s" in loaded*) ;; *) exit 4;; esac
case "$s" in *' active '*) ;; *) exit 5;; esac
${script}`,
    whenSilent: silent(trouble),
    parse({code, stdout}) {
      const [unitLine = '', ...answer] = stdout.trim().split('\n');
      if (code === 4) return absent;
      if (code === 5) return {state: 'unhealthy', detail: `the service is ${unitLine.trim().split(' ').slice(1).join(', ')}`};
      const said = answer.join(' ').trim();
      return code === 0
        ? {state: 'healthy', detail: said}
        : {state: 'unhealthy', detail: said ? `${trouble} (${said})` : trouble};
    },
  };
}
