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
import type {SshSettings} from '../cluster/cluster.js';
import {ConnectError, InterruptedError} from '../support/errors.js';
import {Deadline} from './deadline.js';
import {addKnownHost, judgeHostKey, knownHostName, knownTypes, readKnownHosts} from './known-hosts.js';
import type {SecretSource} from './secret-source.js';
import {type Endpoint, handshakeError, hostKeyError, jumpError, loginError, networkError, timeoutError} from './ssh-errors.js';
import {planLogins} from './ssh-login.js';

export interface SshOptions {
  /** Where and how to connect: a node of the cluster, or anything else that has these three. `ssh.host` takes precedence over `address`. */
  readonly node: {readonly name: string; readonly address: string; readonly ssh: SshSettings};
  /** The user's home directory: default keys are in its .ssh. */
  readonly home: string;
  /** SSH_AUTH_SOCK. */
  readonly agentSocket?: string | undefined;
  /** Provides passwords and passphrases. Default: none. */
  readonly secret?: SecretSource | undefined;
  /** Accept the key of a server that is not in known_hosts yet, and add it. A changed key is rejected nevertheless. */
  readonly acceptNewHostKeys?: boolean | undefined;
  /** Aborts connecting; does not affect an open connection. */
  readonly signal?: AbortSignal | undefined;
}

/** The fastest first: processors have instructions for AES-GCM. */
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

/** Opens the SSH connection to a node, through its jump host if it has one. @throws ConnectError with a hint, InterruptedError */
export async function openConnection(options: SshOptions): Promise<Client> {
  const {node} = options;
  const {ssh} = node;
  const {user, port, key, passwordEnv} = ssh;
  const target: Target = {name: node.name, settings: 'ssh', user, host: ssh.host ?? node.address, port, key, passwordEnv};
  const milliseconds = ssh.connectTimeoutSeconds * 1000;
  if (ssh.jump === undefined) return openClient(target, options, milliseconds);
  const jumpHost: Target = {name: `jump host ${ssh.jump.host}`, settings: 'ssh.jump', ...ssh.jump};
  const jump = await openClient(jumpHost, options, milliseconds);
  try {
    const stream = await forward(jump, target);
    const client = await openClient(target, options, milliseconds, stream);
    client.once('close', () => jump.end());
    return client;
  } catch (error) {
    jump.destroy();
    throw error;
  }
}

interface Target extends Endpoint {
  readonly key?: string | undefined;
  readonly passwordEnv?: string | undefined;
}

/** Connects, checks the host key and logs in. @param stream the forwarded connection when there is a jump host */
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
  const known = await readKnownHosts(ssh.knownHosts).catch((cause: unknown) => {
    const hint = 'set ssh.knownHosts to a file that you may read and write';
    throw new ConnectError(target.name, `the known_hosts file ${ssh.knownHosts} cannot be read`, {hint, cause});
  });
  const name = knownHostName(target.host, target.port);
  const types = knownTypes(known, name);
  const client = new ssh2.Client();
  const socket = stream ?? connectTcp({host: target.host, port: target.port, noDelay: true, keepAlive: true});
  let hasHandshake = false;
  let isConnected = stream !== undefined;
  let rejection: ConnectError | undefined;
  let offered: readonly string[] = [];
  const tried: string[] = [];
  socket.once('connect', () => {
    isConnected = true;
  });

  const explain = (error: Error & {level?: string}): ConnectError => {
    if (rejection) return rejection;
    if (error.level === 'client-socket') return networkError(target, error);
    if (hasHandshake) return loginError(target, {offered, tried, notes, last: error.message});
    if (types.length > 0 && isConnected) return handshakeError(target, error, types, ssh.knownHosts);
    return networkError(target, error);
  };

  const verify = async (key: Buffer): Promise<boolean> => {
    const verdict = judgeHostKey(known, name, key);
    if (verdict.kind === 'known') return true;
    if (verdict.kind !== 'unknown' || !options.acceptNewHostKeys) {
      rejection = hostKeyError(target, verdict, key, ssh.knownHosts);
      return false;
    }
    try {
      known.push(await addKnownHost(ssh.knownHosts, name, key));
      return true;
    } catch (error) {
      rejection = new ConnectError(target.name, `cannot write ${ssh.knownHosts}: ${(error as Error).message}`, {cause: error});
      return false;
    }
  };

  /** The next login whose method the server offers; its response to the first attempt lists these. */
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
        // ssh2 continues with the next login itself.
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
      // hw5 has a deadline of its own, which is paused during a password prompt.
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

/** Only the key types that known_hosts has for the server are negotiated: a key of another type could not be checked. */
function serverHostKeys(types: readonly string[]): Pick<Algorithms, 'serverHostKey'> {
  const usable = HOST_KEY_ALGORITHMS.filter(([type]) => types.length === 0 || types.includes(type));
  return usable.length === 0 ? {} : {serverHostKey: usable.flatMap(([, algorithms]) => algorithms)};
}

function forward(jump: Client, target: Target): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    jump.forwardOut('127.0.0.1', 0, target.host, target.port, (error, stream) => {
      if (error) reject(jumpError(target, error));
      else resolve(stream);
    });
  });
}
