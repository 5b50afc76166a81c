import {type Cluster, type ClusterNode, isOnContainerNetwork} from '../../cluster/cluster.js';
import type {Fact} from '../../engine/fact.js';
import {defineComponent} from '../component.js';
import {fromApt} from './apt.js';

/** Debian's packages for a node of these roles. Debian and Ubuntu name them alike. */
export function packagesFor(node: ClusterNode, cluster: Cluster): readonly string[] {
  const isContainerHost = isOnContainerNetwork(node);
  return [
    'ca-certificates',
    'curl',
    'iproute2',
    'iptables',
    ...(node.roles.includes('etcd') ? ['etcd-server', 'etcd-client'] : []),
    ...(isContainerHost || cluster.mesos.source.kind === 'image' ? ['docker.io'] : []),
    ...(isContainerHost ? ['conntrack'] : []),
    ...(node.roles.includes('proxy') || node.roles.includes('framework') ? ['nodejs'] : []),
  ];
}

/** The packages that are not installed, as one answer for all. Docker's own stands in for the distribution's, which would throw it out. */
export function missingPackages(node: ClusterNode, cluster: Cluster): Fact<string | undefined> {
  return fromApt(
    `is() { [ "$(dpkg-query -W -f '\${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
for p in ${packagesFor(node, cluster).join(' ')}; do is "$p" || { [ "$p" = docker.io ] && is docker-ce; } || printf '%s ' "$p"; done; true`,
  );
}

/**
 * A lock held by unattended-upgrades is waited for; neither debconf nor dpkg asks anything. A package source that does not answer is no
 * reason to fail while the others have all that is needed. A dpkg that was interrupted, as by Ctrl-C in an earlier run, lets nothing be
 * installed before it is told to go on: only after apt, which knows to wait for the lock, has said so.
 */
function installScript(missing: readonly string[]): string {
  return `export DEBIAN_FRONTEND=noninteractive
install() {
  apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \\
    install --no-install-recommends --no-remove ${missing.join(' ')} </dev/null
}
apt-get -q -o DPkg::Lock::Timeout=300 update </dev/null || echo 'apt-get update failed' >&2
install && exit 0
[ -n "$(ls -A /var/lib/dpkg/updates 2>/dev/null; dpkg --audit)" ] || exit 1
dpkg --force-confdef --force-confold --configure -a </dev/null && install`;
}

/** Packages by apt. Nothing that is there is installed again; `down` leaves them. */
export const packages = defineComponent({
  name: 'packages',
  title: 'Debian packages',
  // a Docker that starts on a host that does not forward yet turns that on itself, and then drops all else that is forwarded
  needs: ['kernel'],
  targets: (cluster) => cluster.nodes,
  facts: ({node, cluster}) => ({missing: missingPackages(node, cluster)}),
  plan(observed) {
    const missing = observed.missing?.split(' ').filter(Boolean) ?? [];
    if (missing.length === 0) return [];
    return [
      {
        kind: 'script',
        title: `apt-get install ${missing.join(' ')}`,
        script: installScript(missing),
        timeoutMs: 20 * 60_000,
        hint: 'try `apt-get update` on the node: its package sources or its network do not answer',
      },
    ];
  },
  undo: () => [],
});
