import type {Lab, LabMachine} from '../lab.js';

/** The cgroup all labs are under, relative to each hierarchy's mount. */
export const CGROUP_ROOT = 'hw5-lab';

/** The processor time of all machines together, where it is short, in that of one process outside. */
const CPU_SHARE = 16;

export function labCgroup(lab: Lab): string {
  return `${CGROUP_ROOT}/${lab.name}`;
}

/** Every machine has a cgroup of its own: otherwise all machines' systemds would share one tree, as one's Docker another's. */
export function machineCgroup(lab: Lab, machine: LabMachine): string {
  return `${labCgroup(lab)}/${machine.name}`;
}

/**
 * Becomes the machine: joins its cgroup, mounts its disk and boots it. It runs in a mount namespace of its own,
 * so that the mounts vanish with the machine. The process id stays the same to the end (exec).
 * Environment: CGROUP, UNIT_CGROUP (empty where process 1 is not systemd), HIERARCHIES, LOWER, DIRECTORY. Arguments: systemd-nspawn's.
 */
export const LAUNCH_SCRIPT = `# shellcheck disable=SC2153 # the variables in capitals are the environment
set -eu
umask 022
for mount in $HIERARCHIES; do
  # Under systemd the unit's cgroup is ours already, but only in the hierarchies that systemd manages (of v1 not cpuset, freezer ...).
  if [ -n "$UNIT_CGROUP" ] && grep -qsx "$$" "$mount/$UNIT_CGROUP/cgroup.procs"; then continue; fi
  directory=$mount
  for name in $(printf %s "$CGROUP" | tr / ' '); do
    parent=$directory
    directory=$directory/$name
    mkdir -p "$directory"
    # v1: a new cpuset is empty and takes no process until it is told its processors.
    if [ -e "$directory/cpuset.mems" ] && [ -e "$directory/tasks" ]; then
      cat "$parent/cpuset.cpus" > "$directory/cpuset.cpus"
      cat "$parent/cpuset.mems" > "$directory/cpuset.mems"
    fi
    # v2: the controllers have to be handed down; some may not be ours to give.
    if [ -e "$parent/cgroup.controllers" ]; then
      # shellcheck disable=SC2013 # names, on one line
      for controller in $(cat "$parent/cgroup.controllers"); do
        echo "+$controller" > "$parent/cgroup.subtree_control" || true
      done 2>/dev/null
    fi
    # Among processes without a cgroup, all machines together would have the processor time of one of them.
    if [ "$name" = ${CGROUP_ROOT} ]; then
      if [ -e "$directory/cpu.shares" ]; then echo ${CPU_SHARE * 1024} > "$directory/cpu.shares"; fi
      if [ -e "$directory/cpu.weight" ]; then echo ${CPU_SHARE * 100} > "$directory/cpu.weight"; fi
    fi
  done
  echo $$ > "$directory/cgroup.procs"
done
cd "$DIRECTORY"
# Under a fixed name: the cache's path may hold what overlayfs takes for separators.
mount --bind "$LOWER" lower
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work root
# Once only: what somebody disables later stays so.
if [ -e units ]; then
  # shellcheck disable=SC2046
  chroot root systemctl --quiet enable $(cat units)
  rm units
fi
# systemd-nspawn locks the root by this name and cannot take the lock away when it is killed.
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
    '--system-call-filter=keyctl bpf add_key request_key',
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    '--console=read-only',
    '--boot',
  ];
}
