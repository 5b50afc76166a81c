import {sha256} from '../../support/sha256.js';
import type {AptSource} from './apt-sources.js';

/** Incremented when the build script changes, so that bases of older versions are not used. */
const RECIPE_VERSION = 1;

/** Everything that determines the content of the base file system. */
export interface BaseRecipe {
  readonly suite: string;
  readonly architecture: string;
  readonly sources: readonly AptSource[];
  /** apt settings of the host, one `Name "value";` per line. */
  readonly aptSettings: string;
  readonly packages: readonly string[];
  /** The login user. */
  readonly user: string;
}

/** The packages of a small Debian server, and those that hw5 would install: preinstalled, so that `hw5 up` is quick. */
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

/** The name of the cache directory; depends on nothing but the recipe. */
export function recipeKey(recipe: BaseRecipe): string {
  const packages = [...new Set(recipe.packages)].sort();
  return sha256(JSON.stringify([RECIPE_VERSION, {...recipe, packages}])).slice(0, 16);
}

/** Settings that apt needs in the machines as well: proxies, and those for a mirror with old signatures. */
const NEEDED_SETTINGS = /^Acquire::(Check-Valid-Until|Check-Date|https?::Proxy) "[^"@]*";$/;

/** @param dump the output of `apt-config dump Acquire` */
export function neededAptSettings(dump: string): string {
  return dump
    .split('\n')
    .filter((line) => NEEDED_SETTINGS.test(line) && !line.endsWith(' "";'))
    .sort()
    .join('\n');
}

/** The machines' sources.list. */
export function sourcesList(recipe: BaseRecipe): string {
  return recipe.sources.map((source) => `deb ${source.uri} ${source.suite} main\n`).join('');
}
