import {sha256} from '../../support/sha256.js';
import type {AptSource} from './apt-sources.js';

/** Counts up when the building itself changes, so that older caches are not used. */
const RECIPE_VERSION = 1;

/** All that decides what is in the base file system. */
export interface BaseRecipe {
  readonly suite: string;
  readonly architecture: string;
  readonly sources: readonly AptSource[];
  /** apt settings taken over from this computer, one `Name "value";` a line. */
  readonly aptSettings: string;
  readonly packages: readonly string[];
  /** The login user. */
  readonly user: string;
}

/** The packages a small Debian server has, and those hw5 would install itself: present, so that the lab starts quickly. */
export const SERVER_PACKAGES: readonly string[] = [
  'bird',
  'ca-certificates',
  'conntrack',
  'curl',
  'dbus',
  'docker.io',
  'etcd-client',
  'etcd-server',
  'iproute2',
  'ipset',
  'iptables',
  'iputils-ping',
  'kmod',
  'less',
  'nodejs',
  'openssh-server',
  'procps',
  'sudo',
  'systemd',
  'systemd-sysv',
];

/** Names the cache directory: the same recipe has the same key on every computer. */
export function recipeKey(recipe: BaseRecipe): string {
  const packages = [...new Set(recipe.packages)].sort();
  return sha256(JSON.stringify([RECIPE_VERSION, {...recipe, packages}])).slice(0, 16);
}

/** Settings without which apt would not work in the machines either: proxies, and what a mirror with old signatures needs. */
const TAKEN_OVER = /^Acquire::(Check-Valid-Until|Check-Date|https?::Proxy) "[^"@]*";$/;

/** @param dump the output of `apt-config dump Acquire` */
export function takeOverAptSettings(dump: string): string {
  return dump
    .split('\n')
    .filter((line) => TAKEN_OVER.test(line) && !line.endsWith(' "";'))
    .sort()
    .join('\n');
}

/** The machines' sources.list. */
export function sourcesList(recipe: BaseRecipe): string {
  return recipe.sources.map((source) => `deb ${source.uri} ${source.suite} main\n`).join('');
}
