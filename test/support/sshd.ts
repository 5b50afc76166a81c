import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {chmod, mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {connect, createServer} from 'node:net';
import {tmpdir, userInfo} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {promisify} from 'node:util';
import type {SshSettings} from '../../src/cluster/cluster.js';

const run = promisify(execFile);

/** Whether Debian's openssh-server is installed; tests that need it are skipped otherwise. */
export const hasSshd = existsSync('/usr/sbin/sshd');

export interface SshdOptions {
  /** Lines for sshd_config, before the defaults (sshd takes the first of each). */
  readonly config?: readonly string[];
  readonly hostKeys?: readonly ('ed25519' | 'ecdsa' | 'rsa')[];
}

/** A real OpenSSH server on 127.0.0.1 at a free port, with keys of its own; the current user logs in with `clientKey`. */
export class Sshd implements AsyncDisposable {
  readonly directory: string;
  readonly port: number;
  readonly user = userInfo().username;
  #process: ChildProcess | undefined;
  #log = '';

  private constructor(directory: string, port: number) {
    this.directory = directory;
    this.port = port;
  }

  static async start({config = [], hostKeys = ['ed25519']}: SshdOptions = {}): Promise<Sshd> {
    const directory = await mkdtemp(join(tmpdir(), 'hw5-sshd-'));
    const sshd = new Sshd(directory, await freePort());
    await mkdir('/run/sshd', {recursive: true, mode: 0o755});
    await sshd.makeKey('client');
    for (const type of hostKeys) await sshd.makeKey(`host_${type}`, type);
    await writeFile(join(directory, 'authorized_keys'), await readFile(`${sshd.clientKey}.pub`), {mode: 0o600});
    const lines = [
      ...config,
      `Port ${sshd.port}`,
      'ListenAddress 127.0.0.1',
      ...hostKeys.map((type) => `HostKey ${directory}/host_${type}`),
      `AuthorizedKeysFile ${directory}/authorized_keys`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'PrintMotd no',
      // A bash started by sshd reads ~/.bashrc, with unknown effects on the tests, unless SHLVL says that it runs inside another shell.
      'SetEnv SHLVL=2',
    ];
    await writeFile(join(directory, 'sshd_config'), `${lines.join('\n')}\n`);
    await sshd.trust();
    await sshd.listen();
    return sshd;
  }

  get clientKey(): string {
    return join(this.directory, 'client');
  }

  get knownHosts(): string {
    return join(this.directory, 'known_hosts');
  }

  /** sshd's log. */
  get log(): string {
    return this.#log;
  }

  /** Settings with which the login succeeds; a test overrides those it examines. */
  settings(overrides: Partial<SshSettings> = {}): SshSettings {
    return {
      user: this.user,
      port: this.port,
      key: this.clientKey,
      agent: false,
      knownHosts: this.knownHosts,
      connectTimeoutSeconds: 10,
      keepaliveSeconds: 15,
      ...overrides,
    };
  }

  /** Makes a key pair in the server's directory. @returns the path of the private key */
  async makeKey(name: string, type = 'ed25519', passphrase = ''): Promise<string> {
    const path = join(this.directory, name);
    const bits = type === 'rsa' ? ['-b', '2048'] : [];
    // One round of key derivation: ssh2 does it in JavaScript, and the default of 16 takes a second.
    await run('ssh-keygen', ['-q', '-t', type, ...bits, '-a', '1', '-N', passphrase, '-C', name, '-f', path]);
    await chmod(path, 0o600);
    return path;
  }

  /** Writes the known_hosts file: the given host keys (default: the server's ed25519 key) under the server's name. */
  async trust(keys: readonly string[] = ['host_ed25519']): Promise<void> {
    const lines = await Promise.all(keys.map((key) => readFile(join(this.directory, `${key}.pub`), 'utf8')));
    await writeFile(this.knownHosts, lines.map((line) => `[127.0.0.1]:${this.port} ${line}`).join(''), {mode: 0o600});
  }

  /** Terminates the server and all its sessions, as when a computer goes down. */
  async stop(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (!process?.pid || process.exitCode !== null || process.signalCode !== null) return;
    const closed = once(process, 'exit');
    const {stdout} = await run('ps', ['-o', 'pid=', '--ppid', String(process.pid)]).catch(() => ({stdout: ''}));
    process.kill('SIGTERM');
    for (const pid of stdout.split('\n').filter(Boolean)) {
      try {
        globalThis.process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has already exited.
      }
    }
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.directory, {recursive: true, force: true});
  }

  async listen(): Promise<void> {
    const process = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(this.directory, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = process;
    process.stderr.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString();
    });
    for (let attempt = 0; attempt < 1000; attempt++) {
      if (process.exitCode !== null) throw new Error(`sshd exited: ${this.#log}`);
      if (await accepts(this.port)) return;
      await delay(25);
    }
    throw new Error(`sshd does not listen: ${this.#log}`);
  }
}

/** A TCP port of 127.0.0.1 that is free. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
      .on('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .on('error', () => resolve(false));
  });
}
