import {isOnContainerNetwork} from '../../cluster/cluster.js';
import type {Fact} from '../../engine/fact.js';
import {FILES, mapped, output} from '../../engine/facts.js';
import type {FailedCheck} from '../../engine/step.js';
import {quoteAll} from '../../host/command.js';
import {type Component, defineComponent, portsOf} from '../component.js';
import {fromDockerd} from '../docker/dockerd.js';
import {TAGS} from '../images/built.js';
import {fromApt} from './apt.js';
import {checkClock, referenceClock} from './checks/clock.js';
import {checkDisk} from './checks/disk.js';
import {checkNetwork} from './checks/network.js';
import type {PreflightContext, PreflightFacts} from './checks/observed.js';
import {checkPorts} from './checks/ports.js';
import {checkSystem} from './checks/system.js';
import {checkVersions} from './checks/versions.js';
import {missingPackages, packagesFor} from './packages.js';

/** Prints the version of a package, unless only its configuration is left. */
const installed = (name: string): string =>
  `dpkg-query -W -f '\${db:Status-Status} \${Version}' ${name} 2>/dev/null | sed -n 's/^installed //p' | grep .`;

/** A fact from the host's own files and tables. */
const local = (script: string): Fact<string | undefined> => ({...output(script), service: FILES});

/**
 * Prints the listening TCP sockets. ss reads the processes before the sockets: one that starts to listen in between has no process in its output, and would
 * look like a foreign one. Then it is read again. Sockets of the kernel never have a process. @param ports those that matter
 */
export function listenersScript(ports: readonly number[]): string {
  return `for pause in 0.1 0.1 0; do
  table=$(ss -Hltnp)
  printf '%s\\n' "$table" | grep -E ':(${ports.join('|')}) ' | grep -qv 'users:(' || break
  sleep $pause
done
printf '%s\\n' "$table"`;
}

/** Checks what hw5 cannot fix, before anything is changed. @param components those whose ports must be free */
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
      // a dockerd that hangs is reported by the steps that need it
      images: {...TAGS, whenTimedOut: undefined},
      /** Swarm's state of the node, as `inactive`. */
      swarm: {
        ...mapped(
          fromDockerd<{readonly Swarm?: {readonly LocalNodeState?: string}}>('/info'),
          (info) => info?.Swarm?.LocalNodeState,
        ),
        whenTimedOut: undefined,
      },
      // of one service, so that they run directly after each other: a unit that restarts between them would have an unknown process
      listeners: {...output(listenersScript(portsOf(components, cluster, node).map(({port}) => port))), service: 'systemd'},
      /** The processes of hw5's units, and of the distribution's units that hw5 stops. */
      allowed: {...output(`systemctl show -p MainPID --value ${quoteAll(units)} | grep .`), service: 'systemd'},
      hasHw5: local("find /etc/systemd/system -maxdepth 1 -name 'hw5-*' | grep -c . || true"),
      /** Without a service, so that no other fact delays it on one of the hosts. */
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

/** Everything that is wrong with the host. */
export function preflightChecks(observed: PreflightFacts, context: PreflightContext): readonly FailedCheck[] {
  return [
    ...checkSystem(observed),
    ...checkVersions(observed, context),
    ...checkClock(observed, context),
    ...checkDisk(observed, context),
    ...checkPorts(observed, context),
    ...checkNetwork(observed, context),
  ];
}
