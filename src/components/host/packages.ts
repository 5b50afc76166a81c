import type {Cluster, ClusterNode} from '../../cluster/cluster.js';
import type {Fact} from '../../engine/fact.js';
import {type Component, componentsOn, defineComponent} from '../component.js';
import {fromApt} from './apt.js';

/** What hw5's own scripts use. */
const EVERYWHERE = ['ca-certificates', 'curl', 'iproute2', 'iptables'];

/** The Debian packages that a node needs for its components. Ubuntu has the same names. */
export function packagesFor(components: readonly Component[], cluster: Cluster, node: ClusterNode): readonly string[] {
  const needed = componentsOn(components, cluster, node).flatMap(({packages}) => packages?.(cluster, node) ?? []);
  return [...new Set([...EVERYWHERE, ...needed])];
}

/** The names of those packages that are not installed. Docker's own docker-ce counts as docker.io, which would replace it. */
export function missingPackages(packages: readonly string[]): Fact<string | undefined> {
  return fromApt(
    `is() { [ "$(dpkg-query -W -f '\${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
for p in ${packages.join(' ')}; do is "$p" || { [ "$p" = docker.io ] && is docker-ce; } || printf '%s ' "$p"; done; true`,
  );
}

/** Installs the packages that the components need. Installed packages are not upgraded; `down` keeps all. */
export function packages(components: readonly Component[]): Component {
  return defineComponent({
    name: 'packages',
    title: 'Debian packages',
    // without IP forwarding, Docker enables it when it starts, and then drops all other forwarded packets
    needs: ['kernel'],
    targets: (cluster) => cluster.nodes,
    facts: ({node, cluster}) => ({missing: missingPackages(packagesFor(components, cluster, node))}),
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
}

/**
 * Waits while another process (unattended-upgrades) holds dpkg's lock; neither debconf nor dpkg prompts. A failed `update` is no error as
 * long as the packages can be installed. A dpkg that was interrupted, as by Ctrl-C in an earlier run, installs nothing until
 * `dpkg --configure -a`: that runs only after apt, which waits for the lock, has failed.
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
