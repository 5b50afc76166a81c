import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import {defineStep} from '../step/step.js';
import {fromApt} from './apt.js';

/** Debian's packages for a node of these roles. Debian and Ubuntu name them alike. */
export function packagesFor(node: ClusterNode, cluster: Cluster): readonly string[] {
  const isContainerHost = node.roles.includes('agent');
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

/** Packages by apt. Nothing that is there is installed again; `down` leaves them. */
export const packages = defineStep({
  name: 'packages',
  title: 'Debian packages',
  // a Docker that starts on a host that does not forward yet turns that on itself, and then drops all else that is forwarded
  needs: ['kernel'],
  targets: (cluster) => cluster.nodes,
  facts: ({node, cluster}) => ({
    // one answer for all: what is not installed. Docker's own package stands in for the distribution's, which would throw it out
    missing: fromApt(
      `is() { [ "$(dpkg-query -W -f '\${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
for p in ${packagesFor(node, cluster).join(' ')}; do is "$p" || { [ "$p" = docker.io ] && is docker-ce; } || printf '%s ' "$p"; done; true`,
    ),
  }),
  plan(seen) {
    const missing = seen.missing?.split(' ').filter(Boolean) ?? [];
    if (missing.length === 0) return [];
    return [
      {
        kind: 'script',
        title: `apt-get install ${missing.join(' ')}`,
        // a lock held by unattended-upgrades is waited for; debconf never asks
        script: `set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -q -o DPkg::Lock::Timeout=300 update
apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends --no-remove ${missing.join(' ')}`,
        timeoutMs: 20 * 60_000,
        hint: 'try `apt-get update` on the node: its package sources or its network do not answer',
      },
    ];
  },
  undo: () => [],
});
