import {connect as connectTcp, type Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import ssh2, {
  type Algorithms,
  type AnyAuthMethod,
  type AuthenticationType,
  type Client,
  type ClientChannel,
  type NextAuthHandler,
  type ServerHostKeyAlgorithm,
} from 'ssh2';
import type {ClusterNode} from '../cluster/cluster.js';
import {ConnectError, InterruptedError} from '../support/errors.js';
import {attend} from './attend.js';
import {quoteAll, Secret} from './command.js';
import {Deadline} from './deadline.js';
import {Gate} from './gate.js';
import type {ExecOptions, ExecResult, Host} from './host.js';
import {addKnownHost, judgeHostKey, knownHostName, knownTypes, readKnownHosts} from './known-hosts.js';
import {type CommandPlace, cancellable, endMarked, interrupted, marked} from './marked.js';
import {readPrivateFile} from './private-file.js';
import type {SecretSource} from './secret-source.js';
import {type Endpoint, handshakeError, hostKeyError, jumpError, loginError, networkError, timeoutError} from './ssh-errors.js';
import {planLogins} from './ssh-login.js';
import {SudoHost, type SudoSettings} from './sudo.js';

export interface SshOptions {
  /** Where and how: a node of the cluster, complete with its ssh settings. */
  readonly node: Pick<ClusterNode, 'name' | 'address' | 'ssh'>;
  /** The user's home directory: default keys are in its .ssh. */
  readonly home: string;
  /** SSH_AUTH_SOCK. */
  readonly agentSocket?: string | undefined;
  /** Passwords and passphrases. Default: there are none. */
  readonly secret?: SecretSource | undefined;
  /** Take the key of a server that is not known yet and remember it. A changed key is refused all the same. */
  readonly acceptNewHostKeys?: boolean | undefined;
  /** Gives up connecting; an open connection is not touched. */
  readonly signal?: AbortSignal | undefined;
}

/** Commands run at the same time over one connection: sshd's MaxSessions is 10, and two stay free for ending commands. */
const SESSIONS = 8;

/** The fastest first: AES-GCM is done by the processor. */
const CIPHERS = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes256-ctr',
  'chacha20-poly1305@openssh.com',
] as const;

/** Type of a host key → algorithms that use it. SHA-1 signatures (`ssh-rsa` as an algorithm) are not accepted. */
const HOST_KEY_ALGORITHMS: readonly (readonly [string, readonly ServerHostKeyAlgorithm[]])[] = [
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
];

/** Opens one SSH connection to a node. @throws ConnectError with a hint, InterruptedError. */
export async function connectSsh(options: SshOptions): Promise<Host> {
  const {node} = options;
  const {ssh} = node;
  const target: Target = {name: node.name, user: ssh.user, host: ssh.host ?? node.address, port: ssh.port, key: ssh.key};
  const milliseconds = ssh.connectTimeoutSeconds * 1000;
  if (ssh.jump === undefined)
    return new SshHost(options, await openClient({...target, passwordEnv: ssh.passwordEnv}, options, milliseconds));
  const jump = await openClient({name: `jump host ${ssh.jump.host} of ${node.name}`, ...ssh.jump}, options, milliseconds);
  try {
    const stream = await forward(jump, target);
    const client = await openClient({...target, passwordEnv: ssh.passwordEnv}, options, milliseconds, stream);
    client.once('close', () => jump.end());
    return new SshHost(options, client);
  } catch (error) {
    jump.destroy();
    throw error;
  }
}

interface Target extends Endpoint {
  readonly key?: string | undefined;
  readonly passwordEnv?: string | undefined;
}

