import {execa} from 'execa';
import {attend} from './attend.js';
import type {Secret} from './command.js';
import type {ExecOptions, ExecResult, Host} from './host.js';
import {cancellable, endMarked, interrupted, marked} from './marked.js';
import {SudoHost} from './sudo.js';

export interface LocalOptions {
  /** Default `localhost`. */
  readonly name?: string | undefined;
  /** Asked once, and only when sudo wants a password. Default: there is none. */
  readonly sudoPassword?: (() => Promise<Secret | undefined>) | undefined;
}

/** This computer, as a host: the same contract as over SSH. Commands run in `/`, apart from the terminal (Ctrl-C reaches hw5 only). */
export class LocalHost implements Host {
  readonly name: string;
  readonly #root: Host;

  constructor({name = 'localhost', sudoPassword = async () => undefined}: LocalOptions = {}) {
    this.name = name;
    const isRoot = process.getuid?.() === 0;
    this.#root = isRoot
      ? this
      : new SudoHost(this, {user: 'you', password: sudoPassword, passwordHint: 'run hw5 as root, e.g. with sudo'});
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const {argv: command, mark} = marked(argv, options);
    if (options.signal?.aborted) throw interrupted({host: this.name, argv});
    const [file, ...rest] = command;
    const subprocess = execa(file!, rest, {
      cwd: '/',
      detached: true,
      reject: false,
      buffer: false,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
      cleanup: false,
    });
    const exited = subprocess.then((result) => {
      // Could not even be started (no `env`, no more processes): ours to report, not an exit code.
      if (result.exitCode === undefined && result.signal === undefined) throw result;
      return result.exitCode;
    });
    return cancellable({host: this.name, argv}, options, attend(subprocess, exited, options), async () => {
      if (mark) await this.exec(endMarked(mark));
      else subprocess.kill('SIGTERM');
    });
  }

  asRoot(): Host {
    return this.#root;
  }

  async reconnect(): Promise<Host> {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
