import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {promisify} from 'node:util';
import {build} from 'esbuild';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command line from its source, bundled once so that it starts quickly. */
describe('the command hw5', () => {
  let cwd: string;
  let program: string;

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'hw5-cli-'));
    await mkdir(join(ROOT, 'node_modules/.cache'), {recursive: true});
    // where it finds the packages; the package's own files are found as from src/support
    const folder = await mkdtemp(join(ROOT, 'node_modules/.cache/hw5-cli-'));
    program = join(folder, 'main.mjs');
    await build({
      entryPoints: [join(ROOT, 'src/cli/main.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      define: {'import.meta.url': JSON.stringify(pathToFileURL(join(ROOT, 'src/support/template.ts')).href)},
    });
    await writeFile(join(cwd, 'good.yaml'), 'nodes: [198.18.0.10]\n');
    await writeFile(join(cwd, 'bad.yaml'), 'nodes:\n  - 198.18.0.10\nnetwrok: {}\n');
  });
  afterAll(() => Promise.all([cwd, dirname(program)].map((folder) => rm(folder, {recursive: true}))));

  async function hw5(
    args: readonly string[],
    during: (process: ReturnType<typeof spawn>) => void = () => {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ended> {
    const child = spawn(process.execPath, [program, ...args], {
      cwd,
      env: {PATH: process.env.PATH, HOME: cwd, ...env},
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    during(child);
    const [code] = (await once(child, 'close')) as [number | null];
    return {code, out, err};
  }

  it.each<[string, string[], number, RegExp]>([
    ['an option that is not there', ['--colour'], 2, /unknown option '--colour'/],
    ['a command that is not there, with the nearest', ['stauts'], 2, /unknown command 'stauts'\n\(Did you mean status\?\)/],
    ['an option of a command that is not there', ['down', '--forever'], 2, /unknown option '--forever'/],
    ['an option that a command below another does not have', ['lab', 'up', '--forever'], 2, /unknown option '--forever'/],
    ['half a command', ['lab', 'power'], 2, /Usage: hw5 lab power/],
    ['a command without its argument', ['lab', 'power', 'off'], 2, /missing required argument 'machine'\n\(see hw5 --help\)/],
    ['no command', [], 2, /Usage: hw5/],
    ['two clusters', ['-f', 'good.yaml', '--lab', 'plan'], 2, /✗ -f and --lab exclude each other\n {2}hint {5}leave one out/],
    ['no cluster', ['up'], 2, /✗ there is no cluster file .*\/cluster.yaml\n/],
    [
      'a bad cluster, with the place',
      ['-f', 'bad.yaml', 'up'],
      2,
      /netwrok.*\n {2}where {4}.*bad\.yaml:3:1\n {2}hint {5}.*network/,
    ],
  ])('refuses %s', async (_, args, code, text) => {
    const ended = await hw5(args);
    expect(ended.err).toMatch(text);
    expect([ended.code, ended.out]).toEqual([code, '']);
    expect(ended.err).not.toContain('    at ');
  });

  it('tells its version and its use, and that is no failure', async () => {
    const [version, help] = await Promise.all([hw5(['--version']), hw5(['help', 'down'])]);
    expect([version.code, version.out]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
    expect([help.code, help.out]).toEqual([0, expect.stringContaining('--purge')]);
    expect(help.out).toContain("hw5's own options, such as --file, --lab and --json, may stand here too");
  });

  it('checks a file for people and for programs', async () => {
    const [good, bad] = await Promise.all([hw5(['-f', 'good.yaml', 'validate']), hw5(['-f', 'bad.yaml', '--json', 'validate'])]);
    expect([good.code, good.out]).toEqual([0, expect.stringContaining('✓ cluster zzw: 1 node, 5 tasks')]);
    expect(bad.code).toBe(2);
    expect(JSON.parse(bad.out).errors).toMatchObject([{line: 3, path: 'netwrok'}]);
  });

  it.each([
    ['-f unread.yaml up --json', '1'],
    ['-f unread.yaml up 2>&1', '1'],
    ['-f unread.yaml down 2>&1', '1'],
    ['-f unread.yaml status', '0'],
  ])('runs to its end unread, if it changes hosts: %s', async (args, code) => {
    await writeFile(
      join(cwd, 'unread.yaml'),
      'ssh: {port: 1, user: root}\nnodes: [{address: 198.18.0.10, ssh: {host: 127.0.0.1}}]\n',
    );
    const line = `{ "$1" "$2" ${args}; echo $? >unread.code; } | true; while ! [ -s unread.code ]; do sleep 0.1; done; cat unread.code; rm unread.code`;
    const env = {PATH: process.env.PATH, HOME: cwd};
    const {stdout} = await promisify(execFile)('sh', ['-c', line, 'sh', process.execPath, program], {cwd, env});
    expect(stdout).toBe(`${code}\n`);
  });

  it.each([
    ['down', 1],
    ['status', 3],
    ['notebook', 1],
    ['plan', 2],
    ['up', 2],
    ['scale', 2],
    ['validate', 2],
  ])('needs the files for the hosts only where it brings them: %s', async (command, code) => {
    await writeFile(
      join(cwd, 'gone.yaml'),
      'ssh: {port: 1, user: root}\nnodes: [{address: 198.18.0.10, ssh: {host: 127.0.0.1}}]\nimages: {base: {import: gone.tar}}\n',
    );
    const ended = await hw5(['-f', 'gone.yaml', command, ...(command === 'scale' ? ['ssh=2'] : [])]);
    expect(ended.code).toBe(code);
    expect(ended.err.includes('gone.tar does not exist')).toBe(code === 2);
    expect(`${ended.out}${ended.err}`.includes('refused the connection')).toBe(code !== 2);
  });

  it('does not say of hosts it could not see that there is nothing to change', async () => {
    await writeFile(
      join(cwd, 'nobody.yaml'),
      'ssh: {port: 1, user: root}\nnodes: [{address: 198.18.0.10, ssh: {host: 127.0.0.1}}]\n',
    );
    const ended = await hw5(['-f', 'nobody.yaml', 'plan']);
    expect([ended.code, ended.out]).toEqual([1, '']);
    expect(ended.err).toContain('node0 refused the connection');
  });

  it('says that it was interrupted, and ends with 130', async () => {
    // a server that takes connections and says nothing
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const {port} = silent.address() as {port: number};
    const file = join(cwd, 'silent.yaml');
    await writeFile(file, `ssh: {port: ${port}, user: root}\nnodes: [{address: 198.18.0.10, ssh: {host: 127.0.0.1}}]\n`);
    const ended = await hw5(['-f', file, 'notebook'], (child) => silent.once('connection', () => child.kill('SIGINT')));
    silent.close();
    expect(ended).toEqual({
      code: 130,
      out: '',
      err: 'interrupted; what was done stays, and the same command goes on from there\n',
    });
  });

  it('ends with 130 when Ctrl-C is the answer to a question', async () => {
    const key = join(cwd, 'locked');
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'passphrase', '-f', key]);
    await writeFile(join(cwd, 'locked.yaml'), `ssh: {key: locked, user: root}\nnodes: [198.18.0.10, 198.18.0.11]\n`);
    for (const command of ['plan', 'status', 'up']) {
      const line = [process.execPath, program, '-f', 'locked.yaml', command].join(' ');
      const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
        cwd,
        env: {PATH: process.env.PATH, HOME: cwd, NO_COLOR: '1'},
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      let out = '';
      child.stdout.on('data', (chunk) => {
        out += chunk;
        if (/Passphrase of \S+: $/.test(out)) child.stdin.write('\u0003');
      });
      const [code] = await once(child, 'close');
      expect([command, code, out.match(/Passphrase/g)?.length]).toEqual([command, 130, 1]);
    }
  });

  it('has colours where the terminal has, unless NO_COLOR is set', async () => {
    // nobody listens there
    const file = join(cwd, 'colours.yaml');
    await writeFile(file, 'ssh: {port: 1, user: root}\nnodes: [{address: 198.18.0.10, ssh: {host: 127.0.0.1}}]\n');
    const status = (env: Readonly<Record<string, string>>) => hw5(['-f', file, 'status'], undefined, env);
    const [terminal, plain, pipe] = await Promise.all([
      status({FORCE_COLOR: '1'}),
      status({FORCE_COLOR: '1', NO_COLOR: '1'}),
      status({}),
    ]);
    expect(terminal.out).toContain('\u001b[31mnot healthy');
    expect(plain.out).toContain('zzw: not healthy');
    expect(pipe.out).toContain('zzw: not healthy');
    expect([plain.out, pipe.out].join()).not.toContain('\u001b');
  });

  it('says which node it could not reach, and ends with 1', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const {port} = server.address() as {port: number};
    server.close();
    const file = join(cwd, 'closed.yaml');
    await writeFile(file, `ssh: {port: ${port}, user: root}\nnodes: [{address: 198.18.0.10, ssh: {host: 127.0.0.1}}]\n`);
    const {code, err} = await hw5(['-f', file, 'notebook']);
    expect(code).toBe(1);
    expect(err).toMatch(/^✗ .*node0.*\n(.*\n)* {2}hint /);
  });
});
