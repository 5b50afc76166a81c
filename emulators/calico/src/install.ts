import {BIRD_UNIT, BIRD6_UNIT, FELIX_UNIT, LIBNETWORK_UNIT, SVLOGD} from './unit-files.js';

/** Exactly one of `program` (a name in the `hw5.programs` of package.json) and `text` is given. */
interface InstalledFile {
  readonly path: string;
  readonly mode: number;
  readonly program?: string;
  readonly text?: string;
}

interface Install {
  /** Debian packages. */
  readonly packages: readonly string[];
  readonly files: readonly InstalledFile[];
  /** systemd units enabled at boot. */
  readonly enable: readonly string[];
}

const program = (name: string) => ({program: name, path: `/usr/local/lib/calico/${name}`, mode: 0o755});
const unit = (name: string, text: string) => ({text, path: `/etc/systemd/system/${name}.service`, mode: 0o644});
/** An empty unit file masks the unit: Debian's package would start its daemon when it is installed. */
const masked = (name: string) => ({text: '', path: `/etc/systemd/system/${name}.service`, mode: 0o644});

/** What replaces Calico's node image in a machine. Without calicoctl: hw5 installs it, from a URL or a path, as on real servers. */
export const install: Install = {
  packages: ['bird', 'conntrack', 'iproute2', 'ipset', 'iptables', 'nodejs'],
  files: [
    program('calico-felix'),
    program('calico-libnetwork'),
    {text: SVLOGD, path: '/usr/local/lib/calico/svlogd', mode: 0o755},
    unit('calico-felix', FELIX_UNIT),
    unit('calico-bird', BIRD_UNIT),
    unit('calico-bird6', BIRD6_UNIT),
    unit('calico-libnetwork', LIBNETWORK_UNIT),
    masked('bird'),
    masked('bird6'),
  ],
  enable: [],
};
