import {describe, expect, it} from 'vitest';
import {parse} from 'yaml';
import {clusterYaml} from '../../../../src/lab/cluster-file.js';
import {labHost} from '../../../../src/lab/host.js';
import {defineLab, type LabOptions, labFrom} from '../../../../src/lab/lab.js';
import {nspawnArguments} from '../../../../src/lab/machine/launch-script.js';
import {powerOn} from '../../../../src/lab/machine/power.js';
import {agree, recordSchema} from '../../../../src/lab/state.js';
import type {CalicoBuild} from '../../../../src/lab/upstream/calico.js';
import type {MesosBuild} from '../../../../src/lab/upstream/mesos.js';
import {upstreamPreinstalled} from '../../../../src/lab/upstream/preinstall.js';
import {UsageError} from '../../../../src/support/errors.js';

const host = labHost({}, '/home/me');
const labOf = (options: LabOptions) => labFrom(defineLab(options), host);

const calico: CalicoBuild = {
  calicoctl: '/up/calico/calicoctl',
  version: 'v1.6.5',
  image: {path: '/up/calico/node 1.tar', name: 'quay.io/calico/node:v2.6.12', id: 'sha256:abc', entryPoint: []},
};
const mesosDirectory: MesosBuild = {
  kind: 'directory',
  programs: {'mesos-master': '/opt/mesos/sbin/mesos-master', 'mesos-agent': "/opt/me'sos/sbin/mesos-agent"},
  packages: ['libapr1'],
};
const mesosImage: MesosBuild = {
  kind: 'image',
  image: {path: '/up/m.tar', name: 'mesos:1.11', id: 'sha256:def', entryPoint: []},
};

describe('a lab with upstream Calico and Mesos', () => {
  it('mounts them read-only in every machine, Mesos at its own path', () => {
    const lab = labOf({calico: '/up/cal:ico', mesos: '/opt/mesos'});
    const mounts = nspawnArguments(lab, lab.machines[1]!).filter((argument) => argument.startsWith('--bind-ro='));
    expect(mounts).toEqual([String.raw`--bind-ro=/up/cal\:ico:/opt/hw5-lab/calico`, '--bind-ro=/opt/mesos:/opt/mesos']);
    expect(labOf({mesos: '/up/m.tar'}).mounts).toEqual([{from: '/up/m.tar', to: '/opt/hw5-lab/mesos.tar'}]);
    expect(labOf({}).mounts).toEqual([]);
  });

  it('loads the images whenever Docker starts, before anything needs them', () => {
    const {files, cluster} = upstreamPreinstalled(calico, mesosImage);
    expect(files.find(({path}) => path === '/etc/systemd/system/docker.service.d/lab-images.conf')?.text).toBe(`[Service]
ExecStartPost=/usr/local/lib/hw5-lab/load-image quay.io/calico/node:v2.6.12 sha256:abc "/opt/hw5-lab/calico/node 1.tar"
ExecStartPost=/usr/local/lib/hw5-lab/load-image mesos:1.11 sha256:def "/opt/hw5-lab/mesos.tar"
`);
    expect(files.map(({path}) => path)).toContain('/usr/local/sbin/runc');
    expect(cluster).toEqual({
      calicoctl: '/up/calico/calicoctl',
      nodeImage: 'quay.io/calico/node:v2.6.12',
      mesosImage: 'mesos:1.11',
    });
  });

  it('has programs in the PATH that start those of the directory', () => {
    const {files, packages} = upstreamPreinstalled(undefined, mesosDirectory);
    expect(packages).toEqual(['libapr1']);
    expect(files).toEqual([
      {path: '/usr/local/bin/mesos-master', mode: 0o755, text: '#!/bin/sh\nexec \'/opt/mesos/sbin/mesos-master\' "$@"\n'},
      {
        path: '/usr/local/bin/mesos-agent',
        mode: 0o755,
        text: String.raw`#!/bin/sh
exec '/opt/me'\''sos/sbin/mesos-agent' "$@"
`,
      },
    ]);
  });

  it('has a cluster file with their images, and otherwise the same one', () => {
    const lab = labOf({calico: '/up/calico', mesos: '/up/m.tar'});
    const file = parse(clusterYaml(lab, '/b/base.tar', upstreamPreinstalled(calico, mesosImage).cluster));
    expect(file.calico).toEqual({calicoctl: {path: lab.files.calicoctl}, nodeImage: 'quay.io/calico/node:v2.6.12'});
    expect(file.mesos).toEqual({source: {image: 'mesos:1.11'}});
    const plain = parse(clusterYaml(lab, '/b/base.tar', upstreamPreinstalled(undefined, undefined).cluster));
    expect(plain).toEqual(parse(clusterYaml(lab, '/b/base.tar')));
    expect(plain.mesos).toBeUndefined();
  });

  it('keeps them: `lab up` without the options means the same ones, and other ones are an error', () => {
    const record = recordSchema.parse({...defineLab({name: 'x', calico: '/up/calico'}), baseKey: 'k'});
    expect(agree({name: 'x'}, record)).toMatchObject({calico: '/up/calico'});
    expect(() => agree({name: 'x', calico: '/other'}, record)).toThrow(
      'the lab x exists with the Calico of /up/calico, not the Calico of /other',
    );
    expect(() => agree({name: 'x', mesos: '/opt/mesos'}, record)).toThrow(
      "the lab x exists with Mesos's emulator, not the Mesos of /opt/mesos",
    );
  });

  it('does not boot a machine without them', async () => {
    const lab = labOf({name: 'x', mesos: '/no/such/mesos'});
    const base = {key: 'k', directory: '/no/such', tree: '/no/such/tree', tar: '/no/such/base.tar'};
    await expect(powerOn(lab, lab.machines[0]!, base)).rejects.toMatchObject({
      message: 'the lab x was made with /no/such/mesos, which cannot be read now',
      hint: 'put it back, or make the lab again: `hw5 lab down --name x` and `up`',
    });
  });

  it.each(['/', '/usr', '/usr/local', '/tmp/mesos', '/var/lib/docker/x', '/run/mesos', '/opt'])(
    'cannot have Mesos in %s, where the machines have files of their own',
    (mesos) => {
      expect(() => defineLab({mesos})).toThrow(UsageError);
      expect(defineLab({mesos: `${mesos.replace(/\/$/, '')}/m.tar`}).mesos).toMatch(/m\.tar$/);
    },
  );
});
