/** What every error that is the user's (not a bug of ours) carries. */
export interface ErrorDetails {
  /** How to mend it, one sentence a person can act on. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The base of all errors shown to a user without a stack. Anything else that reaches the CLI is a bug in hw5. */
export class Hw5Error extends Error {
  readonly hint: string | undefined;
  /** The process's exit code when this error ends it. */
  readonly exitCode: number = 1;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : {cause: details.cause});
    this.name = new.target.name;
    this.hint = details.hint;
  }
}

/** A wrong command line. */
export class UsageError extends Hw5Error {
  override readonly exitCode = 2;
}

/** Where in a configuration file something is. Line and column count from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** The YAML path, as `nodes[1].address`. */
  readonly path?: string | undefined;
}

/** A fault in a configuration file. One load may find several: see ConfigErrors. */
export class ConfigError extends Hw5Error {
  override readonly exitCode = 2;
  readonly location: SourceLocation;

  constructor(message: string, location: SourceLocation, details: ErrorDetails = {}) {
    super(message, details);
    this.location = location;
  }
}

/** Several faults, all listed at once. */
export class Hw5Errors extends Hw5Error {
  readonly errors: readonly Hw5Error[];
  override readonly exitCode: number;

  constructor(errors: readonly Hw5Error[]) {
    super(errors.map((error) => error.message).join('\n'));
    this.errors = errors;
    this.exitCode = errors[0]?.exitCode ?? 1;
  }
}

/** A machine could not be reached or logged in to. */
export class ConnectError extends Hw5Error {
  readonly host: string;

  constructor(host: string, message: string, details: ErrorDetails = {}) {
    super(message, details);
    this.host = host;
  }
}

/** A command ended with a code other than 0. Holds the whole stderr; the message shows its end. */
export class CommandError extends Hw5Error {
  readonly host: string;
  readonly argv: readonly string[];
  /** The exit code; undefined when a signal ended the command. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;

  constructor(
    host: string,
    argv: readonly string[],
    result: {readonly code: number | undefined; readonly stdout: string; readonly stderr: string},
    details: ErrorDetails = {},
  ) {
    super(`${argv[0]} failed on ${host} (exit ${result.code ?? 'by signal'})`, details);
    this.host = host;
    this.argv = argv;
    this.code = result.code;
    this.stdout = result.stdout;
    this.stderr = result.stderr;
  }
}

/** A step could not be done on a host. */
export class StepError extends Hw5Error {
  readonly step: string;
  readonly host: string;

  constructor(step: string, host: string, message: string, details: ErrorDetails = {}) {
    super(message, details);
    this.step = step;
    this.host = host;
  }
}

/** A wait reached its limit. */
export class TimeoutError extends Hw5Error {}

/** The user ended it (Ctrl-C). */
export class InterruptedError extends Hw5Error {
  override readonly exitCode = 130;
}
