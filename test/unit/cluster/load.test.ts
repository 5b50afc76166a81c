import {createHash} from 'node:crypto';
import {chmod, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {loadCluster} from '../../../src/cluster/load.js';
import {configErrors} from './config-errors.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hw5-cluster-'));
});
afterEach(() => rm(directory, {recursive: true}));

async function write(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text, {mode});
  // The mode of writeFile is subject to the umask.
  await chmod(path, mode);
  return path;
}

async function errorsOf(text: string): Promise<readonly string[]> {
  const file = await write('cluster.yaml', text);
  return loadCluster(file, {user: 'me', home: directory}).then(
    () => [],
    (error) => configErrors(error).map(({location, message, hint}) => `${location.line}:${location.column} ${message} → ${hint}`),
  );
}

const NODES = 'nodes: [10.0.0.1]\n';

describe('loading a cluster file', () => {
  it('returns the cluster when the files that it refers to exist and are private', async () => {
    await mkdir(join(directory, 'keys'));
    await write('keys/id', 'key');
    await write('sudo', 'password');
    await write('calicoctl', '#!', 0o755);
    const file = await write(
      'cluster.yaml',
      `${NODES}ssh: {key: keys/id, sudoPasswordFile: ~/sudo}\ncalico: {calicoctl: {path: calicoctl}}`,
    );
    const cluster = await loadCluster(file, {user: 'me', home: directory});
    expect(cluster.ssh).toMatchObject({user: 'me', key: join(directory, 'keys/id'), sudoPasswordFile: join(directory, 'sudo')});
    expect(cluster.calico.calicoctl).toEqual({path: join(directory, 'calicoctl')});
    expect(Object.isFrozen(cluster.calico.calicoctl)).toBe(true);
  });

  it('reports each missing file', async () => {
    expect(
      await errorsOf(`nodes: [{address: 10.0.0.1, ssh: {key: a, jump: {host: h, key: b}}}]
calico: {calicoctl: {path: c}}
images: {base: {import: d}}
mesos: {principal: p, secretFile: e}
framework: {tokenFile: f}
`),
    ).toEqual([
      expect.stringContaining(`1:40 nodes[0].ssh.key: ${directory}/a does not exist`),
      expect.stringContaining(`nodes[0].ssh.jump.key: ${directory}/b does not exist`),
      expect.stringContaining(`2:28 calico.calicoctl.path: ${directory}/c does not exist`),
      expect.stringContaining(`images.base.import: ${directory}/d does not exist`),
      expect.stringContaining(`mesos.secretFile: ${directory}/e does not exist`),
      expect.stringContaining(`framework.tokenFile: ${directory}/f does not exist`),
    ]);
  });

  it('checks only the files for the login when nothing will be uploaded', async () => {
    const file = await write(
      'cluster.yaml',
      `${NODES}ssh: {key: a}
calico: {calicoctl: {path: c}}
images: {base: {import: d}}
mesos: {principal: p, secretFile: e}
framework: {tokenFile: f}
`,
    );
    const errors = await loadCluster(file, {user: 'me', checkUploads: false}).then(() => [], configErrors);
    expect(errors.map(({location}) => location.path)).toEqual(['ssh.key']);
  });

  it('reports missing files together with the other errors, in the order of the file', async () => {
    expect(await errorsOf(`${NODES}ssh:\n  key: none\n  prot: 22\nproxy: {port: 0}\n`)).toEqual([
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
  ])('rejects a secret that is accessible to other users: %s', async (text) => {
    for (const mode of [0o640, 0o604, 0o620]) {
      const path = await write('open', 'a secret', mode);
      expect(await errorsOf(NODES + text)).toEqual([
        expect.stringMatching(new RegExp(`is accessible to other users → restrict it: chmod 600 ${path}$`)),
      ]);
    }
    await write('open', 'a secret', 0o400);
    expect(await errorsOf(NODES + text)).toEqual([]);
  });

  it('rejects a token that could be guessed, at its place in the file', async () => {
    const path = await write('token', 'sevenof\n');
    expect(await errorsOf(`${NODES}framework: {tokenFile: token}`)).toEqual([
      `2:24 framework.tokenFile: the token in ${path} has fewer than 8 characters → write at least 8 characters into it, for example with \`openssl rand -hex 24 > ${path}\``,
    ]);
    await write('token', 'eight of\n');
    expect(await errorsOf(`${NODES}framework: {tokenFile: token}`)).toEqual([]);
  });

  it('rejects a calicoctl with another checksum than the pinned one, at the place of the checksum', async () => {
    const path = await write('calicoctl', 'x');
    const sum = createHash('sha256').update('x').digest('hex');
    const pinned = (sha256: string) => errorsOf(`${NODES}calico: {calicoctl: {path: calicoctl, sha256: "${sha256}"}}`);
    expect(await pinned(sum)).toEqual([]);
    expect(await pinned(sum.toUpperCase())).toEqual([]);
    expect(await pinned('0'.repeat(64))).toEqual([
      `2:47 calico.calicoctl.sha256: is not the checksum of ${path} → its checksum is ${sum}: check that it is the right file, or correct the checksum`,
    ]);
  });

  it('rejects a directory in place of a file', async () => {
    expect(await errorsOf(`${NODES}images: {base: {import: .}}`)).toEqual([expect.stringContaining('is not a file')]);
  });

  it('reports that the cluster file itself does not exist', async () => {
    const file = join(directory, 'none.yaml');
    const errors = await loadCluster(file).then(() => [], configErrors);
    expect(errors.map(({message, location}) => [message, location])).toEqual([['the file does not exist', {file}]]);
    expect(errors[0]!.hint).toContain('cluster.example.yaml');
  });
});
