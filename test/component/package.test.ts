import {execFile} from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {hasSshd, Sshd} from '../support/sshd.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The user `nobody` of Debian. */
const NOBODY = 65_534;
/** What `npm pack` needs of a clone, besides node_modules. */
const CLONED = readdirSync(ROOT).filter((name) => !['.git', 'dist', 'node_modules', 'test', 'coverage'].includes(name));

const run = promisify(execFile);

/** The package as a user gets it: packed from a copy of this tree, so that its build does not disturb other tests, and installed without network. */
describe('the npm package', () => {
  let directory: string;
  let prefix: string;
  let home: string;
  let tarball: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'hw5-package-'));
    chmodSync(directory, 0o755);
    const clone = join(directory, 'clone');
    for (const name of CLONED) cpSync(join(ROOT, name), join(clone, name), {recursive: true});
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    await run('npm', ['pack', '--silent', '--pack-destination', directory], {cwd: clone});
    tarball = join(directory, readdirSync(directory).find((name) => name.endsWith('.tgz'))!);
    prefix = join(directory, 'prefix');
    home = join(directory, 'home');
    for (const each of [prefix, home]) {
      mkdirSync(each);
      if (process.getuid!() === 0) chownSync(each, NOBODY, NOBODY);
    }
    await asUser('npm', ['install', '--global', '--offline', '--no-audit', '--no-fund', '--prefix', prefix, tarball]);
  }, 180_000);
  afterAll(() => rmSync(directory, {recursive: true, force: true}));

  /** Runs a command as a user who is not root. */
  function asUser(command: string, args: readonly string[]): Promise<{stdout: string; stderr: string}> {
    const argv =
      process.getuid!() === 0 ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', command] : [command];
    const [program = '', ...rest] = [...argv, ...args];
    return run(program, rest, {cwd: home, env: {PATH: process.env.PATH, HOME: home}});
  }

  const hw5 = (...args: string[]) => asUser(join(prefix, 'bin/hw5'), args);
  const installed = (path: string): string => join(prefix, 'lib/node_modules/hw5', path);

  /** Paths of all files below a directory. */
  function filesIn(path: string): string[] {
    return readdirSync(path, {recursive: true, withFileTypes: true})
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
      .sort();
  }

  it('is smaller than 5 MB, and installs no other package', () => {
    expect(statSync(tarball).size).toBeLessThan(5_000_000);
    expect(readdirSync(join(prefix, 'lib/node_modules'))).toEqual(['hw5']);
    expect(existsSync(installed('node_modules'))).toBe(false);
  });

  it('has the programs, templates and documents, and neither sources nor tests', () => {
    const files = filesIn(installed(''));
    const expected = [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'cluster.example.yaml',
      'docs/tasks.md',
      'dist/THIRD-PARTY-LICENSES.txt',
    ];
    const programs = [
      'programs/hw5-scheduler',
      'programs/configurable-http-proxy',
      'emulators/mesos/install.json',
      'emulators/mesos/mesos-master',
      'emulators/mesos/mesos-agent',
      'emulators/calico/install.json',
      'emulators/calico/calicoctl',
      'emulators/calico/calicoctl-v1.2.0',
      'emulators/calico/calico-felix',
      'emulators/calico/calico-libnetwork',
    ];
    expect(files).toEqual(expect.arrayContaining([...expected, ...programs.map((name) => `dist/${name}`)]));
    expect(files.filter((file) => /(^|\/)(src|test|node_modules)\/|^emulators\/|\.ts$/.test(file))).toEqual([]);
  });

  it('has every template as it is in the repository, executable where it is there', () => {
    const describeFiles = (path: string) =>
      filesIn(path).map((file) => [file, readFileSync(join(path, file), 'utf8'), statSync(join(path, file)).mode & 0o100]);
    expect(describeFiles(installed('templates'))).toEqual(describeFiles(join(ROOT, 'templates')));
  });

  it('prints its version and help for a user who is not root', async () => {
    const {version} = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {version: string};
    expect(await hw5('--version')).toEqual({stdout: `${version}\n`, stderr: ''});
    expect((await hw5('--help')).stdout).toContain('Commands:\n  up ');
    expect((await hw5('lab', 'up', '--help')).stdout).toContain('Usage: hw5 lab up');
  });

  it('checks its own example of a cluster file', async () => {
    expect((await hw5('validate', '-f', installed('cluster.example.yaml'))).stdout).toMatch(/^✓ cluster /);
  });

  it('finds the programs, templates and images that `plan` needs, and then connects', async () => {
    const cluster = join(prefix, 'closed.yaml');
    await asUser('sh', [
      '-c',
      `echo 'ssh: {port: 1, user: root}\nnodes: [{address: 198.18.0.10, ssh: {host: 127.0.0.1}}]' >${cluster}`,
    ]);
    await expect(hw5('-f', cluster, 'plan')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('refused the connection'),
    });
  });

  it.skipIf(!hasSshd).each([['chacha20-poly1305@openssh.com'], ['aes256-gcm@openssh.com']])(
    'speaks SSH with %s, without the native addons of ssh2',
    async (cipher) => {
      await using sshd = await Sshd.start({config: [`Ciphers ${cipher}`]});
      const ssh = `{port: ${sshd.port}, user: ${sshd.user}, key: ${sshd.clientKey}, agent: false, knownHosts: ${sshd.knownHosts}}`;
      const cluster = join(sshd.directory, 'cluster.yaml');
      writeFileSync(cluster, `ssh: ${ssh}\nnodes: [{address: 198.18.0.10, ssh: {host: 127.0.0.1}}]\n`);
      const env = {PATH: process.env.PATH, HOME: sshd.directory};
      // no hw5 has run on this computer, so that the file with the token is missing; `cat` reported that over SSH
      await expect(run(join(prefix, 'bin/hw5'), ['-f', cluster, 'notebook'], {env})).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringContaining('no token on node0'),
      });
    },
  );
});
