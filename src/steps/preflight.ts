import {type Cluster, type ClusterNode, isOnContainerNetwork} from '../cluster/cluster.js';
import type {Fact} from '../step/fact.js';
import {FILES, mapped, output} from '../step/facts.js';
import {defineStep, type Problem} from '../step/step.js';
import {fromApt} from './apt.js';
import {fromDockerd} from './dockerd.js';
import {TAGS} from './images.js';
import {missingPackages} from './packages.js';
import {preflightProblems, referenceClock} from './preflight-problems.js';

/** Ports that a node's own services will listen on, with what for. */
export function portsOf(node: ClusterNode, cluster: Cluster): readonly {readonly port: number; readonly purpose: string}[] {
  const has = (role: ClusterNode['roles'][number]): boolean => node.roles.includes(role);
  const runsMesos = cluster.mesos.source.kind !== 'external';
  return [
    ...(has('etcd')
      ? [
          {port: cluster.etcd.clientPort, purpose: 'etcd clients'},
          {port: cluster.etcd.peerPort, purpose: 'etcd peers'},
        ]
      : []),
    ...(has('master') && runsMesos ? [{port: cluster.mesos.masterPort, purpose: 'the Mesos master'}] : []),
    ...(has('agent') && runsMesos ? [{port: cluster.mesos.agentPort, purpose: 'the Mesos agent'}] : []),
    ...(isOnContainerNetwork(node) ? [{port: 179, purpose: 'BGP'}] : []),
    ...(has('proxy')
      ? [
          {port: cluster.proxy.port, purpose: 'the reverse proxy'},
          {port: cluster.proxy.apiPort, purpose: "the reverse proxy's API"},
        ]
      : []),
  ];
}

/** What the machine tells at once. */
const local = (script: string): Fact<string | undefined> => ({...output(script), asks: FILES});

/** What hw5 cannot mend itself, found before anything is changed. */
export const preflight = defineStep({
  name: 'preflight',
  title: 'preflight',
  needs: [],
  targets: (cluster) => cluster.nodes,
  facts: ({node, cluster}) => ({
    release: local('. /etc/os-release; echo "$ID $VERSION_ID $ID_LIKE"'),
    systemd: local('cat /proc/1/comm'),
    apt: local('command -v apt-get'),
    /** The version that runs, or the one that apt would install. */
    docker: fromApt(
      `dpkg-query -W -f '\${Version}' docker.io 2>/dev/null | grep . || dpkg-query -W -f '\${Version}' docker-ce 2>/dev/null | grep . || apt-cache policy docker.io | sed -n 's/^  Candidate: //p'`,
    ),
    node: fromApt(`node --version 2>/dev/null || apt-cache policy nodejs | sed -n 's/^  Candidate: /v/p'`),
    etcd: fromApt(
      `dpkg-query -W -f '\${Version}' etcd-server 2>/dev/null | grep . || apt-cache policy etcd-server | sed -n 's/^  Candidate: //p'`,
    ),
    packages: missingPackages(node, cluster),
    // a dockerd that hangs is the business of the steps that ask it
    images: {...TAGS, whenSilent: undefined},
    /** Swarm's state of the node, as `inactive`. */
    swarm: {
      ...mapped(
        fromDockerd<{readonly Swarm?: {readonly LocalNodeState?: string}}>('/info'),
        (info) => info?.Swarm?.LocalNodeState,
      ),
      whenSilent: undefined,
    },
    listeners: local('ss -Hltnp'),
    hasHw5: local('ls /etc/systemd/system | grep -c ^hw5- || true'),
    /** For itself: nothing is to hold it up on one host and not on another. */
    clock: output('date +%s%3N'),
    freeKilobytes: local('df -Pk /var/lib | tail -n1 | awk "{print \\$4}"'),
    gateway: local('ip -4 route get 169.254.1.1'),
    routes: local('ip -4 route show'),
    addresses: local('ip -4 -o addr show'),
  }),
  check(seen, {node, cluster, inputs, everywhere}): readonly Problem[] {
    return preflightProblems(seen, {
      node,
      subnet: cluster.network.subnet,
      ports: portsOf(node, cluster),
      clock: referenceClock(
        [...everywhere.values()].map((one) => one.clock),
        inputs.now,
      ),
      images: inputs.images.specs.map(({tag}) => tag),
      isContainerHost: isOnContainerNetwork(node),
      isEtcdMember: node.roles.includes('etcd'),
      needsNode: node.roles.includes('proxy') || node.roles.includes('framework'),
    });
  },
  plan: () => [],
  undo: () => [],
});
