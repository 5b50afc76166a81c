import {LAB_USER, type Lab, type LabMachine} from '../lab.js';
import type {PreinstalledFile} from '../preinstalled.js';

/** What makes one machine differ from another, decided before the first boot. */
export interface MachineIdentity {
  /** 32 hexadecimal digits. */
  readonly machineId: string;
  /** The private host key, OpenSSH format, and its public half. */
  readonly hostKey: string;
  readonly hostKeyPublic: string;
  /** Public keys that may log in, one a line. */
  readonly authorizedKeys: string;
  /** The content of resolv.conf. */
  readonly resolvConf: string;
  /** True where sudo requires the password. */
  readonly isSudoAsking: boolean;
}

/** A file of a machine: as PreinstalledFile, with an owner other than root where `ownedByUser`. */
export interface MachineFile extends PreinstalledFile {
  readonly ownedByUser?: boolean;
}

/** Debian's units that take time at boot and do nothing useful in a machine without disks, displays and consoles. */
const MASKED_UNITS = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'console-getty.service',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
];

/** Symbolic links, as [path, target]. */
export const MACHINE_LINKS: readonly (readonly [string, string])[] = MASKED_UNITS.map(
  (unit) => [`/etc/systemd/system/${unit}`, '/dev/null'] as const,
);

/** Units of the lab's own that every machine starts. */
export const MACHINE_UNITS: readonly string[] = ['systemd-networkd.service', 'lab-cgroups.service'];

/**
 * systemd-nspawn mounts the cgroup v1 controllers read-only, and Docker needs to write to them.
 * Only a bind remount works: the kernel rejects a plain remount of controllers that are mounted elsewhere, too. Not needed under cgroup v2.
 */
const CGROUPS_UNIT = `[Unit]
Description=Writable cgroup v1 controllers
DefaultDependencies=no
Before=sysinit.target
ConditionPathExists=!/sys/fs/cgroup/cgroup.controllers

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'while read -r _ path type options _; do case "$type:$options" in cgroup:ro,*) mount -o remount,bind,rw "$path";; esac; done < /proc/self/mounts'

[Install]
WantedBy=sysinit.target
`;

/** All files a machine gets over those of the base, the preinstalled ones apart. */
export function machineFiles(lab: Lab, machine: LabMachine, identity: MachineIdentity): MachineFile[] {
  return [
    {path: '/etc/hostname', mode: 0o644, text: `${machine.name}\n`},
    {path: '/etc/hosts', mode: 0o644, text: hosts(lab)},
    {path: '/etc/machine-id', mode: 0o444, text: `${identity.machineId}\n`},
    resolvConfFile(identity.resolvConf),
    {path: '/etc/systemd/network/10-host0.network', mode: 0o644, text: networkUnit(lab, machine)},
    {path: '/etc/systemd/networkd.conf.d/lab.conf', mode: 0o644, text: NETWORKD_CONF},
    {path: '/etc/systemd/system/lab-cgroups.service', mode: 0o644, text: CGROUPS_UNIT},
    {path: '/etc/ssh/sshd_config.d/lab.conf', mode: 0o644, text: SSHD_CONF},
    {path: '/etc/ssh/ssh_host_ed25519_key', mode: 0o600, text: identity.hostKey},
    {path: '/etc/ssh/ssh_host_ed25519_key.pub', mode: 0o644, text: identity.hostKeyPublic},
    {
      path: '/etc/sudoers.d/lab',
      mode: 0o440,
      text: `${LAB_USER} ALL=(ALL:ALL) ${identity.isSudoAsking ? '' : 'NOPASSWD: '}ALL\n`,
    },
    authorizedKeysFile(identity.authorizedKeys),
  ];
}

/** The DNS resolvers that the host uses now. */
export function resolvConfFile(text: string): MachineFile {
  return {path: '/etc/resolv.conf', mode: 0o644, text};
}

/** The public keys that may log in. */
export function authorizedKeysFile(keys: string): MachineFile {
  return {path: `/home/${LAB_USER}/.ssh/authorized_keys`, mode: 0o600, text: keys, ownedByUser: true};
}

function hosts(lab: Lab): string {
  const machines = lab.machines.map((each) => `${each.address} ${each.name}\n`).join('');
  return `127.0.0.1 localhost\n::1 localhost ip6-localhost\n${machines}`;
}

/** No link-local address: BIRD and others could take an address in 169.254/16 for the machine's. */
function networkUnit(lab: Lab, machine: LabMachine): string {
  return `[Match]
Name=host0

[Network]
Address=${machine.address}/${lab.network.prefix}
Gateway=${lab.gateway}
LinkLocalAddressing=no
IPv6AcceptRA=no
`;
}

/** By default networkd removes foreign routes (BIRD's) when it restarts. */
const NETWORKD_CONF = `[Network]
ManageForeignRoutes=no
ManageForeignRoutingPolicyRules=no
`;

const SSHD_CONF = `HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
UseDNS no
`;
