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
import {checkJsonOutput} from '../../support/json-output.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line from its source, bundled once so that it starts quickly. */
describe('the command hw5', () => {
  let cwd: string;
  let program: string;

  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'hw5-cli-'));
    await mkdir(join(ROOT, 'node_modules/.cache'), {recursive: true});
    // in node_modules, so that it finds the npm packages; import.meta.url is replaced so that it finds the package's own files
    const directory = await mkdtemp(join(ROOT, 'node_modules/.cache/hw5-cli-'));
    program = join(directory, 'main.mjs');
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
  afterAll(() => Promise.all([cwd, dirname(program)].map((directory) => rm(directory, {recursive: true}))));

  async function hw5(
    args: readonly string[],
    during: (process: ReturnType<typeof spawn>) => void = () => {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<Result> {
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
    if (out !== '' && code !== null) checkJsonOutput(args, out);
    return {code, out, err};
  }

  it.each<[string, string[], number, RegExp]>([
    ['an unknown option', ['--colour'], 2, /unknown option '--colour'/],
    ['an unknown command, with a suggestion', ['stauts'], 2, /unknown command 'stauts'\n\(Did you mean status\?\)/],
    ['an unknown option of a command', ['down', '--forever'], 2, /unknown option '--forever'/],
    ['an unknown option of a subcommand', ['lab', 'up', '--forever'], 2, /unknown option '--forever'/],
    ['an incomplete command', ['lab', 'power'], 2, /Usage: hw5 lab power/],
    [
      'a command without its argument',
      ['lab', 'power', 'off'],
      2,
      /missing required argument 'machine'\n\(see hw5 lab power off --help\)/,
    ],
    ['no command', [], 2, /Usage: hw5/],
    ['two clusters', ['-f', 'good.yaml', '--lab', 'plan'], 2, /✗ -f and --lab exclude each other\n {2}hint {5}leave one out/],
    ['no cluster', ['up'], 2, /✗ the cluster file .*\/cluster.yaml does not exist\n/],
    [
      'an invalid cluster file, with the place',
      ['-f', 'bad.yaml', 'up'],
      2,
      /netwrok.*\n {2}where {4}.*bad\.yaml:3:1\n {2}hint {5}.*network/,
    ],
  ])('rejects %s', async (_, args, code, text) => {
    const result = await hw5(args);
    expect(result.err).toMatch(text);
    expect([result.code, result.out]).toEqual([code, '']);
    expect(result.err).not.toContain('    at ');
  });

  it('prints its version and help, and exits with 0', async () => {
    const [version, help] = await Promise.all([hw5(['--version']), hw5(['help', 'down'])]);
    expect([version.code, version.out]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
    expect([help.code, help.out]).toEqual([0, expect.stringContaining('--purge')]);
    expect(help.out).toContain('The global options, such as --file, --lab and --json, are accepted here, too');
  });

  it('prints the result of validate as text and as JSON', async () => {
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
  ])('runs to completion without a reader of its output, if it changes hosts: %s', async (args, code) => {
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
  ])('needs the files that the cluster file names only if it uploads them: %s', async (command, code) => {
    await writeFile(
      join(cwd, 'gone.yaml'),
      'ssh: {port: 1, user: root}\nnodes: [{address: 198.18.0.10, ssh: {host: 127.0.0.1}}]\nimages: {base: {import: gone.tar}}\n',
    );
    const result = await hw5(['-f', 'gone.yaml', command, ...(command === 'scale' ? ['ssh=2'] : [])]);
    expect(result.code).toBe(code);
    expect(result.err.includes('gone.tar does not exist')).toBe(code === 2);
    expect(`${result.out}${result.err}`.includes('refused the connection')).toBe(code !== 2);
  });

  it('does not print "nothing to change" for unreachable hosts', async () => {
    await writeFile(
      join(cwd, 'closed-port.yaml'),
      'ssh: {port: 1, user: root}\nnodes: [{address: 198.18.0.10, ssh: {host: 127.0.0.1}}]\n',
    );
    const result = await hw5(['-f', 'closed-port.yaml', 'plan']);
    expect([result.code, result.out]).toEqual([1, '']);
    expect(result.err).toContain('node0 refused the connection');
  });

  it('reports that it was interrupted, and exits with 130', async () => {
    // a server that accepts connections and sends nothing
    const unresponsive = createServer();
    unresponsive.listen(0, '127.0.0.1');
    await once(unresponsive, 'listening');
    const {port} = unresponsive.address() as {port: number};
    const file = join(cwd, 'unresponsive.yaml');
    await writeFile(file, `ssh: {port: ${port}, user: root}\nnodes: [{address: 198.18.0.10, ssh: {host: 127.0.0.1}}]\n`);
    const result = await hw5(['-f', file, 'notebook'], (child) => unresponsive.once('connection', () => child.kill('SIGINT')));
    unresponsive.close();
    expect(result).toEqual({
      code: 130,
      out: '',
      err: 'interrupted: changes made so far remain; run the same command again to continue\n',
    });
  });

  it('exits with 130 after Ctrl-C at a prompt', async () => {
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

  it('prints colours on a terminal with colours, unless NO_COLOR is set', async () => {
    // no server listens on that port
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

  it('reports which node it could not reach, and exits with 1', async () => {
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
