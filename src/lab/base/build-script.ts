import {type BaseRecipe, sourcesList} from './recipe.js';

/**
 * The shell script that makes `tree` (the machines' file system) and `base.tar` (the bare Debian in it, for Docker images) in the current directory.
 * It runs in its own mount and pid namespaces, so that no mount and no process remains when it is killed.
 */
export const BUILD_SCRIPT = `set -eu
umask 022
say() { echo "hw5: $*"; }

say "bare Debian $SUITE"
debootstrap --variant=minbase --arch="$ARCHITECTURE" "$SUITE" tree "$MIRROR"
printf '%s' "$SOURCES_LIST" > tree/etc/apt/sources.list
printf '%s\\n' "$APT_SETTINGS" 'Acquire::Languages "none";' > tree/etc/apt/apt.conf.d/90hw5-lab
rm -rf tree/var/cache/apt/archives/*.deb tree/var/lib/apt/lists/* tree/var/log/*.log tree/etc/resolv.conf tree/etc/hostname tree/etc/machine-id
tar -C tree --numeric-owner -cf base.tar .

# Prevents services from being started in the chroot: 101 means "forbidden by local policy".
printf '#!/bin/sh\\nexit 101\\n' > tree/usr/sbin/policy-rc.d
chmod 755 tree/usr/sbin/policy-rc.d
cp /etc/resolv.conf tree/etc/resolv.conf
mount -t proc proc tree/proc

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
say "package lists"
chroot tree apt-get -q update
say "packages"
# shellcheck disable=SC2086
chroot tree apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io install $PACKAGES
say "login user"
chroot tree useradd --create-home --shell /bin/bash "$LOGIN_USER"

umount tree/proc
rm -rf tree/usr/sbin/policy-rc.d tree/etc/resolv.conf tree/var/cache/apt/archives/*.deb tree/var/lib/apt/lists/*
# These are made for each machine.
rm -f tree/etc/ssh/ssh_host_* tree/etc/machine-id tree/etc/hostname tree/var/lib/dbus/machine-id
chmod 644 base.tar
sync -f .
`;

/** The script's environment, complete. */
export function buildEnvironment(recipe: BaseRecipe): Record<string, string> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    SUITE: recipe.suite,
    ARCHITECTURE: recipe.architecture,
    MIRROR: recipe.sources[0]?.uri ?? '',
    SOURCES_LIST: sourcesList(recipe),
    APT_SETTINGS: recipe.aptSettings,
    PACKAGES: [...new Set(recipe.packages)].sort().join(' '),
    LOGIN_USER: recipe.user,
  };
}
