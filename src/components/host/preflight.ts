import {type Cluster, type ClusterNode, isOnContainerNetwork} from '../../cluster/cluster.js';
import type {Fact} from '../../engine/fact.js';
import {FILES, mapped, output} from '../../engine/facts.js';
import {defineStep, type Problem} from '../../engine/step.js';
import {fromDockerd} from '../docker/dockerd.js';
import {TAGS} from '../images/component.js';
import {fromApt} from './apt.js';
import {missingPackages} from './packages.js';
import {preflightProblems, referenceClock, type WantedPort} from './preflight-problems.js';

const LOOPBACK = '127.0.0.1';

/** Ports that a node's own services will listen on, with what for and at which addresses. */
export function portsOf(node: ClusterNode, cluster: Cluster): readonly WantedPort[] {
  const here = [node.address];
  const has = (role: ClusterNode['roles'][number]): boolean => node.roles.includes(role);
  const runsMesos = cluster.mesos.source.kind !== 'external';
  return [
    ...(has('etcd')
      ? [
          {port: cluster.etcd.clientPort, purpose: 'etcd clients', at: [...here, LOOPBACK]},
          {port: cluster.etcd.peerPort, purpose: 'etcd peers', at: here},
        ]
      : []),
    ...(has('master') && runsMesos ? [{port: cluster.mesos.masterPort, purpose: 'the Mesos master', at: here}] : []),
    ...(has('agent') && runsMesos ? [{port: cluster.mesos.agentPort, purpose: 'the Mesos agent', at: here}] : []),
    ...(isOnContainerNetwork(node) ? [{port: 179, purpose: 'BGP', at: 'everywhere' as const}] : []),
    ...(has('proxy')
      ? [
          {port: cluster.proxy.port, purpose: 'the reverse proxy', at: here},
          {port: cluster.proxy.apiPort, purpose: "the reverse proxy's API", at: [LOOPBACK]},
        ]
      : []),
  ];
}

/** Prints the version of a package; one that was removed, of which the configuration is left, has none. */
const installed = (name: string): string =>
  `dpkg-query -W -f '\${db:Status-Status} \${Version}' ${name} 2>/dev/null | sed -n 's/^installed //p' | grep .`;

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
      `${installed('docker.io')} || ${installed('docker-ce')} || apt-cache policy docker.io | sed -n 's/^  Candidate: //p'`,
    ),
    node: fromApt(`node --version 2>/dev/null || apt-cache policy nodejs | sed -n 's/^  Candidate: /v/p'`),
    etcd: fromApt(`${installed('etcd-server')} || apt-cache policy etcd-server | sed -n 's/^  Candidate: //p'`),
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
    // one right after the other: a service that restarts meanwhile would be a stranger
    listeners: {...output('ss -Hltnp'), asks: 'systemd'},
    /** Processes that may hold our ports: ours, and the distribution's etcd, which hw5 will stop. */
    ours: {...output("systemctl show -p MainPID --value 'hw5-*.service' etcd.service | grep ."), asks: 'systemd'},
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
