import {createHash} from 'node:crypto';
import {chmod, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {loadCluster} from '../../../src/cluster/load.js';
import {configErrors} from './config-errors.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hw5-cluster-'));
});
afterEach(() => rm(folder, {recursive: true}));

async function write(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text, {mode});
  // The mode of writeFile is subject to the umask.
  await chmod(path, mode);
  return path;
}

async function faults(text: string): Promise<readonly string[]> {
  const file = await write('cluster.yaml', text);
  return loadCluster(file, {user: 'me', home: folder}).then(
    () => [],
    (error) => configErrors(error).map(({location, message, hint}) => `${location.line}:${location.column} ${message} → ${hint}`),
  );
}

const NODES = 'nodes: [10.0.0.1]\n';

describe('loading a cluster file', () => {
  it('gives the cluster when the files it names are there and closed to others', async () => {
    await mkdir(join(folder, 'keys'));
    await write('keys/id', 'key');
    await write('sudo', 'password');
    await write('calicoctl', '#!', 0o755);
    const file = await write(
      'cluster.yaml',
      `${NODES}ssh: {key: keys/id, sudoPasswordFile: ~/sudo}\ncalico: {calicoctl: {path: calicoctl}}`,
    );
    const cluster = await loadCluster(file, {user: 'me', home: folder});
    expect(cluster.ssh).toMatchObject({user: 'me', key: join(folder, 'keys/id'), sudoPasswordFile: join(folder, 'sudo')});
    expect(cluster.calico.calicoctl).toEqual({path: join(folder, 'calicoctl')});
    expect(Object.isFrozen(cluster.calico.calicoctl)).toBe(true);
  });

  it('names each file that is missing', async () => {
    expect(
      await faults(`nodes: [{address: 10.0.0.1, ssh: {key: a, jump: {host: h, key: b}}}]
calico: {calicoctl: {path: c}}
images: {base: {import: d}}
mesos: {principal: p, secretFile: e}
framework: {tokenFile: f}
`),
    ).toEqual([
      expect.stringContaining(`1:40 nodes[0].ssh.key: ${folder}/a does not exist`),
      expect.stringContaining(`nodes[0].ssh.jump.key: ${folder}/b does not exist`),
      expect.stringContaining(`2:28 calico.calicoctl.path: ${folder}/c does not exist`),
      expect.stringContaining(`images.base.import: ${folder}/d does not exist`),
      expect.stringContaining(`mesos.secretFile: ${folder}/e does not exist`),
      expect.stringContaining(`framework.tokenFile: ${folder}/f does not exist`),
    ]);
  });

  it('asks only for the files that open the way to the hosts where nothing is brought there', async () => {
    const file = await write(
      'cluster.yaml',
      `${NODES}ssh: {key: a}
calico: {calicoctl: {path: c}}
images: {base: {import: d}}
mesos: {principal: p, secretFile: e}
framework: {tokenFile: f}
`,
    );
    const errors = await loadCluster(file, {user: 'me', brings: false}).then(() => [], configErrors);
    expect(errors.map(({location}) => location.path)).toEqual(['ssh.key']);
  });

  it('names missing files together with the other faults, in the order of the file', async () => {
    expect(await faults(`${NODES}ssh:\n  key: none\n  prot: 22\nproxy: {port: 0}\n`)).toEqual([
      expect.stringContaining('3:8 ssh.key:'),
      expect.stringContaining('4:3 ssh.prot: unknown key'),
      expect.stringContaining('5:15 proxy.port: not a port'),
    ]);
  });

  it.each([
    'ssh: {key: open}',
    'ssh: {sudoPasswordFile: open}',
    'mesos: {principal: p, secretFile: open}',
    'framework: {tokenFile: open}',
  ])('refuses a secret that others can read: %s', async (text) => {
    for (const mode of [0o640, 0o604, 0o620]) {
      const path = await write('open', 'a secret', mode);
      expect(await faults(NODES + text)).toEqual([
        expect.stringMatching(new RegExp(`can be read by others → chmod 600 ${path}$`)),
      ]);
    }
    await write('open', 'a secret', 0o400);
    expect(await faults(NODES + text)).toEqual([]);
  });

  it('refuses a token that could be guessed, at its place', async () => {
    const path = await write('token', 'sevenof\n');
    expect(await faults(`${NODES}framework: {tokenFile: token}`)).toEqual([
      `2:24 framework.tokenFile: the token in ${path} has fewer than 8 characters → write at least 8 characters into it, e.g. \`openssl rand -hex 24 > ${path}\``,
    ]);
    await write('token', 'eight of\n');
    expect(await faults(`${NODES}framework: {tokenFile: token}`)).toEqual([]);
  });

  it('refuses a calicoctl that is not the pinned one, at the place of the checksum', async () => {
    const path = await write('calicoctl', 'x');
    const sum = createHash('sha256').update('x').digest('hex');
    const pinned = (sha256: string) => faults(`${NODES}calico: {calicoctl: {path: calicoctl, sha256: "${sha256}"}}`);
    expect(await pinned(sum)).toEqual([]);
    expect(await pinned(sum.toUpperCase())).toEqual([]);
    expect(await pinned('0'.repeat(64))).toEqual([
      `2:47 calico.calicoctl.sha256: is not that of ${path} → it is ${sum}: is it the file you meant?`,
    ]);
  });

  it('refuses a folder in place of a file', async () => {
    expect(await faults(`${NODES}images: {base: {import: .}}`)).toEqual([expect.stringContaining('is not a file')]);
  });

  it('says so when the cluster file itself is missing', async () => {
    const file = join(folder, 'none.yaml');
    const errors = await loadCluster(file).then(() => [], configErrors);
    expect(errors.map(({message, location}) => [message, location])).toEqual([['there is no such file', {file}]]);
    expect(errors[0]!.hint).toContain('cluster.example.yaml');
  });
});
