import {CommandError, type ErrorDetails} from '../support/errors.js';
import type {ExecOptions, ExecResult, Host} from './host.js';

/** A value that must not be shown: prints as `***` in strings, JSON and inspected objects. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Only for standard input and for file contents with mode 0600. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return 'Secret(***)';
  }
}

/** Quotes one argument for a POSIX shell. The only place where hw5 quotes. */
export function quote(argument: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** Quotes a whole argv as one shell command line. */
export function quoteAll(argv: readonly string[]): string {
  return argv.map(quote).join(' ');
}

/** Runs a command that has to succeed. @throws CommandError with the whole stderr when its exit code is not 0. */
export async function run(host: Host, argv: readonly string[], options: ExecOptions & ErrorDetails = {}): Promise<ExecResult> {
  const result = await host.exec(argv, options);
  if (result.code !== 0) throw new CommandError(host.name, argv, result, {hint: options.hint});
  return result;
}

/** Runs a POSIX shell script. It is sent over standard input, so its content does not appear in the process list. */
export function script(host: Host, text: string, options: Omit<ExecOptions, 'stdin'> = {}): Promise<ExecResult> {
  return host.exec(['sh', '-s'], {...options, stdin: text});
}
