import {describe, expect, it} from 'vitest';
import {type HostFacts, labObstacle} from '../../../src/lab/possible.js';

/** A host on which a lab can be made. */
const able: HostFacts = {
  platform: 'linux',
  uid: 0,
  uidMap: '         0          0 4294967295\n',
  processStatus: 'Name:\tnode\nCapInh:\t0000000000000000\nCapEff:\t000001ffffffffff\n',
  mounts: 'proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n',
  hasOverlayfs: true,
  stateFileSystem: 0xef53,
  missingPrograms: [],
  hasApt: false,
};

describe('whether a lab can be made', () => {
  it('is the case for root on Linux with all capabilities', async () => {
    expect(await labObstacle(able)).toBeUndefined();
    expect(await labObstacle({...able, missingPrograms: ['systemd-nspawn'], hasApt: true})).toBeUndefined();
    expect(await labObstacle({...able, mounts: 'cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0\n'})).toBeUndefined();
  });

  it.each<[string, Partial<HostFacts>, string]>([
    ['on another system', {platform: 'darwin'}, 'a lab needs Linux; this is darwin'],
    ['for another user than root', {uid: 1000}, 'a lab needs root'],
    ['in a user namespace', {uidMap: '0 1000 1\n'}, 'a lab needs root of the host; this is a user namespace'],
    // Docker's default set
    [
      'in a container',
      {processStatus: 'CapEff:\t00000000a80425fb\n'},
      'a lab needs CAP_NET_ADMIN, CAP_SYS_ADMIN, which this process',
    ],
    ['with read-only cgroups', {mounts: 'cgroup2 /sys/fs/cgroup cgroup2 ro,nosuid 0 0\n'}, 'a lab needs a writable cgroup'],
    ['without overlayfs', {hasOverlayfs: false}, 'a lab needs overlayfs'],
    ['with its disks on overlayfs', {stateFileSystem: 0x794c7630}, '/var/lib is on overlayfs'],
    [
      'without its programs and apt',
      {missingPrograms: ['systemd-nspawn', 'debootstrap']},
      'a lab needs systemd-nspawn, debootstrap, and there is no apt-get to install them',
    ],
  ])('is not the case %s, and the reason is one sentence', async (_, facts, reason) => {
    const obstacle = await labObstacle({...able, ...facts});
    expect(obstacle).toContain(reason);
    expect(obstacle).not.toContain('\n');
  });
});
