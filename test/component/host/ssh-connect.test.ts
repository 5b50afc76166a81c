import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {chmod, mkdir, readFile, stat, writeFile} from 'node:fs/promises';
import {connect as connectTcp, createServer, type Server, type Socket} from 'node:net';
import {join} from 'node:path';
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest';
import type {SshSettings} from '../../../src/cluster/cluster.js';
import {Secret} from '../../../src/host/command.js';
import type {Host} from '../../../src/host/host.js';
import {fingerprint} from '../../../src/host/known-hosts.js';
import type {SecretRequest} from '../../../src/host/secret-source.js';
import {connectSsh, type SshOptions} from '../../../src/host/ssh-host.js';
import {ConnectError, InterruptedError} from '../../../src/support/errors.js';
import {freePort, hasSshd, Sshd} from '../../support/sshd.js';

describe.runIf(hasSshd)('connecting over SSH', () => {
  let sshd: Sshd;
  const opened: AsyncDisposable[] = [];

  beforeAll(async () => {
    sshd = await Sshd.start({hostKeys: ['ed25519', 'ecdsa', 'rsa']});
    await sshd.makeKey('other');
    await sshd.makeKey('locked', 'ed25519', 'open sesame');
    const keys = ['client', 'locked'].map((name) => readFile(join(sshd.directory, `${name}.pub`), 'utf8'));
    await writeFile(join(sshd.directory, 'authorized_keys'), (await Promise.all(keys)).join(''));
  }, 60_000);
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
    await sshd.trust();
  });
  afterAll(async () => {
    await sshd[Symbol.asyncDispose]();
  });

  async function connect(overrides: Partial<SshSettings> = {}, options: Partial<SshOptions> = {}): Promise<Host> {
    const node = {name: 'node0', address: '127.0.0.1', ssh: sshd.settings(overrides)};
    const host = await connectSsh({node, home: sshd.directory, ...options});
    opened.push(host);
    return host;
  }

  async function rejection(overrides: Partial<SshSettings> = {}, options: Partial<SshOptions> = {}): Promise<ConnectError> {
    const error = await connect(overrides, options).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConnectError);
    return error as ConnectError;
  }

  async function responds(host: Host): Promise<void> {
    expect((await host.exec(['echo', 'here'])).stdout).toBe('here\n');
  }

  describe('the connection', () => {
    it('reports that it was refused', async () => {
      const port = await freePort();
      const error = await rejection({port});
      expect(error.message).toBe(`node0 refused the connection to 127.0.0.1:${port}`);
      expect(error.hint).toContain('check that sshd runs');
      expect(error.host).toBe('node0');
    });

    it('reports a host name that cannot be resolved', async () => {
      const error = await rejection({host: 'no-such-host.invalid'});
      expect(error.message).toContain('the host name no-such-host.invalid of node0 cannot be resolved');
      expect(error.hint).toContain('ssh.host');
    });

    it('reports a server that accepts the connection and sends nothing', async () => {
      const {port} = await listen((socket) => socket.resume());
      const error = await rejection({port, connectTimeoutSeconds: 0.3});
      expect(error.message).toBe(
        `node0 accepted the connection at 127.0.0.1:${port}, but the SSH session was not ready within 0.3 s`,
      );
    });

    it('reports a server that closes it before the login', async () => {
      const {port} = await listen((socket) => socket.end());
      const error = await rejection({port});
      expect(error.message).toContain('node0');
      expect(error.message).toContain(`127.0.0.1:${port}`);
    });

    it('is interrupted by its signal', async () => {
      const {port} = await listen((socket) => socket.resume());
      await expect(connect({port}, {signal: AbortSignal.timeout(100)})).rejects.toBeInstanceOf(InterruptedError);
      await expect(connect({}, {signal: AbortSignal.abort()})).rejects.toBeInstanceOf(InterruptedError);
    });

    it('goes through a jump host, whose host key is checked, too', async () => {
      const target = await Sshd.start();
      opened.push(target);
      await writeFile(join(target.directory, 'authorized_keys'), await readFile(`${sshd.clientKey}.pub`));
      await writeFile(sshd.knownHosts, await readFile(target.knownHosts), {flag: 'a'});
      const jump = {host: '127.0.0.1', port: sshd.port, user: sshd.user, key: sshd.clientKey};
      await responds(await connect({port: target.port, jump}));

      await writeFile(sshd.knownHosts, await readFile(target.knownHosts));
      const error = await rejection({port: target.port, jump});
      expect(error.message).toContain('the host key of jump host 127.0.0.1 (');
    });

    it('reports that the jump host cannot connect', async () => {
      const port = await freePort();
      const jump = {host: '127.0.0.1', port: sshd.port, user: sshd.user, key: sshd.clientKey};
      const error = await rejection({port, jump});
      expect(error.message).toContain(`the jump host cannot connect to node0 at 127.0.0.1:${port}`);
    });

    it('is lost when the jump host is', async () => {
      const jumpHost = await Sshd.start();
      opened.push(jumpHost);
      await writeFile(sshd.knownHosts, await readFile(jumpHost.knownHosts), {flag: 'a'});
      const host = await connect({jump: {host: '127.0.0.1', port: jumpHost.port, user: jumpHost.user, key: jumpHost.clientKey}});
      const running = host.exec(['sleep', '20']);
      setTimeout(() => void jumpHost.stop(), 100);
      await expect(running).rejects.toBeInstanceOf(ConnectError);
    });
  });

  describe('host keys', () => {
    const shown = async (name: string) => {
      const [type, key] = (await readFile(join(sshd.directory, `${name}.pub`), 'utf8')).split(' ');
      return `${type} ${fingerprint(Buffer.from(key!, 'base64'))}`;
    };

    it('are rejected for an unknown server, with the key in the message', async () => {
      await writeFile(sshd.knownHosts, '');
      const error = await rejection();
      expect(error.message).toBe(
        `the host key of node0 ([127.0.0.1]:${sshd.port}) is not in known_hosts: ${await shown('host_ed25519')}`,
      );
      expect(error.hint).toContain('--accept-new-host-keys');
      expect(await readFile(sshd.knownHosts, 'utf8')).toBe('');
    });

    it('are accepted and added for an unknown server with acceptNewHostKeys', async () => {
      const knownHosts = join(sshd.directory, 'new', 'known_hosts');
      await responds(await connect({knownHosts}, {acceptNewHostKeys: true}));
      expect((await stat(knownHosts)).mode & 0o777).toBe(0o600);
      await responds(await connect({knownHosts}));
    });

    it('cannot be checked when known_hosts cannot be read', async () => {
      const error = await rejection({knownHosts: sshd.directory});
      expect(error.message).toBe(`the known_hosts file ${sshd.directory} cannot be read`);
    });

    it('are rejected when they have changed, even with acceptNewHostKeys', async () => {
      await sshd.trust(['other']);
      const error = await rejection({}, {acceptNewHostKeys: true});
      expect(error.message).toContain('HAS CHANGED');
      expect(error.message).toContain(`known  ${await shown('other')} (line 1 of ${sshd.knownHosts})`);
      expect(error.message).toContain(`shown  ${await shown('host_ed25519')}`);
      expect(error.hint).toContain(`ssh-keygen -f ${sshd.knownHosts} -R '[127.0.0.1]:${sshd.port}'`);
    });

    it.each(['ecdsa', 'rsa'])('are negotiated with the type that known_hosts has: %s', async (type) => {
      await sshd.trust([`host_${type}`]);
      await responds(await connect());
    });

    it('are rejected when the server has none of the type in known_hosts any more', async () => {
      const other = await Sshd.start({hostKeys: ['ed25519']});
      opened.push(other);
      const key = await readFile(join(sshd.directory, 'host_rsa.pub'), 'utf8');
      await writeFile(sshd.knownHosts, `[127.0.0.1]:${other.port} ${key}`);
      const error = await rejection({port: other.port}, {acceptNewHostKeys: true});
      expect(error.hint).toContain('has keys of type ssh-rsa for it');
    });
  });

  describe('the login', () => {
    it('reports what the server offers and what was tried', async () => {
      const error = await rejection({key: join(sshd.directory, 'other')});
      expect(error.message).toContain(`node0 (127.0.0.1:${sshd.port}) rejected the login of user ${sshd.user}`);
      expect(error.message).toMatch(/offers +publickey\n/);
      expect(error.message).toMatch(/tried +key .*other \(ssh-ed25519 SHA256:/);
      expect(error.hint).toContain('authorized_keys');
    });

    it('reports the user that was rejected', async () => {
      const error = await rejection({user: 'no-such-user'});
      expect(error.message).toContain('rejected the login of user no-such-user');
    });

    it('tries the default keys when none is configured', async () => {
      const home = sshd.directory;
      await mkdir(join(home, '.ssh'), {recursive: true});
      await writeFile(join(home, '.ssh', 'id_ed25519'), await readFile(join(home, 'other')), {mode: 0o600});
      await writeFile(join(home, '.ssh', 'id_rsa'), await readFile(sshd.clientKey), {mode: 0o600});
      await responds(await connect({key: undefined}));
      const strict = await Sshd.start({config: ['MaxAuthTries 1']});
      opened.push(strict);
      await writeFile(sshd.knownHosts, await readFile(strict.knownHosts), {flag: 'a'});
      expect((await rejection({key: undefined, port: strict.port})).hint).toContain('MaxAuthTries');
    });

    it('reports a key file that does not exist, is accessible to others, or is not a private key', async () => {
      expect((await rejection({key: '/nonexistent/id'})).message).toBe('the key file /nonexistent/id does not exist');
      await chmod(join(sshd.directory, 'other'), 0o644);
      const open = await rejection({key: join(sshd.directory, 'other')});
      await chmod(join(sshd.directory, 'other'), 0o600);
      expect(open.message).toContain('is accessible to other users (mode 0644)');
      expect(open.hint).toBe(`restrict it: chmod 600 ${join(sshd.directory, 'other')}`);
      await chmod(`${sshd.clientKey}.pub`, 0o600);
      expect((await rejection({key: `${sshd.clientKey}.pub`})).message).toContain('is a public key');
    });

    it('requests the passphrase of an encrypted key', async () => {
      const key = join(sshd.directory, 'locked');
      const requests: SecretRequest[] = [];
      const secret = (answer: string) => async (request: SecretRequest) => {
        requests.push(request);
        return new Secret(answer);
      };
      await responds(await connect({key}, {secret: secret('open sesame')}));
      expect(requests).toEqual([{kind: 'key-passphrase', host: 'node0', prompt: `Passphrase of ${key}`}]);
      expect((await rejection({key}, {secret: secret('wrong')})).message).toBe(`the passphrase of the key file ${key} is wrong`);
      const error = await rejection({key});
      expect(error.message).toContain('is encrypted and no passphrase was given');
      expect(error.hint).toContain('ssh-add');
    });

    it('uses the SSH agent', async () => {
      const agentSocket = join(sshd.directory, 'agent');
      const agent = spawn('ssh-agent', ['-D', '-a', agentSocket], {stdio: ['ignore', 'pipe', 'ignore']});
      try {
        await once(agent.stdout, 'data');
        const empty = await rejection({key: undefined, agent: true}, {agentSocket, home: '/nonexistent'});
        expect(empty.message).toContain('agent: it has no keys');
        await once(spawn('ssh-add', ['-q', sshd.clientKey], {env: {...process.env, SSH_AUTH_SOCK: agentSocket}}), 'exit');
        await responds(await connect({key: undefined, agent: true}, {agentSocket, home: '/nonexistent'}));
        // Where there is an agent, an encrypted key file without a passphrase is skipped.
        await responds(await connect({key: join(sshd.directory, 'locked'), agent: true}, {agentSocket}));
        const unused = await rejection({key: undefined}, {agentSocket, home: '/nonexistent'});
        expect(unused.message).toMatch(/tried +nothing/);
        expect(unused.hint).toContain('there was no key or password to log in with');
      } finally {
        agent.kill();
      }
    });

    it('reports which variable is not set, and that a password was wrong', async () => {
      const server = await Sshd.start({config: ['PasswordAuthentication yes', 'PermitRootLogin yes']});
      opened.push(server);
      await writeFile(sshd.knownHosts, await readFile(server.knownHosts), {flag: 'a'});
      const settings = {port: server.port, key: undefined, passwordEnv: 'NODE_PASSWORD'};
      const unset = await rejection(settings, {home: '/nonexistent'});
      expect(unset.message).toMatch(/not tried password: NODE_PASSWORD is not set$/);
      const wrong = await rejection(settings, {home: '/nonexistent', secret: async () => new Secret('wrong')});
      expect(wrong.hint).toBe('check ssh.user and the password');
    });

    it('requests no password where the server does not accept one', async () => {
      const secret = async () => {
        throw new Error('no secret should be requested');
      };
      await rejection({key: join(sshd.directory, 'other')}, {secret});
    });
  });

  describe('an open connection', () => {
    it('reports that it was lost during a command, and for every later one', async () => {
      const server = await Sshd.start();
      opened.push(server);
      const host = await connectSsh({node: {name: 'node7', address: '127.0.0.1', ssh: server.settings()}, home: '/nonexistent'});
      const running = host.exec(['sleep', '20']);
      setTimeout(() => void server.stop(), 100);
      await expect(running).rejects.toThrow('the connection to node7 was lost');
      await expect(host.exec(['true'])).rejects.toBeInstanceOf(ConnectError);
      await expect(host.reconnect()).rejects.toThrow('node7 refused the connection');
      await host[Symbol.asyncDispose]();
    });

    it('notices that the server has stopped responding', async () => {
      let silence = () => {};
      const {port, server} = await listen((socket) => {
        const through = connectTcp(sshd.port, '127.0.0.1');
        const stop = () => socket.destroy() && through.destroy();
        socket.on('error', stop).on('close', stop);
        through.on('error', stop);
        socket.pipe(through).pipe(socket);
        silence = () => socket.unpipe(through);
      });
      await writeFile(sshd.knownHosts, (await readFile(sshd.knownHosts, 'utf8')).replace(`:${sshd.port} `, `:${port} `));
      const host = await connect({port, keepaliveSeconds: 0.2});
      const running = host.exec(['sh', '-c', 'echo started; sleep 20'], {onStdout: () => void silence()});
      await expect(running).rejects.toThrow('the connection to node0 was lost: Keepalive timeout');
      server.close();
    });

    it('uses fewer sessions where the server allows fewer', async () => {
      const server = await Sshd.start({config: ['MaxSessions 2']});
      opened.push(server);
      const host = await connectSsh({node: {name: 'node0', address: '127.0.0.1', ssh: server.settings()}, home: '/nonexistent'});
      opened.push(host);
      const numbers = Array.from({length: 12}, (_, index) => `${index}`);
      const results = await Promise.all(numbers.map((number) => host.exec(['sh', '-c', `sleep 0.05; echo ${number}`])));
      expect(results.map(({stdout}) => stdout.trim())).toEqual(numbers);
    });

    it('is independent of the one that reconnect opens', async () => {
      const first = await connect();
      const second = await first.reconnect({timeoutMs: 5000});
      opened.push(second);
      const peer = async (host: Host) => (await host.exec(['sh', '-c', 'echo $SSH_CONNECTION'])).stdout;
      expect(await peer(second)).not.toBe(await peer(first));
      await first[Symbol.asyncDispose]();
      await responds(second);
      await expect(first.exec(['true'])).rejects.toThrow('the connection to node0 was closed');
    });

    it('frees its sessions and its queue when commands are interrupted', async () => {
      const host = await connect();
      const abort = new AbortController();
      const busy = Array.from({length: 8}, () => host.exec(['sleep', '20'], {signal: abort.signal}));
      const waiting = host.exec(['echo', 'late'], {signal: abort.signal});
      setTimeout(() => abort.abort(), 200);
      const results = await Promise.allSettled([...busy, waiting]);
      expect(results.every((result) => result.status === 'rejected' && result.reason instanceof InterruptedError)).toBe(true);
      await responds(host);
    });
  });

  async function listen(serve: (socket: Socket) => void): Promise<{port: number; server: Server}> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      serve(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    opened.push({
      [Symbol.asyncDispose]: async () => {
        server.close();
      },
    });
    return {port: (server.address() as {port: number}).port, server};
  }
});
