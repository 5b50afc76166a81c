import {randomUUID} from 'node:crypto';
import {PassThrough, type Readable} from 'node:stream';
import {ConnectError, InterruptedError, TimeoutError} from '../support/errors.js';
import type {Secret} from './command.js';
import type {ExecOptions, ExecResult, Host} from './host.js';
import {interrupted, KILL_LIMIT_MS, killTagged, tagCommand, timedOut} from './tagged-command.js';

/** sudo itself takes no time, but it may query a directory service that does not respond. */
const SUDO_LIMIT_MS = 30_000;

export interface SudoSettings {
  readonly user: string;
  /** Called once at most, and only when sudo requires a password. */
  readonly password: () => Promise<Secret | undefined>;
  /** The error's hint when there is none. */
  readonly passwordHint: string;
}

/**
 * The first line of standard input is the password, the second this marker, and the command's own input follows. sudo may have read the password or
 * not (NOPASSWD for just this command): nothing before the marker reaches the command.
 */
export const SKIP_SCRIPT = 'marker=$1; shift; IFS= read -r line; [ "$line" = "$marker" ] || IFS= read -r line; exec "$@"';

/** A host whose commands run as root through sudo. Whether sudo requires a password is determined once, by the first command. */
export class SudoHost implements Host {
  readonly name: string;
  readonly #base: Host;
  readonly #settings: SudoSettings;
  #decision: Promise<Secret | undefined> | undefined;

  constructor(base: Host, settings: SudoSettings) {
    this.name = base.name;
    this.#base = base;
    this.#settings = settings;
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const command = tagCommand(argv, options);
    const password = await this.#decided(options.signal);
    try {
      return await this.#base.exec(...elevated(command.argv, options, password));
    } catch (error) {
      const isTimeout = error instanceof TimeoutError;
      if (!isTimeout && !(error instanceof InterruptedError)) throw error;
      // The login may not signal root's processes, so the base host could not terminate the command.
      const kill = elevated(killTagged(command.tag!), {timeoutMs: KILL_LIMIT_MS}, password);
      await this.#base.exec(...kill).catch(() => {});
      const what = {host: this.name, argv};
      throw isTimeout ? timedOut(what, options.timeoutMs!) : interrupted(what);
    }
  }

  asRoot(): Host {
    return this;
  }

  async reconnect(options?: {readonly timeoutMs?: number}): Promise<Host> {
    return (await this.#base.reconnect(options)).asRoot();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#base[Symbol.asyncDispose]();
  }

  /** The result of `#decide`, shared by all commands; after an interruption the next command decides again. */
  async #decided(signal: AbortSignal | undefined): Promise<Secret | undefined> {
    this.#decision ??= this.#decide(signal);
    const decision = this.#decision;
    try {
      return await decision;
    } catch (error) {
      if (error instanceof InterruptedError && this.#decision === decision) this.#decision = undefined;
      throw error;
    }
  }

  /**
   * The password that sudo requires, or undefined. A wrong one is tried exactly once: the input ends after the line, so sudo cannot prompt again, and
   * the error is kept for the connection. (-k: ignore credentials that sudo has cached.)
   */
  async #decide(signal: AbortSignal | undefined): Promise<Secret | undefined> {
    const options = {signal, timeoutMs: SUDO_LIMIT_MS};
    const {user, passwordHint} = this.#settings;
    const withoutPassword = await this.#base.exec(['sudo', '-k', '-n', 'true'], options);
    if (withoutPassword.code === 0) return undefined;
    if (withoutPassword.code === 127) {
      throw new ConnectError(this.name, `sudo is not installed on ${this.name}`, {
        hint: 'install sudo on it, or set ssh.user to root',
      });
    }
    const password = await this.#settings.password();
    if (password === undefined) {
      throw new ConnectError(this.name, `sudo on ${this.name} requires the password of ${user}, and none was given`, {
        hint: passwordHint,
        cause: new Error(withoutPassword.stderr.trim()),
      });
    }
    const check = await this.#base.exec(['sudo', '-k', '-S', '-p', '', 'true'], {...options, stdin: `${password.reveal()}\n`});
    if (check.code === 0) return password;
    const reason = check.stderr.trim().split('\n').at(-1) ?? '';
    throw new ConnectError(this.name, `sudo on ${this.name} rejected ${user}: ${reason.replace(/^sudo: /, '')}`, {
      hint: `check the sudo password, and that ${user} may use sudo on ${this.name}; hw5 tried the password only once`,
    });
  }
}

/** The command and options that run an argv as root. */
function elevated(argv: readonly string[], options: ExecOptions, password: Secret | undefined): [string[], ExecOptions] {
  if (password === undefined) return [['sudo', '-n', '--', ...argv], options];
  const marker = randomUUID();
  const head = `${password.reveal()}\n${marker}\n`;
  const command = ['sudo', '-k', '-S', '-p', '', '--', 'sh', '-c', SKIP_SCRIPT, 'sh', marker, ...argv];
  return [command, {...options, stdin: after(head, options.stdin)}];
}

function after(head: string, stdin: ExecOptions['stdin']): string | Buffer | Readable {
  if (stdin === undefined) return head;
  if (typeof stdin === 'string') return head + stdin;
  if (Buffer.isBuffer(stdin)) return Buffer.concat([Buffer.from(head), stdin]);
  // Not a generator over the input: it could not be cancelled while it waits for the next chunk, and would block a command that has stopped reading.
  const both = new PassThrough();
  both.write(head);
  both.once('close', () => stdin.destroy());
  stdin.once('error', (error) => both.destroy(error));
  stdin.once('close', () => both.end());
  stdin.pipe(both);
  return both;
}
