import {isOnContainerNetwork} from '../../cluster/cluster.js';
import type {Fact} from '../../engine/fact.js';
import {FILES, mapped, output} from '../../engine/facts.js';
import type {FailedCheck} from '../../engine/step.js';
import {quoteAll} from '../../host/command.js';
import {type Component, defineComponent, portsOf} from '../component.js';
import {fromDockerd} from '../docker/dockerd.js';
import {TAGS} from '../images/built.js';
import {fromApt} from './apt.js';
import {missingPackages, packagesFor} from './packages.js';
import {preflightChecks, referenceClock} from './preflight-checks.js';

/** Prints the version of a package; one that was removed, of which the configuration is left, has none. */
const installed = (name: string): string =>
  `dpkg-query -W -f '\${db:Status-Status} \${Version}' ${name} 2>/dev/null | sed -n 's/^installed //p' | grep .`;

/** What the machine tells at once. */
const local = (script: string): Fact<string | undefined> => ({...output(script), service: FILES});

/** Conditions on a host that hw5 cannot fix, found before anything is changed. @param components those whose ports must be free */
export function preflight(components: readonly Component[]): Component {
  const units = ['hw5-*.service', ...components.flatMap(({replaces = []}) => replaces)];
  return defineComponent({
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
      packages: missingPackages(packagesFor(components, cluster, node)),
      // a dockerd that hangs is the business of the steps that ask it
      images: {...TAGS, whenTimedOut: undefined},
      /** Swarm's state of the node, as `inactive`. */
      swarm: {
        ...mapped(
          fromDockerd<{readonly Swarm?: {readonly LocalNodeState?: string}}>('/info'),
          (info) => info?.Swarm?.LocalNodeState,
        ),
        whenTimedOut: undefined,
      },
      // one right after the other: a service that restarts meanwhile would be a stranger
      listeners: {...output('ss -Hltnp'), service: 'systemd'},
      /** Processes that may hold our ports: ours, and the distribution's etcd, which hw5 will stop. */
      ours: {...output(`systemctl show -p MainPID --value ${quoteAll(units)} | grep .`), service: 'systemd'},
      hasHw5: local("find /etc/systemd/system -maxdepth 1 -name 'hw5-*' | grep -c . || true"),
      /** For itself: nothing is to hold it up on one host and not on another. */
      clock: output('date +%s%3N'),
      freeKilobytes: local('df -Pk /var/lib | tail -n1 | awk "{print \\$4}"'),
      gateway: local('ip -4 route get 169.254.1.1'),
      routes: local('ip -4 route show'),
      addresses: local('ip -4 -o addr show'),
    }),
    check(observed, {node, cluster, inputs, allObserved}): readonly FailedCheck[] {
      return preflightChecks(observed, {
        node,
        subnet: cluster.network.subnet,
        ports: portsOf(components, cluster, node),
        clock: referenceClock(
          [...allObserved.values()].map((one) => one.clock),
          inputs.now,
        ),
        images: inputs.images.specs.map(({tag}) => tag),
        isContainerHost: isOnContainerNetwork(node),
        isEtcdMember: node.roles.includes('etcd'),
        needsNode: packagesFor(components, cluster, node).includes('nodejs'),
      });
    },
    plan: () => [],
    undo: () => [],
  });
}
