import {describe, expect, it} from 'vitest';
import {parse} from 'yaml';
import {clusterYaml} from '../../../src/lab/cluster-file.js';
import {sshCommand} from '../../../src/lab/exec.js';
import {labHost} from '../../../src/lab/host.js';
import {HOST_PACKAGES} from '../../../src/lab/host-packages.js';
import {knownHost} from '../../../src/lab/keys.js';
import {defineLab, labFrom} from '../../../src/lab/lab.js';
import {joinPreinstalled} from '../../../src/lab/preinstalled.js';
import {agree, recordOf} from '../../../src/lab/state.js';

const record = {name: 'x', count: 2, subnet: '198.18.0.192/27', sudoPassword: ['node1'], baseKey: 'k'};
const host = labHost({XDG_CACHE_HOME: '/cache'}, '/home/me');

describe('bringing up a lab that exists', () => {
  it('needs no more than its name', () => {
    expect(agree({name: 'x'}, record)).toEqual({name: 'x', count: 2, subnet: '198.18.0.192/27', sudoPassword: ['node1']});
  });

  it.each([
    [{count: 3}, 'the lab x exists with 2 machines, not 3 machines'],
    [{subnet: '198.18.1.0/24'}, 'the lab x exists with the subnet 198.18.0.192/27, not the subnet 198.18.1.0/24'],
    [{sudoPassword: ['node0']}, 'the lab x exists with a sudo password on node1, not a sudo password on node0'],
  ])('with %j is an error with what it is instead', (options, message) => {
    expect(() => agree({name: 'x', ...options}, record)).toThrow(
      expect.objectContaining({message, hint: 'run `hw5 lab down --name x` first, or take another --name'}),
    );
  });
});

describe('the record of a lab, which its saves contain, too', () => {
  const host = labHost({}, '/home/me');

  it('names the upstream systems in it, and nothing that follows from it', () => {
    const definition = defineLab({name: 'up', calico: '/opt/calico', mesos: '/opt/mesos'});
    const record = recordOf({...labFrom(definition, host), baseKey: 'b'});
    expect(record).toEqual({...definition, baseKey: 'b'});
  });

  it('has no upstream systems where there are emulators', () => {
    expect(recordOf({...defineLab({name: 'x'}), baseKey: 'b'})).not.toHaveProperty('calico');
  });
});

describe("the lab's cluster file", () => {
  const lab = labFrom(defineLab(record), host);
  const cluster = parse(clusterYaml(lab, '/b/base.tar'));

  it('has the nodes, the key and the true host keys', () => {
    expect(cluster.name).toBe('x');
    expect(cluster.ssh).toEqual({
      user: 'hw5',
      key: '/var/lib/hw5/labs/x/id_ed25519',
      knownHosts: '/var/lib/hw5/labs/x/known_hosts',
    });
    expect(cluster.nodes).toEqual([
      {name: 'node0', address: '198.18.0.202'},
      {name: 'node1', address: '198.18.0.203', ssh: {sudoPasswordFile: '/var/lib/hw5/labs/x/node1.sudo-password'}},
    ]);
  });

  it('takes calicoctl and the base image from the host', () => {
    expect(cluster.calico.calicoctl.path).toBe(lab.files.calicoctl);
    expect(cluster.images.base).toEqual({import: '/b/base.tar'});
  });

  it("is used by ssh with nothing of the user's own configuration", () => {
    const argv = sshCommand(lab, 'node1');
    expect(argv.slice(0, 5)).toEqual(['ssh', '-F', 'none', '-i', '/var/lib/hw5/labs/x/id_ed25519']);
    expect(argv).toContain('StrictHostKeyChecking=yes');
    expect(argv.at(-1)).toBe('hw5@198.18.0.203');
  });
});

describe('the host', () => {
  it('keeps the base in the cache directory of the user', () => {
    expect(host.cache).toBe('/cache/hw5/lab');
    expect(labHost({}, '/home/me').cache).toBe('/home/me/.cache/hw5/lab');
    expect(labHost({XDG_CACHE_HOME: ''}, '/home/me').cache).toBe('/home/me/.cache/hw5/lab');
  });

  it('gives the key to the one who typed sudo', () => {
    expect(labHost({SUDO_UID: '1000', SUDO_GID: '1000'}, '/root').owner).toEqual({uid: 1000, gid: 1000});
    expect(labHost({SUDO_UID: '0', SUDO_GID: '0'}, '/root').owner).toBeUndefined();
    expect(host.owner).toBeUndefined();
  });

  it('needs packages that are listed once each', () => {
    expect(new Set(HOST_PACKAGES).size).toBe(HOST_PACKAGES.length);
    expect(HOST_PACKAGES).toContain('debootstrap');
  });
});

it('a line of known_hosts holds the address and the key without its comment', () => {
  expect(knownHost('198.18.0.10', 'ssh-ed25519 AAAA root@node0\n')).toBe('198.18.0.10 ssh-ed25519 AAAA\n');
});

it('what several parts preinstall is joined in order', () => {
  const part = (name: string) => ({
    packages: [name],
    files: [{path: `/${name}`, mode: 0o644, text: ''}],
    enable: [`${name}.service`],
  });
  const joined = joinPreinstalled([part('a'), part('b')]);
  expect(joined.packages).toEqual(['a', 'b']);
  expect(joined.files.map((file) => file.path)).toEqual(['/a', '/b']);
  expect(joined.enable).toEqual(['a.service', 'b.service']);
});
