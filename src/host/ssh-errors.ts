import {ConnectError} from '../support/errors.js';
import {fingerprint, type HostKeyVerdict, keyType, knownHostName} from './known-hosts.js';

/** An SSH server to connect to: a node or a jump host. */
export interface Endpoint {
  /** The node's name in the cluster, for a jump host `jump host X`. */
  readonly name: string;
  /** The section of the cluster file with its settings. */
  readonly settings: 'ssh' | 'ssh.jump';
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

export function place({host, port}: Pick<Endpoint, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A network error, explained by the system's error code. */
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
      return [`${name} refused the connection to ${at}`, `check that sshd runs on it and that ${settings}.port is correct`];
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return [`${name} is not reachable at ${at}`, `check that it is running and that there is a route to it: ping ${host}`];
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [
        `the host name ${host} of ${name} cannot be resolved`,
        `set ${settings}.host to an address, or add the name to DNS or /etc/hosts`,
      ];
    case 'ECONNRESET':
    case 'EPIPE':
      return [
        `${name} at ${at} closed the connection before the login`,
        'sshd may be overloaded (MaxStartups), or block this client (a firewall, fail2ban)',
      ];
    default:
      return [];
  }
}

export function timeoutError(endpoint: Endpoint, milliseconds: number, isConnected: boolean): ConnectError {
  const message = isConnected
    ? `${endpoint.name} accepted the connection at ${place(endpoint)}, but the SSH session was not ready within ${milliseconds / 1000} s`
    : `no answer from ${endpoint.name} at ${place(endpoint)} within ${milliseconds / 1000} s`;
  const hint = isConnected
    ? 'check that the process listening there is sshd, and that the host is not overloaded'
    : `check that it is running and that no firewall drops the packets: ping ${endpoint.host}`;
  return new ConnectError(endpoint.name, message, {hint});
}

/** The server presented a host key that is not trusted. */
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
      return new ConnectError(endpoint.name, `the host key of ${endpoint.name} (${name}) is not in known_hosts: ${shown}`, {
        hint: `compare it with \`ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub\` on the server, then run hw5 with --accept-new-host-keys, or add it to ${file}`,
      });
    case 'revoked':
      return new ConnectError(
        endpoint.name,
        `the host key of ${endpoint.name} (${name}) is revoked by line ${verdict.line} of ${file}: ${shown}`,
      );
    case 'changed':
      return new ConnectError(
        endpoint.name,
        `the host key of ${endpoint.name} (${name}) HAS CHANGED: the connection may be intercepted, or the server was reinstalled\n` +
          `  known  ${verdict.known.type} ${fingerprint(verdict.known.key)} (line ${verdict.known.line} of ${file})\n` +
          `  shown  ${shown}`,
        {hint: `if the new key is correct, remove line ${verdict.known.line} of ${file}: ssh-keygen -f ${file} -R '${name}'`},
      );
  }
}

/** What the attempts to log in found. */
export interface LoginFacts {
  readonly offered: readonly string[];
  readonly tried: readonly string[];
  readonly notes: readonly string[];
  /** The last error. */
  readonly last: string;
}

/** The server accepted none of the login methods. */
export function loginError(endpoint: Endpoint, facts: LoginFacts): ConnectError {
  const list = (items: readonly string[]) => (items.length === 0 ? 'nothing' : items.join('; '));
  const lines = [
    `${endpoint.name} (${place(endpoint)}) rejected the login of user ${endpoint.user}`,
    `  offers   ${facts.offered.join(', ') || 'unknown'}`,
    `  tried    ${list(facts.tried)}`,
    ...(facts.notes.length === 0 ? [] : [`  not tried ${list(facts.notes)}`]),
  ];
  return new ConnectError(endpoint.name, lines.join('\n'), {hint: loginHint(endpoint, facts)});
}

/** No environment variable can be configured for the password of a jump host. */
const USE_TERMINAL = 'run hw5 on a terminal, where it prompts for the password';

function loginHint({user, host, port, settings}: Endpoint, {offered, tried, last}: LoginFacts): string {
  if (/too many authentication failures/i.test(last))
    return `the server closed the connection after too many attempts (MaxAuthTries): set ${settings}.key to the right key, and no other is tried`;
  if (tried.some((label) => label.startsWith('password'))) return `check ${settings}.user and the password`;
  if (!offered.includes('publickey'))
    return `the server accepts no keys: ${settings === 'ssh' ? 'set ssh.passwordEnv to the name of an environment variable with the password, and set that variable' : USE_TERMINAL}`;
  if (tried.length === 0)
    return `there was no key or password to log in with: set ${settings}.key to your key file, load the key into an SSH agent (ssh-add), or ${settings === 'ssh' ? 'set the environment variable that ssh.passwordEnv names' : USE_TERMINAL}`;
  return `check ${settings}.user, and that the public key is in ~${user}/.ssh/authorized_keys on the server: ssh-copy-id -p ${port} ${user}@${host}`;
}

/** The SSH handshake failed with a server that has keys in known_hosts. */
export function handshakeError(endpoint: Endpoint, error: Error, types: readonly string[], file: string): ConnectError {
  const name = knownHostName(endpoint.host, endpoint.port);
  return new ConnectError(endpoint.name, `no SSH session with ${endpoint.name} at ${place(endpoint)}: ${error.message}`, {
    hint: `${file} has keys of type ${types.join(', ')} for it; if the server has other keys now, remove them: ssh-keygen -f ${file} -R '${name}'`,
    cause: error,
  });
}

/** The jump host could not connect to the node. */
export function jumpError(endpoint: Endpoint, error: Error): ConnectError {
  return new ConnectError(
    endpoint.name,
    `the jump host cannot connect to ${endpoint.name} at ${place(endpoint)}: ${error.message}`,
    {
      hint: `check that the jump host can reach it and that its sshd allows forwarding (AllowTcpForwarding); on the jump host: nc -vz ${endpoint.host} ${endpoint.port}`,
      cause: error,
    },
  );
}
