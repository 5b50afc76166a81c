import {ConnectError} from '../support/errors.js';
import {fingerprint, type HostKeyVerdict, keyType, knownHostName} from './known-hosts.js';

/** One SSH server that is to be reached: a node or a jump host. */
export interface Endpoint {
  /** The node's name in the cluster, for a jump host `jump host X`. */
  readonly name: string;
  /** Where the cluster file says how to reach it. */
  readonly settings: 'ssh' | 'ssh.jump';
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

export function place({host, port}: Pick<Endpoint, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An error of the network, as the system's error code says it. */
export function networkError(endpoint: Endpoint, error: Error): ConnectError {
  const at = place(endpoint);
  const [message, hint] = explain(endpoint, (error as NodeJS.ErrnoException).code, at);
  return new ConnectError(endpoint.name, message ?? `cannot connect to ${endpoint.name} at ${at}: ${error.message}`, {
    hint,
    cause: error,
  });
}

function explain({name, host, settings}: Endpoint, code: string | undefined, at: string): [string?, string?] {
  switch (code) {
    case 'ECONNREFUSED':
      return [`${name} refused the connection to ${at}`, `is sshd running there, and is ${settings}.port right?`];
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return [`${name} is not reachable at ${at}`, `is the machine up, and is there a route? try: ping ${host}`];
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [
        `the name ${host} of ${name} is not known (DNS)`,
        `set ${settings}.host to an address, or mend the name in DNS or /etc/hosts`,
      ];
    case 'ECONNRESET':
    case 'EPIPE':
      return [
        `${name} at ${at} closed the connection before the login`,
        'sshd may be overloaded (MaxStartups), or forbid this computer (a firewall, fail2ban)',
      ];
    default:
      return [];
  }
}

export function timeoutError(endpoint: Endpoint, milliseconds: number, isConnected: boolean): ConnectError {
  const message = isConnected
    ? `${endpoint.name} took the connection at ${place(endpoint)} but SSH was not ready within ${milliseconds / 1000} s`
    : `no answer from ${endpoint.name} at ${place(endpoint)} within ${milliseconds / 1000} s`;
  const hint = isConnected
    ? 'is it sshd that listens there, or is the machine overloaded?'
    : `is the machine up, and does no firewall drop the packets? try: ping ${endpoint.host}`;
  return new ConnectError(endpoint.name, message, {hint});
}

/** A host key that is not trusted. */
export function hostKeyError(
  endpoint: Endpoint,
  verdict: Exclude<HostKeyVerdict, {kind: 'known'}>,
  key: Buffer,
  file: string,
): ConnectError {
  const name = knownHostName(endpoint.host, endpoint.port);
  const shown = `${keyType(key)} ${fingerprint(key)}`;
  switch (verdict.kind) {
    case 'unknown':
      return new ConnectError(endpoint.name, `the host key of ${endpoint.name} (${name}) is not known: ${shown}`, {
        hint: `compare it with \`ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub\` on the machine, then use --accept-new-host-keys or add it to ${file}`,
      });
    case 'revoked':
      return new ConnectError(
        endpoint.name,
        `the host key of ${endpoint.name} (${name}) is revoked by line ${verdict.line} of ${file}: ${shown}`,
      );
    case 'changed':
      return new ConnectError(
        endpoint.name,
        `the host key of ${endpoint.name} (${name}) HAS CHANGED: somebody may be in between, or the machine was installed anew\n` +
          `  known  ${verdict.known.type} ${fingerprint(verdict.known.key)} (line ${verdict.known.line} of ${file})\n` +
          `  shown  ${shown}`,
        {hint: `if the new key is right, remove line ${verdict.known.line} of ${file}: ssh-keygen -f ${file} -R '${name}'`},
      );
  }
}

/** How the attempts to log in went. */
export interface LoginFacts {
  readonly offered: readonly string[];
  readonly tried: readonly string[];
  readonly notes: readonly string[];
  /** What ended the attempts. */
  readonly last: string;
}

/** No way to log in was accepted. */
export function loginError(endpoint: Endpoint, facts: LoginFacts): ConnectError {
  const list = (items: readonly string[]) => (items.length === 0 ? 'nothing' : items.join('; '));
  const lines = [
    `${endpoint.name} (${place(endpoint)}) refused the login of user ${endpoint.user}`,
    `  offers   ${facts.offered.join(', ') || 'unknown'}`,
    `  tried    ${list(facts.tried)}`,
    ...(facts.notes.length === 0 ? [] : [`  not tried ${list(facts.notes)}`]),
  ];
  return new ConnectError(endpoint.name, lines.join('\n'), {hint: loginHint(endpoint, facts)});
}

/** There is no variable for the password of a jump host. */
const ASKS = 'start hw5 on a terminal, where it asks for the password';

function loginHint({user, host, port, settings}: Endpoint, {offered, tried, last}: LoginFacts): string {
  if (/too many authentication failures/i.test(last))
    return `the server ends the connection after so many attempts (MaxAuthTries): name the right key in ${settings}.key, and the others are not tried`;
  if (tried.some((label) => label.startsWith('password'))) return `are ${settings}.user and the password right?`;
  if (!offered.includes('publickey'))
    return `the server takes no keys: ${settings === 'ssh' ? 'name the environment variable that holds the password in ssh.passwordEnv, and set it' : ASKS}`;
  if (tried.length === 0)
    return `there was nothing to log in with: name your key file in ${settings}.key, load the key into an SSH agent (ssh-add), or ${settings === 'ssh' ? 'set the variable of ssh.passwordEnv' : ASKS}`;
  return `is ${settings}.user right, and is the public key in ~${user}/.ssh/authorized_keys there? try: ssh-copy-id -p ${port} ${user}@${host}`;
}

/** No agreement on how to talk, with a server whose keys are known. */
export function handshakeError(endpoint: Endpoint, error: Error, types: readonly string[], file: string): ConnectError {
  const name = knownHostName(endpoint.host, endpoint.port);
  return new ConnectError(endpoint.name, `no SSH session with ${endpoint.name} at ${place(endpoint)}: ${error.message}`, {
    hint: `${file} knows it with ${types.join(', ')}; if the server has other keys now: ssh-keygen -f ${file} -R '${name}'`,
    cause: error,
  });
}

/** The jump host could not connect to the node. */
export function jumpError(endpoint: Endpoint, error: Error): ConnectError {
  return new ConnectError(
    endpoint.name,
    `the jump host cannot connect to ${endpoint.name} at ${place(endpoint)}: ${error.message}`,
    {
      hint: `can the jump host reach it, and does its sshd allow it (AllowTcpForwarding)? try there: nc -vz ${endpoint.host} ${endpoint.port}`,
      cause: error,
    },
  );
}
