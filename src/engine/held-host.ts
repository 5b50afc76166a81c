import type {ExecOptions, ExecResult, Host} from '../host/host.js';
import {interrupted, timedOut} from '../host/tagged-command.js';
import {ConnectError, InterruptedError, TimeoutError} from '../support/errors.js';

const LOST = 76;
/**
 * Checks on the host, before each command, that the run still holds the lock: after a network failure, commands that were sent before may
 * arrive when another run already holds it, and before this one learns that it has lost it.
 */
export const HELD_SCRIPT = `grep -qsxF -e "$2" -- "$1" || exit ${LOST}; shift 2; exec "$@"`;

/** A host on which a command starts only while the lock's file names this run. */
export class HeldHost implements Host {
  readonly name: string;
  readonly #base: Host;
  readonly #path: string;
  readonly #token: string;

  constructor(base: Host, path: string, token: string) {
    this.name = base.name;
    this.#base = base;
    this.#path = path;
    this.#token = token;
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const held = (command: readonly string[]): string[] => ['sh', '-c', HELD_SCRIPT, 'sh', this.#path, this.#token, ...command];
    const result = await this.#base.exec(held(argv), options).catch((error: unknown) => {
      // the error names the command, not the check around it
      if (error instanceof TimeoutError) throw timedOut({host: this.name, argv}, options.timeoutMs!);
      if (error instanceof InterruptedError) throw interrupted({host: this.name, argv});
      throw error;
    });
    if (result.code !== LOST || (await this.#base.exec(held(['true']))).code !== LOST) return result;
    throw new ConnectError(
      this.name,
      `lost the lock on ${this.name}: it did not hear from this run for too long, and another run may change it now`,
      {
        hint: `check the network to ${this.name}; the same command continues where this one stopped`,
      },
    );
  }

  asRoot(): Host {
    return this;
  }

  reconnect(options?: {readonly timeoutMs?: number}): Promise<Host> {
    return this.#base.reconnect(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#base[Symbol.asyncDispose]();
  }
}
