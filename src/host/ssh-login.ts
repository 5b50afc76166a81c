import {access} from 'node:fs/promises';
import {ConnectError, Hw5Error} from '../support/errors.js';
import {fingerprint} from './known-hosts.js';
import {readPrivateFile} from './private-file.js';
import type {SecretSource} from './secret-source.js';

/** A public key, or a private one with its public part, as ssh2 represents it. */
export interface Key {
  readonly type: string;
  isPrivateKey(): boolean;
  getPublicSSH(): Buffer;
}

export interface Agent {
  getIdentities(callback: (error: Error | null | undefined, keys?: readonly unknown[]) => void): void;
}

/** What ssh2's authHandler takes. */
export type AuthMethod<K extends Key = Key, A extends Agent = Agent> =
  | {readonly type: 'publickey'; readonly username: string; readonly key: K}
  | {readonly type: 'agent'; readonly username: string; readonly agent: A}
  | {readonly type: 'password'; readonly username: string; readonly password: string}
  | {
      readonly type: 'keyboard-interactive';
      readonly username: string;
      readonly prompt: (
        name: string,
        instructions: string,
        language: string,
        prompts: readonly {readonly echo?: boolean}[],
        finish: (answers: string[]) => void,
      ) => void;
    };

/** One login method, tried while the server offers it. */
export interface Login<K extends Key = Key, A extends Agent = Agent> {
  readonly method: 'publickey' | 'password' | 'keyboard-interactive';
  /** Its name in the error when no login succeeded. */
  readonly label: string;
  /** Called when it is tried, as it may prompt the user; undefined when it turns out to be unavailable. */
  readonly make: () => Promise<AuthMethod<K, A> | undefined>;
}

export interface LoginTarget {
  /** The node's name in the cluster. */
  readonly name: string;
  readonly user: string;
  readonly key?: string | undefined;
  /** The socket of the SSH agent, if it is to be used. */
  readonly agentSocket?: string | undefined;
  readonly passwordEnv?: string | undefined;
  readonly home: string;
  readonly secret: SecretSource;
}

/** The two functions of ssh2 that are needed here, passed in by ssh-client.ts. */
export interface KeyTools<K extends Key, A extends Agent> {
  readonly parseKey: (content: Buffer, passphrase?: string) => K | Error;
  readonly openAgent: (socket: string) => A;
}

const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/**
 * The login methods in the order in which they are tried: the configured key file, the agent, the user's default keys (if no key is configured), the
 * password. The notes explain which were left out.
 * @throws ConnectError when the configured key file cannot be used
 */
export async function planLogins<K extends Key, A extends Agent>(
  target: LoginTarget,
  tools: KeyTools<K, A>,
): Promise<{logins: Login<K, A>[]; notes: string[]}> {
  const logins: Login<K, A>[] = [];
  const notes: string[] = [];
  if (target.key !== undefined) {
    const path = target.key.replace(/^~(?=\/)/, target.home);
    const login = await keyLogin(target, path, tools);
    if (typeof login !== 'string') logins.push(login);
    else if (target.agentSocket === undefined) throw encrypted(target, path);
    else notes.push(login);
  }
  if (target.agentSocket !== undefined) {
    const agent = await agentLogin(target, target.agentSocket, tools);
    if (typeof agent === 'string') notes.push(agent);
    else logins.push(agent);
  }
  for (const file of target.key === undefined ? DEFAULT_KEYS : []) {
    const path = `${target.home}/.ssh/${file}`;
    if (!(await exists(path))) continue;
    try {
      const login = await keyLogin(target, path, tools);
      if (typeof login === 'string') notes.push(login);
      else logins.push(login);
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      notes.push(error.message);
    }
  }
  return {logins: [...logins, ...passwordLogins<K, A>(target, notes)], notes};
}

