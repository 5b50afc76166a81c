// Plain JavaScript without imports from npm packages: the scripts use it before `npm ci`.

import {access, readFile, statfs} from 'node:fs/promises';
import {release} from 'node:os';
import {delimiter, join} from 'node:path';
import process from 'node:process';

/** Numbers of capabilities, as in linux/capability.h, without which no machine can be made. */
const CAPABILITIES = {CAP_NET_ADMIN: 12, CAP_SYS_CHROOT: 18, CAP_SYS_ADMIN: 21, CAP_MKNOD: 27};
/** f_type of overlayfs, which cannot be the upper layer of another one. */
const OVERLAYFS_MAGIC = 0x794c7630;
/** Programs of Debian packages that scripts/setup.sh would install. */
const PROGRAMS = ['systemd-nspawn', 'debootstrap', 'iptables', 'ip'];
const SYSTEM_DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/**
 * Why no lab can be made on this host: one sentence, undefined where one can be made.
 * @param {Partial<import('./possible.js').HostFacts>} [known] facts that are not to be read from this host, for tests
 * @returns {Promise<string | undefined>}
 */
export async function labObstacle(known = {}) {
  const platform = known.platform ?? process.platform;
  if (platform !== 'linux') return `a lab needs Linux; this is ${platform}`;
  return obstacleOnLinux({...(await readFacts()), ...known});
}

/** @param {import('./possible.js').HostFacts} facts */
function obstacleOnLinux(facts) {
  if (facts.uid !== 0) return 'a lab needs root';
  if (!/^\s*0\s+0\s+4294967295\s*$/.test(facts.uidMap))
    return 'a lab needs root of the host; this is a user namespace, as of a rootless container';
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(facts.processStatus)?.[1] ?? '0'}`);
  const lacking = Object.entries(CAPABILITIES).filter(([, number]) => ((effective >> BigInt(number)) & 1n) === 0n);
  if (lacking.length > 0)
    return `a lab needs ${lacking.map(([name]) => name).join(', ')}, which this process does not have, as in a container without --privileged`;
  if (!facts.mounts.split('\n').some((line) => /^\S+ \S+ cgroup2? rw[, ]/.test(line)))
    return 'a lab needs a writable cgroup file system; none is mounted under /sys/fs/cgroup';
  if (!facts.hasOverlayfs) return 'a lab needs overlayfs, which this kernel does not have';
  if (facts.stateFileSystem === OVERLAYFS_MAGIC)
    return '/var/lib is on overlayfs, which cannot hold the disks of a lab: mount a volume at /var/lib/hw5';
  if (facts.missingPrograms.length > 0 && !facts.hasApt)
    return `a lab needs ${facts.missingPrograms.join(', ')}, and there is no apt-get to install them`;
  return undefined;
}

/** @returns {Promise<import('./possible.js').HostFacts>} */
async function readFacts() {
  const read = (/** @type {string} */ path) => readFile(path, 'utf8').catch(() => '');
  const [processStatus, uidMap, mounts, filesystems, builtin, modules] = await Promise.all([
    read('/proc/self/status'),
    read('/proc/self/uid_map'),
    read('/proc/self/mounts'),
    read('/proc/filesystems'),
    read(`/lib/modules/${release()}/modules.builtin`),
    read(`/lib/modules/${release()}/modules.dep`),
  ]);
  const found = await Promise.all(PROGRAMS.map(isInstalled));
  return {
    platform: process.platform,
    uid: process.geteuid?.(),
    uidMap,
    processStatus,
    mounts,
    hasOverlayfs: /\boverlay$/m.test(filesystems) || /\/overlay\.ko/.test(builtin + modules),
    stateFileSystem: await stateFileSystem(),
    missingPrograms: PROGRAMS.filter((_, index) => !found[index]),
    hasApt: await isInstalled('apt-get'),
  };
}

/** The type of the file system that the machines' disks will be on. */
async function stateFileSystem() {
  for (const path of ['/var/lib/hw5/labs', '/var/lib/hw5', '/var/lib']) {
    const found = await statfs(path).catch(() => undefined);
    if (found) return found.type;
  }
  return 0;
}

/** @param {string} program */
async function isInstalled(program) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_DIRECTORIES];
  const found = await Promise.all(
    directories.map((directory) =>
      access(join(directory, program)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
