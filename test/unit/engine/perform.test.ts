import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi} from 'vitest';
import {imageHint} from '../../../src/components/docker/dockerd.js';
import {systemctl} from '../../../src/engine/action.js';
import {perform} from '../../../src/engine/perform.js';
import {Secret} from '../../../src/host/command.js';
import {LocalHost} from '../../../src/host/local-host.js';
import {CommandError, InterruptedError, TimeoutError} from '../../../src/support/errors.js';
import {FakeHost} from '../../support/fake-host.js';

describe('an action on a host, with real commands', () => {
  const host = new LocalHost();
  let directory: string;
  const at = (name: string): string => join(directory, name);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hw5-perform-'));
  });
  afterEach(() => rm(directory, {recursive: true, force: true}));

  it('runs a command with its input, secret or not', async () => {
    for (const stdin of ['open', new Secret('hidden'), Buffer.from([0, 255])]) {
      await perform(host, {kind: 'run', title: 'keep', argv: ['sh', '-c', 'cat >"$1"', 'sh', at('out')], stdin});
      const expected = stdin instanceof Secret ? 'hidden' : stdin;
      expect(await readFile(at('out'))).toEqual(Buffer.from(expected as string));
    }
  });

  it('fails with command, code, stderr and hint', async () => {
    const action = {kind: 'run', title: 'x', argv: ['sh', '-c', 'echo no >&2; exit 7'], hint: 'fix it'} as const;
    const error = await perform(host, action).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({code: 7, stderr: 'no\n', argv: action.argv, hint: 'fix it', host: 'localhost'});
  });

  it('runs a script, and names it by its title when it fails', async () => {
    await perform(host, {kind: 'script', title: 'touch', script: `: >${at('there')}`});
    expect(await readdir(directory)).toEqual(['there']);
    const error = perform(host, {kind: 'script', title: 'break it', script: 'echo why >&2\nfalse', hint: 'glue'});
    await expect(error).rejects.toMatchObject({argv: ['break it'], stderr: 'why\n', hint: 'glue', code: 1});
  });

  it('is killed when it takes longer than its limit', async () => {
    const action = {kind: 'run', title: 'x', argv: ['sleep', '4716'], timeoutMs: 50} as const;
    await expect(perform(host, action)).rejects.toThrow('sleep on localhost did not finish within 0.05 s');
    const script = {kind: 'script', title: 'wait for ever', script: 'sleep 4716', timeoutMs: 50, hint: 'wake it'} as const;
    await expect(perform(host, script)).rejects.toMatchObject({
      constructor: TimeoutError,
      message: 'wait for ever: sh on localhost did not finish within 0.05 s',
      hint: 'wake it',
    });
  });

  it('ends when interrupted', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 30);
    await expect(perform(host, {kind: 'script', title: 'x', script: 'sleep 4717'}, abort.signal)).rejects.toThrow(
      InterruptedError,
    );
  });

  it('writes a file with its mode, and makes its directories', async () => {
    await perform(host, {kind: 'write', path: at('a/b/file'), content: new Secret('s'), mode: 0o600});
    expect(await readFile(at('a/b/file'), 'utf8')).toBe('s');
    expect((await stat(at('a/b/file'))).mode & 0o777).toBe(0o600);
  });

  it('uploads a file with its mode', async () => {
    await writeFile(at('here'), 'x'.repeat(100_000));
    await perform(host, {kind: 'upload', path: at('there'), localFile: at('here'), mode: 0o755});
    expect(await readFile(at('there'), 'utf8')).toBe('x'.repeat(100_000));
    expect((await stat(at('there'))).mode & 0o777).toBe(0o755);
  });

  it.each(['write', 'upload'] as const)('does not start to %s when interrupted before', async (kind) => {
    await writeFile(at('here'), 'x');
    const rest = {path: at('there'), content: 'x', localFile: at('here'), mode: 0o644};
    await expect(perform(host, {kind, ...rest}, AbortSignal.abort())).rejects.toThrow(InterruptedError);
    expect(await readdir(directory)).toEqual(['here']);
  });

  it('removes files and directories, and succeeds when there are none', async () => {
    await mkdir(at('tree/of/directories'), {recursive: true});
    await writeFile(at('-rf'), '');
    for (const name of ['tree', '-rf', 'none']) await perform(host, {kind: 'remove', path: at(name)});
    expect(await readdir(directory)).toEqual([]);
  });

  it('removes a link and not its target', async () => {
    await mkdir(at('target'));
    await writeFile(at('target/file'), '');
    await symlink(at('target'), at('link'));
    await perform(host, {kind: 'remove', path: at('link')});
    expect(await readdir(at('target'))).toEqual(['file']);
  });

  it('feeds a file of the controller into a command on the host', async () => {
    const bytes = Buffer.alloc(3_000_000, 'abc');
    await writeFile(at('tar'), bytes);
    await perform(host, {kind: 'feed', title: 'load', localFile: at('tar'), argv: ['sh', '-c', 'cat >"$1"', 'sh', at('loaded')]});
    expect((await readFile(at('loaded'))).equals(bytes)).toBe(true);
  });

  it('fetches what a command prints into a file only its owner may read', async () => {
    const argv = ['sh', '-c', 'head -c 5000000 /dev/zero; printf end'];
    await perform(host, {kind: 'fetch', title: 'save', argv, localFile: at('cache/images.tar')});
    const content = await readFile(at('cache/images.tar'));
    expect([content.length, content.subarray(-3).toString()]).toEqual([5_000_003, 'end']);
    expect((await stat(at('cache/images.tar'))).mode & 0o777).toBe(0o600);
  });

  it.each(['feed', 'fetch'] as const)('gives images hours to be transferred: %s', async (kind) => {
    await writeFile(at('tar'), 'x');
    const limits: (number | undefined)[] = [];
    const slow = new FakeHost().on(['load']);
    const exec = slow.exec.bind(slow);
    slow.exec = (argv, options) => {
      limits.push(options?.timeoutMs);
      return exec(argv, options);
    };
    await perform(slow, {kind, title: 'move', argv: ['load'], localFile: at('tar')});
    expect(limits).toEqual([7_200_000]);
  });

  it('keeps the old file, and no other, when a fetch fails halfway', async () => {
    await mkdir(at('cache'));
    await writeFile(at('cache/images.tar'), 'old');
    const argv = ['sh', '-c', 'printf half; exit 1'];
    await expect(perform(host, {kind: 'fetch', title: 'save', argv, localFile: at('cache/images.tar')})).rejects.toThrow(
      CommandError,
    );
    expect(await readdir(at('cache'))).toEqual(['images.tar']);
    expect(await readFile(at('cache/images.tar'), 'utf8')).toBe('old');
  });

  describe('that downloads', () => {
    const content = 'the program';
    const sha256 = createHash('sha256').update(content).digest('hex');
    let server: Server;
    let base: string;

    beforeAll(async () => {
      server = createServer((request, response) => {
        response.statusCode = request.url?.startsWith("/it's") ? 200 : 404;
        // the rest never comes
        if (request.url?.endsWith('half')) response.write(content);
        else response.end(content);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => {
      server.closeAllConnections();
      server.close();
    });

    it('installs the file with its mode, checked or not', async () => {
      for (const pinned of [sha256, undefined]) {
        await perform(host, {kind: 'download', url: `${base}/it's`, sha256: pinned, path: at('tool'), mode: 0o755});
        expect(await readFile(at('tool'), 'utf8')).toBe(content);
        expect((await stat(at('tool'))).mode & 0o777).toBe(0o755);
        await rm(at('tool'));
      }
    });

    it('rejects content with another hash, and keeps the old file', async () => {
      await writeFile(at('tool'), 'old');
      const action = {kind: 'download', url: `${base}/it's`, sha256: '0'.repeat(64), path: at('tool'), mode: 0o755} as const;
      await expect(perform(host, action)).rejects.toMatchObject({
        stderr: expect.stringContaining(`sha256 differs from the pinned one: ${sha256}`),
      });
      expect(await readdir(directory)).toEqual(['tool']);
      expect(await readFile(at('tool'), 'utf8')).toBe('old');
    });

    it('leaves no partial file when interrupted', async () => {
      const abort = new AbortController();
      const action = {kind: 'download', url: `${base}/it's-half`, path: at('tool'), mode: 0o755} as const;
      const download = perform(host, action, abort.signal);
      download.catch(() => undefined);
      await vi.waitFor(async () => expect(await readdir(directory)).toHaveLength(1), 10_000);
      abort.abort();
      await expect(download).rejects.toThrow(InterruptedError);
      expect(await readdir(directory)).toEqual([]);
    });

    it('reports which URL did not answer', async () => {
      const action = {kind: 'download', url: `${base}/none`, path: at('tool'), mode: 0o755} as const;
      await expect(perform(host, action)).rejects.toMatchObject({
        argv: ['curl', `${base}/none`],
        stderr: expect.stringContaining('404'),
        hint: expect.stringContaining("a mirror's URL or a local path"),
      });
      expect(await readdir(directory)).toEqual([]);
    });
  });
});

describe('the hint of a command that failed', () => {
  it.each([
    [
      'docker: Error response from daemon: pull access denied for calico/nod, repository does not exist',
      'can a reach the registry of calico/nod, and does that have the image? `docker load` on the node works, too',
    ],
    ['Error response from daemon: manifest for calico/nod:v9 not found: manifest unknown', /^can a reach/],
    [
      'Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
      /^can a reach/,
    ],
    ['Unable to find image\na has no image calico/nod', /^can a reach/],
    ['docker: Error response from daemon: Conflict. The container name "/calico-node" is already in use', 'see the log'],
    ['docker: Error response from daemon: unable to apply caps: operation not permitted', 'see the log'],
    ['docker: Error response from daemon: network x not found.', 'see the log'],
    ['write /var/lib/docker/tmp/GetImageBlob1: no space left on device', 'see the log'],
  ])('after %j', async (stderr, hint) => {
    for (const action of [
      {kind: 'script', title: 'run', script: 'docker run calico/nod'},
      {kind: 'run', title: 'run', argv: ['docker', 'run', 'calico/nod']},
    ] as const) {
      const host = new FakeHost('a').on(/./, {code: 125, stderr});
      const failing = perform(host, {...action, hint: 'see the log', hints: [imageHint('calico/nod', 'a')]});
      await expect(failing).rejects.toMatchObject({hint: typeof hint === 'string' ? hint : expect.stringMatching(hint)});
    }
  });
});

describe('systemctl', () => {
  it('runs once when it succeeds', async () => {
    const host = new FakeHost('node2').on(['systemctl', '--quiet', 'restart', 'hw5-etcd.service']);
    await perform(host, systemctl('restart', 'hw5-etcd.service'));
    expect(host.commands).toHaveLength(1);
    await host[Symbol.asyncDispose]();
  });

  it('is followed by the journal when it fails, because systemd does not report why', async () => {
    const host = new FakeHost('node2')
      .on(/^systemctl/, {code: 1, stderr: 'Job for hw5-etcd.service failed.\n'})
      .on(['sh', '-s'], 'Starting hw5-etcd.service...\nbind: address already in use\n');
    await expect(perform(host, systemctl('start', 'hw5-etcd.service'))).rejects.toMatchObject({
      argv: ['systemctl', '--quiet', 'start', 'hw5-etcd.service'],
      stderr: 'Job for hw5-etcd.service failed.\n',
      journal: ['bind: address already in use'],
      hint: 'see `journalctl -u hw5-etcd.service` on node2',
    });
    await host[Symbol.asyncDispose]();
  });
});
