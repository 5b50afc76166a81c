import type {Preinstalled} from '../preinstalled.js';
import {BIRD_UNIT, FELIX_UNIT, LIBNETWORK_UNIT} from './units.js';

const program = (name: string) => ({program: name, path: `/usr/local/lib/calico/${name}`, mode: 0o755});
const unit = (name: string, text: string) => ({text, path: `/etc/systemd/system/${name}.service`, mode: 0o644});
/** A unit file that is empty counts as masked: Debian's package starts its daemon at once otherwise. */
const masked = (name: string) => ({text: '', path: `/etc/systemd/system/${name}.service`, mode: 0o644});

/** What stands in for Calico's node image. calicoctl itself is not here: hw5 brings it, by URL or path, as on real servers. */
export const calicoPreinstalled: Preinstalled = {
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
