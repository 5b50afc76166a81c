import {BIRD_UNIT, FELIX_UNIT, LIBNETWORK_UNIT} from './units.js';

/** Exactly one of `program` (the name of a bundle) and `text` is given. */
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
/** A unit file that is empty counts as masked: Debian's package starts its daemon at once otherwise. */
const masked = (name: string) => ({text: '', path: `/etc/systemd/system/${name}.service`, mode: 0o644});

/** What stands in for Calico's node image. calicoctl itself is not here: hw5 brings it, by URL or path, as on real servers. */
export const install: Install = {
  packages: ['bird', 'conntrack', 'iproute2', 'iptables', 'nodejs'],
  files: [
    program('calico-felix'),
    program('calico-libnetwork'),
    unit('calico-felix', FELIX_UNIT),
    unit('calico-bird', BIRD_UNIT),
    unit('calico-libnetwork', LIBNETWORK_UNIT),
    masked('bird'),
    masked('bird6'),
  ],
  enable: [],
};
