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
    await sshd.makeKey('stranger');
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

  async function refusal(overrides: Partial<SshSettings> = {}, options: Partial<SshOptions> = {}): Promise<ConnectError> {
    const error = await connect(overrides, options).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConnectError);
    return error as ConnectError;
  }

  async function answers(host: Host): Promise<void> {
    expect((await host.exec(['echo', 'here'])).stdout).toBe('here\n');
  }

  describe('the way there', () => {
    it('says that nobody listens', async () => {
      const port = await freePort();
      const error = await refusal({port});
      expect(error.message).toBe(`node0 refused the connection to 127.0.0.1:${port}`);
      expect(error.hint).toContain('is sshd running');
      expect(error.host).toBe('node0');
    });

    it('says that a name is not known', async () => {
      const error = await refusal({host: 'no-such-host.invalid'});
      expect(error.message).toContain('the name no-such-host.invalid of node0 is not known');
      expect(error.hint).toContain('ssh.host');
    });

    it('says that a server takes the connection and stays silent', async () => {
      const {port} = await listen((socket) => socket.resume());
      const error = await refusal({port, connectTimeoutSeconds: 0.3});
      expect(error.message).toBe(`node0 took the connection at 127.0.0.1:${port} but SSH was not ready within 0.3 s`);
    });

    it('says that a server hangs up before the login', async () => {
      const {port} = await listen((socket) => socket.end());
      const error = await refusal({port});
      expect(error.message).toContain('node0');
      expect(error.message).toContain(`127.0.0.1:${port}`);
    });

    it('is interrupted', async () => {
      const {port} = await listen((socket) => socket.resume());
      await expect(connect({port}, {signal: AbortSignal.timeout(100)})).rejects.toBeInstanceOf(InterruptedError);
      await expect(connect({}, {signal: AbortSignal.abort()})).rejects.toBeInstanceOf(InterruptedError);
    });

    it('leads through a jump host, whose key is checked as well', async () => {
      const target = await Sshd.start();
      opened.push(target);
      await writeFile(join(target.directory, 'authorized_keys'), await readFile(`${sshd.clientKey}.pub`));
      await writeFile(sshd.knownHosts, await readFile(target.knownHosts), {flag: 'a'});
      const jump = {host: '127.0.0.1', port: sshd.port, user: sshd.user, key: sshd.clientKey};
      await answers(await connect({port: target.port, jump}));

      await writeFile(sshd.knownHosts, await readFile(target.knownHosts));
      const error = await refusal({port: target.port, jump});
      expect(error.message).toContain('the host key of jump host 127.0.0.1 (');
    });

    it('says that the jump host cannot go on', async () => {
      const port = await freePort();
      const jump = {host: '127.0.0.1', port: sshd.port, user: sshd.user, key: sshd.clientKey};
      const error = await refusal({port, jump});
      expect(error.message).toContain(`the jump host cannot connect to node0 at 127.0.0.1:${port}`);
    });

    it('ends with the jump host', async () => {
      const jumper = await Sshd.start();
      opened.push(jumper);
      await writeFile(sshd.knownHosts, await readFile(jumper.knownHosts), {flag: 'a'});
      const host = await connect({jump: {host: '127.0.0.1', port: jumper.port, user: jumper.user, key: jumper.clientKey}});
      const running = host.exec(['sleep', '20']);
      setTimeout(() => void jumper.stop(), 100);
      await expect(running).rejects.toBeInstanceOf(ConnectError);
    });
  });

  describe('host keys', () => {
    const shown = async (name: string) => {
      const [type, key] = (await readFile(join(sshd.directory, `${name}.pub`), 'utf8')).split(' ');
      return `${type} ${fingerprint(Buffer.from(key!, 'base64'))}`;
    };

    it('refuses an unknown server and shows its key', async () => {
      await writeFile(sshd.knownHosts, '');
      const error = await refusal();
      expect(error.message).toBe(`the host key of node0 ([127.0.0.1]:${sshd.port}) is not known: ${await shown('host_ed25519')}`);
      expect(error.hint).toContain('--accept-new-host-keys');
      expect(await readFile(sshd.knownHosts, 'utf8')).toBe('');
    });

    it('takes an unknown server when told so, and knows it from then on', async () => {
      const knownHosts = join(sshd.directory, 'new', 'known_hosts');
      await answers(await connect({knownHosts}, {acceptNewHostKeys: true}));
      expect((await stat(knownHosts)).mode & 0o777).toBe(0o600);
      await answers(await connect({knownHosts}));
    });

    it('says that the file with the known keys is none', async () => {
      const error = await refusal({knownHosts: sshd.directory});
      expect(error.message).toBe(`the known host keys in ${sshd.directory} cannot be read`);
    });

    it('refuses a changed key even when told to take new ones', async () => {
      await sshd.trust(['stranger']);
      const error = await refusal({}, {acceptNewHostKeys: true});
      expect(error.message).toContain('HAS CHANGED');
      expect(error.message).toContain(`known  ${await shown('stranger')} (line 1 of ${sshd.knownHosts})`);
      expect(error.message).toContain(`shown  ${await shown('host_ed25519')}`);
      expect(error.hint).toContain(`ssh-keygen -f ${sshd.knownHosts} -R '[127.0.0.1]:${sshd.port}'`);
    });

    it.each(['ecdsa', 'rsa'])('asks for the type of key under which the server is known: %s', async (type) => {
      await sshd.trust([`host_${type}`]);
      await answers(await connect());
    });

    it('says so when the server has no key of a known type any more', async () => {
      const other = await Sshd.start({hostKeys: ['ed25519']});
      opened.push(other);
      const key = await readFile(join(sshd.directory, 'host_rsa.pub'), 'utf8');
      await writeFile(sshd.knownHosts, `[127.0.0.1]:${other.port} ${key}`);
      const error = await refusal({port: other.port}, {acceptNewHostKeys: true});
      expect(error.hint).toContain('knows it with ssh-rsa');
    });
  });

  describe('the login', () => {
    it('lists what the server offers and what was tried', async () => {
      const error = await refusal({key: join(sshd.directory, 'stranger')});
      expect(error.message).toContain(`node0 (127.0.0.1:${sshd.port}) refused the login of user ${sshd.user}`);
      expect(error.message).toMatch(/offers +publickey\n/);
      expect(error.message).toMatch(/tried +key .*stranger \(ssh-ed25519 SHA256:/);
      expect(error.hint).toContain('authorized_keys');
    });

    it('names the user that is wrong', async () => {
      const error = await refusal({user: 'no-such-user'});
      expect(error.message).toContain('refused the login of user no-such-user');
    });

    it('tries the default keys when none is configured', async () => {
      const home = sshd.directory;
      await mkdir(join(home, '.ssh'), {recursive: true});
      await writeFile(join(home, '.ssh', 'id_ed25519'), await readFile(join(home, 'stranger')), {mode: 0o600});
      await writeFile(join(home, '.ssh', 'id_rsa'), await readFile(sshd.clientKey), {mode: 0o600});
      await answers(await connect({key: undefined}));
      const strict = await Sshd.start({config: ['MaxAuthTries 1']});
      opened.push(strict);
      await writeFile(sshd.knownHosts, await readFile(strict.knownHosts), {flag: 'a'});
      expect((await refusal({key: undefined, port: strict.port})).hint).toContain('MaxAuthTries');
    });

    it('has a key file that does not exist, is open to others, or is no private key', async () => {
      expect((await refusal({key: '/nonexistent/id'})).message).toBe('the key file /nonexistent/id does not exist');
      await chmod(join(sshd.directory, 'stranger'), 0o644);
      const open = await refusal({key: join(sshd.directory, 'stranger')});
      await chmod(join(sshd.directory, 'stranger'), 0o600);
      expect(open.message).toContain('is open to others (mode 0644)');
      expect(open.hint).toBe(`chmod 600 ${join(sshd.directory, 'stranger')}`);
      await chmod(`${sshd.clientKey}.pub`, 0o600);
      expect((await refusal({key: `${sshd.clientKey}.pub`})).message).toContain('holds a public key');
    });

    it('asks for the passphrase of an encrypted key', async () => {
      const key = join(sshd.directory, 'locked');
      const asked: SecretRequest[] = [];
      const secret = (answer: string) => async (request: SecretRequest) => {
        asked.push(request);
        return new Secret(answer);
      };
      await answers(await connect({key}, {secret: secret('open sesame')}));
      expect(asked).toEqual([{kind: 'key-passphrase', host: 'node0', question: `Passphrase of ${key}`}]);
      expect((await refusal({key}, {secret: secret('wrong')})).message).toBe(`the passphrase of the key file ${key} is wrong`);
      const error = await refusal({key});
      expect(error.message).toContain('is encrypted and no passphrase was given');
      expect(error.hint).toContain('ssh-add');
    });

    it('asks the agent', async () => {
      const agentSocket = join(sshd.directory, 'agent');
      const agent = spawn('ssh-agent', ['-D', '-a', agentSocket], {stdio: ['ignore', 'pipe', 'ignore']});
      try {
        await once(agent.stdout, 'data');
        const empty = await refusal({key: undefined, agent: true}, {agentSocket, home: '/nonexistent'});
        expect(empty.message).toContain('agent: it holds no keys');
        await once(spawn('ssh-add', ['-q', sshd.clientKey], {env: {...process.env, SSH_AUTH_SOCK: agentSocket}}), 'exit');
        await answers(await connect({key: undefined, agent: true}, {agentSocket, home: '/nonexistent'}));
        // An encrypted key file without passphrase is no obstacle where there is an agent.
        await answers(await connect({key: join(sshd.directory, 'locked'), agent: true}, {agentSocket}));
        const unused = await refusal({key: undefined}, {agentSocket, home: '/nonexistent'});
        expect(unused.message).toMatch(/tried +nothing/);
        expect(unused.hint).toContain('there was nothing to log in with');
      } finally {
        agent.kill();
      }
    });

    it('says which variable has no password in it, and that a password was wrong', async () => {
      const server = await Sshd.start({config: ['PasswordAuthentication yes', 'PermitRootLogin yes']});
      opened.push(server);
      await writeFile(sshd.knownHosts, await readFile(server.knownHosts), {flag: 'a'});
      const settings = {port: server.port, key: undefined, passwordEnv: 'NODE_PASSWORD'};
      const unset = await refusal(settings, {home: '/nonexistent'});
      expect(unset.message).toMatch(/not tried password: NODE_PASSWORD is not set$/);
      const wrong = await refusal(settings, {home: '/nonexistent', secret: async () => new Secret('wrong')});
      expect(wrong.hint).toBe('are ssh.user and the password right?');
    });

    it('asks for no password where the server takes none', async () => {
      const secret = async () => {
        throw new Error('nobody is to be asked');
      };
      await refusal({key: join(sshd.directory, 'stranger')}, {secret});
    });
  });

  describe('an open connection', () => {
    it('reports a loss while a command runs, and ever after', async () => {
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

    it('notices a server that has gone silent', async () => {
      const {port, server} = await listen((socket) => {
        const through = connectTcp(sshd.port, '127.0.0.1');
        const stop = () => socket.destroy() && through.destroy();
        socket.on('error', stop).on('close', stop);
        through.on('error', stop);
        socket.pipe(through).pipe(socket);
        setTimeout(() => socket.unpipe(through), 700).unref();
      });
      await writeFile(sshd.knownHosts, (await readFile(sshd.knownHosts, 'utf8')).replace(`:${sshd.port} `, `:${port} `));
      const host = await connect({port, keepaliveSeconds: 0.2});
      await expect(host.exec(['sleep', '20'])).rejects.toThrow('the connection to node0 was lost: Keepalive timeout');
      server.close();
    });

    it('does with fewer sessions where the server allows fewer', async () => {
      const server = await Sshd.start({config: ['MaxSessions 2']});
      opened.push(server);
      const host = await connectSsh({node: {name: 'node0', address: '127.0.0.1', ssh: server.settings()}, home: '/nonexistent'});
      opened.push(host);
      const numbers = Array.from({length: 12}, (_, index) => `${index}`);
      const results = await Promise.all(numbers.map((number) => host.exec(['sh', '-c', `sleep 0.05; echo ${number}`])));
      expect(results.map(({stdout}) => stdout.trim())).toEqual(numbers);
    });

    it('is made anew by reconnect, and outlives the first', async () => {
      const first = await connect();
      const second = await first.reconnect({timeoutMs: 5000});
      opened.push(second);
      const peer = async (host: Host) => (await host.exec(['sh', '-c', 'echo $SSH_CONNECTION'])).stdout;
      expect(await peer(second)).not.toBe(await peer(first));
      await first[Symbol.asyncDispose]();
      await answers(second);
      await expect(first.exec(['true'])).rejects.toThrow('the connection to node0 was closed');
    });

    it('waits in line without being stuck when it is interrupted', async () => {
      const host = await connect();
      const abort = new AbortController();
      const busy = Array.from({length: 8}, () => host.exec(['sleep', '20'], {signal: abort.signal}));
      const waiting = host.exec(['echo', 'late'], {signal: abort.signal});
      setTimeout(() => abort.abort(), 200);
      const results = await Promise.allSettled([...busy, waiting]);
      expect(results.every((result) => result.status === 'rejected' && result.reason instanceof InterruptedError)).toBe(true);
      await answers(host);
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
