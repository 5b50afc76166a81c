import {execa} from 'execa';
import type {Secret} from './command.js';
import {pumpStreams} from './command-streams.js';
import type {ExecOptions, ExecResult, Host} from './host.js';
import {SudoHost} from './sudo.js';
import {cancellable, interrupted, killTagged, tagCommand} from './tagged-command.js';

export interface LocalOptions {
  /** Default `localhost`. */
  readonly name?: string | undefined;
  /** Called once at most, and only when sudo requires a password. Default: there is none. */
  readonly sudoPassword?: (() => Promise<Secret | undefined>) | undefined;
}

/** The controller itself as a host, with the same contract as over SSH. Commands run in `/`, detached from the terminal: Ctrl-C reaches hw5 only. */
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
    const {argv: command, tag} = tagCommand(argv, options);
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
      // It could not be started (no `env`, process limit reached): an error of hw5, not an exit code.
      if (result.exitCode === undefined && result.signal === undefined) throw result;
      return result.exitCode;
    });
    return cancellable({host: this.name, argv}, options, pumpStreams(subprocess, exited, options), async () => {
      // First the command itself: it may be so new that it has no tag yet.
      subprocess.kill('SIGTERM');
      if (tag) await this.exec(killTagged(tag));
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