/** Connects, checks the host key, logs in. @param stream the way through a jump host. */
async function openClient(target: Target, options: SshOptions, milliseconds: number, stream?: Duplex): Promise<Client> {
  const {ssh} = options.node;
  const {signal} = options;
  const secret: SecretSource = options.secret ?? (async () => undefined);
  let limit: Deadline | undefined;
  const {logins, notes} = await planLogins(
    {
      ...target,
      agentSocket: ssh.agent ? options.agentSocket : undefined,
      home: options.home,
      secret: (request) => (limit ? limit.except(() => secret(request)) : secret(request)),
    },
    {parseKey: ssh2.utils.parseKey, openAgent: ssh2.createAgent},
  );
  const known = await readKnownHosts(ssh.knownHosts);
  const name = knownHostName(target.host, target.port);
  const types = knownTypes(known, name);
  const client = new ssh2.Client();
  const socket = stream ?? connectTcp({host: target.host, port: target.port, noDelay: true, keepAlive: true});
  let hasHandshake = false;
  let isConnected = stream !== undefined;
  let refusal: ConnectError | undefined;
  let offered: readonly string[] = [];
  const tried: string[] = [];
  socket.once('connect', () => {
    isConnected = true;
  });

  const explain = (error: Error & {level?: string}): ConnectError => {
    if (refusal) return refusal;
    if (error.level === 'client-socket') return networkError(target, error);
    if (hasHandshake) return loginError(target, {offered, tried, notes, cause: error});
    if (types.length > 0 && isConnected) return handshakeError(target, error, types, ssh.knownHosts);
    return networkError(target, error);
  };

  const verify = async (key: Buffer): Promise<boolean> => {
    const verdict = judgeHostKey(known, name, key);
    if (verdict.kind === 'known') return true;
    if (verdict.kind !== 'unknown' || !options.acceptNewHostKeys) {
      refusal = hostKeyError(target, verdict, key, ssh.knownHosts);
      return false;
    }
    try {
      known.push(await addKnownHost(ssh.knownHosts, name, key));
      return true;
    } catch (error) {
      refusal = new ConnectError(target.name, `cannot write ${ssh.knownHosts}: ${(error as Error).message}`, {cause: error});
      return false;
    }
  };

  /** The next login of a method that the server offers; its answer to the first attempt says which those are. */
  const nextLogin = async (left: readonly string[] | null): Promise<AnyAuthMethod | false> => {
    if (left) offered = left;
    if (!left && logins[0]?.method !== 'publickey') return {type: 'none', username: target.user};
    for (let login = logins.shift(); login; login = logins.shift()) {
      if (left && !left.includes(login.method)) continue;
      const method = await login.make();
      if (method === undefined) continue;
      tried.push(login.label);
      return method as AnyAuthMethod;
    }
    return false;
  };

  return new Promise<Client>((resolve, reject) => {
    const settle = (error?: Error) => {
      limit?.stop();
      signal?.removeEventListener('abort', onAbort);
      if (!error) {
        resolve(client);
        return;
      }
      reject(error);
      client.destroy();
      socket.destroy();
    };
    const onAbort = () => settle(new InterruptedError(`connecting to ${target.name} was interrupted`));
    limit = new Deadline(milliseconds, () => settle(timeoutError(target, milliseconds, isConnected)));
    signal?.addEventListener('abort', onAbort);
    client
      .on('handshake', () => {
        hasHandshake = true;
      })
      .on('ready', () => settle())
      .on('error', (error: Error & {level?: string}) => {
        // ssh2 goes on with the next login by itself.
        if (error.level === 'agent') notes.push(`agent: ${error.message}`);
        else settle(explain(error));
      })
      .on('close', () => settle(explain(Object.assign(new Error('connection closed'), {code: 'ECONNRESET'}))));
    if (signal?.aborted) {
      onAbort();
      return;
    }
    client.connect({
      sock: socket as Socket,
      username: target.user,
      // The deadline is ours: it stands still while a password is asked.
      readyTimeout: 0,
      keepaliveInterval: ssh.keepaliveSeconds * 1000,
      keepaliveCountMax: 3,
      algorithms: {cipher: [...CIPHERS], ...serverHostKeys(types)},
      hostVerifier: (key: Buffer, done: (isTrusted: boolean) => void) => {
        void verify(key).then(done);
      },
      authHandler: (left: AuthenticationType[] | null, _partial: boolean | null, next: NextAuthHandler) => {
        nextLogin(left).then((method) => next(method as AnyAuthMethod), settle);
      },
    });
  });
}

/** Only key types under which the server is known are asked for: another type could not be checked. */
function serverHostKeys(types: readonly string[]): Pick<Algorithms, 'serverHostKey'> {
  const wanted = HOST_KEY_ALGORITHMS.filter(([type]) => types.length === 0 || types.includes(type));
  return wanted.length === 0 ? {} : {serverHostKey: wanted.flatMap(([, algorithms]) => algorithms)};
}

function forward(jump: Client, target: Target): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    jump.forwardOut('127.0.0.1', 0, target.host, target.port, (error, stream) => {
      if (error) reject(jumpError(target, error));
      else resolve(stream);
    });
  });
}

class SshHost implements Host {
  readonly name: string;
  readonly #options: SshOptions;
  readonly #client: Client;
  readonly #sessions = new Gate(SESSIONS);
  readonly #root: Host;
  /** Why the connection is gone. */
  #lost: ConnectError | undefined;

