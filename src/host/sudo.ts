import {randomUUID} from 'node:crypto';
import {PassThrough, type Readable} from 'node:stream';
import {ConnectError, InterruptedError, TimeoutError} from '../support/errors.js';
import type {Secret} from './command.js';
import type {ExecOptions, ExecResult, Host} from './host.js';
import {END_LIMIT_MS, endMarked, interrupted, marked, timedOut} from './marked.js';

/** sudo itself answers at once, or asks a directory service that is away. */
const SUDO_LIMIT_MS = 30_000;

export interface SudoSettings {
  readonly user: string;
  /** Asked once, and only when sudo wants a password. */
  readonly password: () => Promise<Secret | undefined>;
  /** What to do when there is none. */
  readonly passwordHint: string;
}

/**
 * The first line of standard input is the password, the second this marker, then comes the command's own input. sudo may have taken
 * the password or not (a rule without password for just this command): what is before the marker never reaches the command.
 */
export const SKIP_SCRIPT = 'marker=$1; shift; IFS= read -r line; [ "$line" = "$marker" ] || IFS= read -r line; exec "$@"';

/** A host whose commands run as root by sudo. Whether sudo asks for a password is found out once, with the first command. */
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
    const command = marked(argv, options);
    const password = await this.#decided(options.signal);
    try {
      return await this.#base.exec(...elevated(command.argv, options, password));
    } catch (error) {
      const isTimeout = error instanceof TimeoutError;
      if (!isTimeout && !(error instanceof InterruptedError)) throw error;
      // The login may not signal root's processes, so the base host could not end the command.
      const end = elevated(endMarked(command.mark!), {timeoutMs: END_LIMIT_MS}, password);
      await this.#base.exec(...end).catch(() => {});
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

  /** What was found out, for all commands. Ctrl-C found out nothing: the next command asks again. */
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
   * The password that sudo wants, or undefined. A wrong one is tried exactly once: input ends after the line, so sudo cannot ask
   * again, and the refusal is remembered for the connection. (-k: what sudo remembers of earlier logins does not count.)
   */
  async #decide(signal: AbortSignal | undefined): Promise<Secret | undefined> {
    const options = {signal, timeoutMs: SUDO_LIMIT_MS};
    const {user, passwordHint} = this.#settings;
    const free = await this.#base.exec(['sudo', '-k', '-n', 'true'], options);
    if (free.code === 0) return undefined;
    if (free.code === 127) {
      throw new ConnectError(this.name, `there is no sudo on ${this.name}`, {
        hint: 'install sudo there, or log in as root (ssh.user: root)',
      });
    }
    const password = await this.#settings.password();
    if (password === undefined) {
      throw new ConnectError(this.name, `sudo on ${this.name} asks for the password of ${user}, and none was given`, {
        hint: passwordHint,
        cause: new Error(free.stderr.trim()),
      });
    }
    const check = await this.#base.exec(['sudo', '-k', '-S', '-p', '', 'true'], {...options, stdin: `${password.reveal()}\n`});
    if (check.code === 0) return password;
    const said = check.stderr.trim().split('\n').at(-1) ?? '';
    throw new ConnectError(this.name, `sudo on ${this.name} refused ${user}: ${said.replace(/^sudo: /, '')}`, {
      hint: `check the sudo password, and that ${user} may use sudo there; it was tried once only`,
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
  // Not a generator over the input: it could not be ended while it waits for more, and with it a command that reads no more.
  const both = new PassThrough();
  both.write(head);
  both.once('close', () => stdin.destroy());
  stdin.once('error', (error) => both.destroy(error));
  stdin.once('close', () => both.end());
  stdin.pipe(both);
  return both;
}
