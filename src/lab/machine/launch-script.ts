import type {Lab, LabMachine} from '../lab.js';
import type {Mount} from '../upstream/given.js';

/** The cgroup all labs are under, relative to each hierarchy's mount. */
export const CGROUP_ROOT = 'hw5-lab';

/** When processor time is short, all machines together get as much as this many processes outside of them. */
const CPU_SHARE = 16;

export function labCgroup(lab: Lab): string {
  return `${CGROUP_ROOT}/${lab.name}`;
}

/** Every machine has its own cgroup: otherwise the systemds of all machines would manage the same cgroups, and so would their Dockers. */
export function machineCgroup(lab: Lab, machine: LabMachine): string {
  return `${labCgroup(lab)}/${machine.name}`;
}

/**
 * Joins the machine's cgroup, mounts its disk and boots it. It runs in its own mount namespace, so that the mounts disappear with the machine.
 * The pid stays the same from the script to systemd-nspawn (exec).
 * Environment: CGROUP, UNIT_CGROUP (empty where process 1 is not systemd), HIERARCHIES, LOWER, DIRECTORY. Arguments: systemd-nspawn's.
 */
export const LAUNCH_SCRIPT = `# shellcheck disable=SC2153 # the variables in capitals are the environment
set -eu
umask 022
for mount in $HIERARCHIES; do
  # Under systemd this process is in the unit's cgroup already, but only in the hierarchies that systemd manages (of v1 not cpuset, freezer ...).
  if [ -n "$UNIT_CGROUP" ] && grep -qsx "$$" "$mount/$UNIT_CGROUP/cgroup.procs"; then continue; fi
  directory=$mount
  for name in $(printf %s "$CGROUP" | tr / ' '); do
    parent=$directory
    directory=$directory/$name
    mkdir -p "$directory"
    # v1: a new cpuset is empty and accepts no process before its processors are set.
    if [ -e "$directory/cpuset.mems" ] && [ -e "$directory/tasks" ]; then
      cat "$parent/cpuset.cpus" > "$directory/cpuset.cpus"
      cat "$parent/cpuset.mems" > "$directory/cpuset.mems"
    fi
    # v2: the controllers have to be enabled for the children; for some that may not be permitted.
    if [ -e "$parent/cgroup.controllers" ]; then
      # shellcheck disable=SC2013 # names, on one line
      for controller in $(cat "$parent/cgroup.controllers"); do
        echo "+$controller" > "$parent/cgroup.subtree_control" || true
      done 2>/dev/null
    fi
    # With the default weight, all machines together would get the processor time of a single process outside of this cgroup.
    if [ "$name" = ${CGROUP_ROOT} ]; then
      if [ -e "$directory/cpu.shares" ]; then echo ${CPU_SHARE * 1024} > "$directory/cpu.shares"; fi
      if [ -e "$directory/cpu.weight" ]; then echo ${CPU_SHARE * 100} > "$directory/cpu.weight"; fi
    fi
  done
  echo $$ > "$directory/cgroup.procs"
done
cd "$DIRECTORY"
# Mounted under a fixed name, as the cache's path may contain characters that overlayfs takes for separators.
mount --bind "$LOWER" lower
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work root
# Only once: a unit that is disabled later stays disabled.
if [ -e units ]; then
  # shellcheck disable=SC2046
  chroot root systemctl --quiet enable $(cat units)
  rm units
fi
# systemd-nspawn locks the root under this name, and does not remove the lock when it is killed.
stat --format=inode-%d:%i root > nspawn-lock
exec systemd-nspawn "$@"
`;

/** Subdirectories of the machine's directory that LAUNCH_SCRIPT expects. `docker` is the machine's /var/lib/docker: overlay2 cannot work on an overlay. */
export const MACHINE_DIRECTORIES = ['lower', 'upper', 'work', 'root', 'docker'] as const;

/** The arguments that boot a machine as a whole computer: all capabilities, own network, and the system calls that Docker needs. */
export function nspawnArguments(lab: Lab, machine: LabMachine): string[] {
  return [
    '--directory=root',
    `--machine=${machine.nspawnName}`,
    `--hostname=${machine.name}`,
    '--register=no',
    '--keep-unit',
    `--network-bridge=${lab.bridge}`,
    '--capability=all',
    `--bind=${machine.directory}/docker:/var/lib/docker`,
    '--bind=/dev/kmsg',
    ...lab.mounts.map(readOnly),
    '--system-call-filter=keyctl bpf add_key request_key',
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    '--console=read-only',
    '--boot',
  ];
}

/** systemd-nspawn separates the two paths by a colon, and takes a backslash before one that is part of a path. */
function readOnly({from, to}: Mount): string {
  const [source, target] = [from, to].map((path) => path.replace(/[\\:]/g, '\\$&'));
  return `--bind-ro=${source}:${target}`;
}