  constructor(options: SshOptions, client: Client) {
    const {name, ssh} = options.node;
    this.name = name;
    this.#options = options;
    this.#client = client;
    this.#root = ssh.user === 'root' ? this : new SudoHost(this, sudoSettings(options));
    const lose = (error?: Error) => {
      this.#lost ??= new ConnectError(name, `the connection to ${name} was lost${error ? `: ${error.message}` : ''}`, {
        hint: 'is the machine still up? hw5 can be started again: it goes on where it stopped',
        cause: error,
      });
    };
    client.on('error', lose).on('close', () => lose());
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const command = marked(argv, options);
    const what = {host: this.name, argv};
    const started = await this.#session(what, quoteAll(command.argv), options);
    try {
      return await cancellable(what, options, attendChannel(started, options), async () => {
        if (command.mark) await attendChannel(await this.#open(quoteAll(endMarked(command.mark))), {});
        started.channel.signal('TERM');
        started.channel.close();
      });
    } finally {
      this.#sessions.leave();
    }
  }

  asRoot(): Host {
    return this.#root;
  }

  async reconnect({timeoutMs}: {readonly timeoutMs?: number} = {}): Promise<Host> {
    const {node} = this.#options;
    if (timeoutMs === undefined) return connectSsh(this.#options);
    return connectSsh({...this.#options, node: {...node, ssh: {...node.ssh, connectTimeoutSeconds: timeoutMs / 1000}}});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#lost) return;
    this.#lost = new ConnectError(this.name, `the connection to ${this.name} was closed`);
    await new Promise<void>((resolve) => {
      const limit = setTimeout(() => {
        this.#client.destroy();
        resolve();
      }, 2000);
      this.#client.once('close', () => {
        clearTimeout(limit);
        resolve();
      });
      this.#client.end();
    });
  }

  /** Waits for a place and starts the command. A server with a lower MaxSessions than usual is met with fewer places. */
  async #session(what: CommandPlace, command: string, {signal}: ExecOptions) {
    for (;;) {
      await this.#sessions.enter(signal).catch(() => {
        throw interrupted(what);
      });
      try {
        return await this.#open(command);
      } catch (error) {
        const isFull = error instanceof ChannelRefused && this.#sessions.inside > 1;
        if (isFull) this.#sessions.narrow(this.#sessions.inside - 1);
        this.#sessions.leave();
        if (!isFull) throw error;
      }
    }
  }

  #open(command: string): Promise<Started> {
    return new Promise((resolve, reject) => {
      if (this.#lost) {
        reject(this.#lost);
        return;
      }
      try {
        this.#client.exec(command, (error, channel) => {
          if (!error) resolve({channel, exited: this.#exitOf(channel)});
          else
            reject(
              this.#lost ??
                new ChannelRefused(this.name, `sshd on ${this.name} starts no command: ${error.message}`, {cause: error}),
            );
        });
      } catch (error) {
        // ssh2 has seen the end of the connection and not told yet.
        reject(new ConnectError(this.name, `the connection to ${this.name} was lost`, {cause: error}));
      }
    });
  }

  /**
   * The exit code of a command that was just started. Has to be asked for inside exec's callback: the answer of a quick command stands in the
   * same packet as the word that it was started, and ssh2 tells both before a promise's next step runs.
   */
  #exitOf(channel: ClientChannel): Promise<number | undefined> {
    const exited = new Promise<number | undefined>((resolve, reject) => {
      let code: number | null | undefined;
      channel.on('exit', (exitCode: number | null) => {
        code = exitCode;
      });
      channel.on('close', () => {
        if (code !== undefined) resolve(code ?? undefined);
        else reject(this.#lost ?? new ConnectError(this.name, `${this.name} ended a command without saying how`));
      });
    });
    exited.catch(() => undefined);
    return exited;
  }
}

/** A command that runs. */
interface Started {
  readonly channel: ClientChannel;
  readonly exited: Promise<number | undefined>;
}

function attendChannel({channel, exited}: Started, options: ExecOptions): Promise<ExecResult> {
  return attend({stdin: channel, stdout: channel, stderr: channel.stderr}, exited, options);
}

/** The server opened no channel for a command. */
class ChannelRefused extends ConnectError {}

function sudoSettings({node: {name, ssh}, secret}: SshOptions): SudoSettings {
  const {user, sudoPasswordEnv: env, sudoPasswordFile: file} = ssh;
  return {
    user,
    password: async () => {
      if (file === undefined)
        return secret?.({kind: 'sudo-password', host: name, env, question: `Password of ${user}@${name} for sudo`});
      const content = await readPrivateFile('the file with the sudo password,', file);
      return new Secret(content.toString().replace(/\r?\n$/, ''));
    },
    passwordHint:
      env === undefined
        ? 'name a file (0600) in ssh.sudoPasswordFile or an environment variable in ssh.sudoPasswordEnv, or allow sudo without password'
        : `set the environment variable ${env}`,
  };
}
