import {chmod, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {run} from '../../../../src/lab/run.js';
import {readCalico} from '../../../../src/lab/upstream/calico.js';
import {readImageTar} from '../../../../src/lab/upstream/image-tar.js';
import {readMesos} from '../../../../src/lab/upstream/mesos.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hw5-upstream-'));
});
afterEach(() => rm(directory, {recursive: true, force: true}));

/** Writes what `docker save` would, with an empty list of layers. */
async function writeTar(
  file: string,
  {names = ['quay.io/calico/node:v2.6.12'], entryPoint}: {names?: readonly string[] | null; entryPoint?: readonly string[]} = {},
): Promise<string> {
  const parts = join(directory, '.parts');
  await mkdir(parts, {recursive: true});
  await writeFile(join(parts, 'manifest.json'), JSON.stringify([{Config: 'abc.json', RepoTags: names, Layers: []}]));
  await writeFile(join(parts, 'abc.json'), JSON.stringify({config: {Entrypoint: entryPoint ?? null}}));
  const path = join(directory, file);
  await run(['tar', '--create', '--auto-compress', `--file=${path}`, '-C', parts, 'manifest.json', 'abc.json']);
  return path;
}

async function writeProgram(path: string, output: string): Promise<void> {
  await writeFile(join(directory, path), `#!/bin/sh\ncat <<'.'\n${output}\n.\nexit 1\n`);
  await chmod(join(directory, path), 0o755);
}

describe('an image tar', () => {
  it.each(['node.tar', 'node.tar.gz'])('has its name, id and entry point (%s)', async (file) => {
    const path = await writeTar(file, {entryPoint: ['/entry', 'x']});
    expect(await readImageTar(path)).toEqual({
      path,
      name: 'quay.io/calico/node:v2.6.12',
      id: 'sha256:abc',
      entryPoint: ['/entry', 'x'],
    });
  });

  it('without a name cannot be used', async () => {
    const path = await writeTar('node.tar', {names: null});
    await expect(readImageTar(path)).rejects.toMatchObject({message: `the image in ${path} has no name`});
  });

  it('is not any file of that name', async () => {
    const path = join(directory, 'node.tar');
    await writeFile(path, 'something else');
    await expect(readImageTar(path)).rejects.toMatchObject({message: `${path} is not the tar of one image`});
  });
});

describe('a directory with Calico', () => {
  it.each([
    ['v1.6.5', 'Client Version:    v1.6.5\nBuild date:        x\nCluster Version:   unknown (client: etcd …)'],
    ['v1.2.0', 'Version:      v1.2.0\nBuild date:   x'],
  ])('is known by its versions (calicoctl %s)', async (version, output) => {
    await writeProgram('calicoctl', output);
    const path = await writeTar('node.tar');
    expect(await readCalico(directory)).toMatchObject({calicoctl: join(directory, 'calicoctl'), version, image: {path}});
  });

  it('that lacks both parts names both', async () => {
    await expect(readCalico(directory)).rejects.toMatchObject({message: `${directory} lacks calicoctl and an image tar`});
  });

  it('with several images is ambiguous', async () => {
    await writeProgram('calicoctl', 'Version: v1.2.0');
    await writeTar('a.tar');
    await writeTar('b.tgz');
    await expect(readCalico(directory)).rejects.toMatchObject({message: `${directory} has several image tars: a.tar, b.tgz`});
  });

  it('that does not exist is an error with what it must contain', async () => {
    const missing = join(directory, 'x');
    await expect(readCalico(missing)).rejects.toMatchObject({
      message: `the directory of Calico, ${missing}, cannot be read`,
      hint: expect.stringContaining('calicoctl'),
    });
  });

  it('whose calicoctl cannot run here, or is something else, is an error that shows why', async () => {
    const calicoctl = join(directory, 'calicoctl');
    await writeTar('node.tar');
    await writeFile(calicoctl, '');
    await expect(readCalico(directory)).rejects.toMatchObject({message: `${calicoctl} is not executable`});
    await writeProgram('calicoctl', 'hello');
    await expect(readCalico(directory)).rejects.toMatchObject({message: `${calicoctl} version prints no version: hello`});
    await writeFile(calicoctl, '#!/no/such/interpreter\n');
    await expect(readCalico(directory)).rejects.toMatchObject({message: `${calicoctl} cannot be run`});
  });
});

describe('what is given as Mesos', () => {
  it('is a prefix with its programs and the packages that they need', async () => {
    await mkdir(join(directory, 'sbin'));
    await writeProgram('sbin/mesos-master', '');
    await writeProgram('mesos-agent', '');
    await writeFile(join(directory, 'packages'), '# for 1.12\nlibapr1\n\nlibgrpc++1.51 # the RPC library\n');
    expect(await readMesos(directory)).toEqual({
      kind: 'directory',
      programs: {'mesos-master': join(directory, 'sbin/mesos-master'), 'mesos-agent': join(directory, 'mesos-agent')},
      packages: ['libapr1', 'libgrpc++1.51'],
    });
  });

  it('lacks a program that is not executable', async () => {
    await writeProgram('mesos-master', '');
    await writeFile(join(directory, 'mesos-agent'), '');
    await expect(readMesos(directory)).rejects.toMatchObject({message: `${directory} lacks mesos-agent (executable)`});
  });

  it('has names of packages only in its list of packages', async () => {
    for (const name of ['mesos-master', 'mesos-agent']) await writeProgram(name, '');
    await writeFile(join(directory, 'packages'), 'libapr1 libsvn1\n');
    await expect(readMesos(directory)).rejects.toMatchObject({message: expect.stringContaining('contains "libapr1 libsvn1"')});
  });

  it('is an image without an entry point', async () => {
    const path = await writeTar('mesos.tar', {names: ['mesos:1.11']});
    expect(await readMesos(path)).toMatchObject({kind: 'image', image: {name: 'mesos:1.11'}});
    const other = await writeTar('other.tar', {names: ['mesos:1.11'], entryPoint: ['mesos-master']});
    await expect(readMesos(other)).rejects.toMatchObject({
      message: `the image mesos:1.11 in ${other} has an ENTRYPOINT: mesos-master`,
    });
  });

  it('is neither a missing path nor any other file', async () => {
    await expect(readMesos(join(directory, 'x'))).rejects.toThrow('cannot be read');
    await writeFile(join(directory, 'x'), '');
    await expect(readMesos(join(directory, 'x'))).rejects.toThrow('is neither a directory nor an image tar');
  });
});
