import type {ExecOptions, ExecResult, Host} from '../host/host.js';
import {interrupted, timedOut} from '../host/tagged-command.js';
import {ConnectError, InterruptedError, TimeoutError} from '../support/errors.js';

const LOST = 76;
/**
 * Asked on the host itself, before each command: after a cut in the network the commands that waited in the line arrive when the lock may long
 * be somebody else's, and before we hear that we lost it.
 */
export const HELD_SCRIPT = `grep -qsxF -e "$2" -- "$1" || exit ${LOST}; shift 2; exec "$@"`;

/** A host on which a command begins only while the lock's file names our run. */
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
      // named after the command, not after what wraps it
      if (error instanceof TimeoutError) throw timedOut({host: this.name, argv}, options.timeoutMs!);
      if (error instanceof InterruptedError) throw interrupted({host: this.name, argv});
      throw error;
    });
    if (result.code !== LOST || (await this.#base.exec(held(['true']))).code !== LOST) return result;
    throw new ConnectError(
      this.name,
      `lost the lock on ${this.name}: it heard nothing of this run for too long, and another may work there`,
      {
        hint: `how is the line to ${this.name}? The same command goes on where this one stopped`,
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