/** The login with a key file, or a note when it is encrypted and no passphrase is available. */
async function keyLogin<K extends Key, A extends Agent>(
  target: LoginTarget,
  path: string,
  tools: KeyTools<K, A>,
): Promise<Login<K, A> | string> {
  const content = await readPrivateFile('the key file', path).catch((error: unknown) => {
    if (!(error instanceof Hw5Error)) throw error;
    throw new ConnectError(target.name, error.message, {
      hint: error.hint ?? 'set ssh.key to your private key file',
      cause: error.cause,
    });
  });
  let passphrase: string | undefined;
  if (isEncryptedKey(content)) {
    const prompt = `Passphrase of ${path}`;
    passphrase = (await target.secret({kind: 'key-passphrase', host: target.name, prompt}))?.reveal();
    if (passphrase === undefined) return `key ${path}: encrypted, and no passphrase was given`;
  }
  const key = tools.parseKey(content, passphrase);
  if (key instanceof Error) {
    if (passphrase !== undefined)
      throw new ConnectError(target.name, `the passphrase of the key file ${path} is wrong`, {cause: key});
    const hint = 'it has to be a private key in OpenSSH or PEM format, not the public one (.pub)';
    throw new ConnectError(target.name, `the key file ${path} cannot be used: ${key.message}`, {hint, cause: key});
  }
  if (!key.isPrivateKey()) {
    const hint = `set ssh.key to the private key${path.endsWith('.pub') ? `, most likely ${path.slice(0, -'.pub'.length)}` : ''}`;
    throw new ConnectError(target.name, `the key file ${path} is a public key`, {hint});
  }
  const label = `key ${path} (${key.type} ${fingerprint(key.getPublicSSH())})`;
  return {method: 'publickey', label, make: async () => ({type: 'publickey', username: target.user, key})};
}

function encrypted(target: LoginTarget, path: string): ConnectError {
  const hint =
    'enter the passphrase at the prompt on a terminal, or load the key into an SSH agent (ssh-add) and set `agent: true` under `ssh`';
  return new ConnectError(target.name, `the key file ${path} is encrypted and no passphrase was given`, {hint});
}

async function agentLogin<K extends Key, A extends Agent>(
  target: LoginTarget,
  socket: string,
  tools: KeyTools<K, A>,
): Promise<Login<K, A> | string> {
  const agent = tools.openAgent(socket);
  try {
    const keys = await new Promise<readonly unknown[]>((resolve, reject) => {
      agent.getIdentities((error, found) => (error ? reject(error) : resolve(found ?? [])));
    });
    if (keys.length === 0) return 'agent: it has no keys';
    const names = keys.map((key) => `${(key as Key).type} ${fingerprint((key as Key).getPublicSSH())}`);
    const label = `agent (${names.join(', ')})`;
    return {method: 'publickey', label, make: async () => ({type: 'agent', username: target.user, agent})};
  } catch (error) {
    return `agent: not reachable at ${socket} (${(error as Error).message})`;
  }
}

/** One attempt with the password, with the first of the two methods that the server offers: a wrong password is not tried twice. */
function passwordLogins<K extends Key, A extends Agent>(target: LoginTarget, notes: string[]): Login<K, A>[] {
  let isUsed = false;
  const requestOnce = async () => {
    if (isUsed) return undefined;
    isUsed = true;
    const prompt = `Password of ${target.user}@${target.name}`;
    const password = await target.secret({kind: 'login-password', host: target.name, env: target.passwordEnv, prompt});
    if (password === undefined && target.passwordEnv !== undefined) notes.push(`password: ${target.passwordEnv} is not set`);
    return password?.reveal();
  };
  const username = target.user;
  return [
    {
      method: 'password',
      label: 'password',
      make: async () => {
        const password = await requestOnce();
        return password === undefined ? undefined : {type: 'password', username, password};
      },
    },
    {
      method: 'keyboard-interactive',
      label: 'password (keyboard-interactive)',
      make: async () => {
        const password = await requestOnce();
        if (password === undefined) return undefined;
        let isAnswered = false;
        return {
          type: 'keyboard-interactive',
          username,
          prompt: (_name, _instructions, _language, prompts, finish) => {
            const isPassword = prompts.length === 1 && !prompts[0]?.echo && !isAnswered;
            isAnswered ||= isPassword;
            finish(isPassword ? [password] : []);
          },
        };
      },
    },
  ];
}

/** Whether a private key file needs a passphrase, by the cipher of OpenSSH's format or PEM's header. */
export function isEncryptedKey(content: Buffer): boolean {
  const text = content.toString('latin1');
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1];
  if (body === undefined) return /^Proc-Type: 4,ENCRYPTED|BEGIN ENCRYPTED PRIVATE KEY/m.test(text);
  const blob = Buffer.from(body, 'base64');
  const start = 'openssh-key-v1\0'.length;
  if (blob.length < start + 4) return false;
  return blob.subarray(start + 4, start + 4 + blob.readUInt32BE(start)).toString('latin1') !== 'none';
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
