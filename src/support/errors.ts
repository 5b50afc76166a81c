/** The details of an error that is not a bug of hw5. */
export interface ErrorDetails {
  /** How to fix it, in one sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** The last lines of the log that contain the reason. Must contain no secret. */
  readonly journal?: readonly string[] | undefined;
}

/** The base class of all errors that are shown to the user without a stack. The CLI reports any other error as a bug in hw5. */
export class Hw5Error extends Error {
  readonly hint: string | undefined;
  readonly journal: readonly string[];
  /** The exit code of hw5 when it fails with this error. */
  readonly exitCode: number = 1;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : {cause: details.cause});
    this.name = new.target.name;
    this.hint = details.hint;
    this.journal = details.journal ?? [];
  }
}

/** An error in the command line. */
export class UsageError extends Hw5Error {
  override readonly exitCode = 2;
}

/** A position in a configuration file. Line and column count from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** The YAML path, as `nodes[1].address`. */
  readonly path?: string | undefined;
}

/** An error in a configuration file. Loading a file may find several: see Hw5Errors. */
export class ConfigError extends Hw5Error {
  override readonly exitCode = 2;
  readonly location: SourceLocation;

  constructor(message: string, location: SourceLocation, details: ErrorDetails = {}) {
    super(message, details);
    this.location = location;
  }
}

/** Several errors that are reported together. */
export class Hw5Errors extends Hw5Error {
  readonly errors: readonly Hw5Error[];
  override readonly exitCode: number;

  constructor(errors: readonly Hw5Error[]) {
    super(errors.map((error) => error.message).join('\n'));
    this.errors = errors;
    this.exitCode = errors[0]?.exitCode ?? 1;
  }
}

/** A host could not be reached, or the login failed. */
export class ConnectError extends Hw5Error {
  readonly host: string;

  constructor(host: string, message: string, details: ErrorDetails = {}) {
    super(message, details);
    this.host = host;
  }
}

/** A command exited with a code other than 0. Contains the whole stderr. */
export class CommandError extends Hw5Error {
  readonly host: string;
  readonly argv: readonly string[];
  /** The exit code; undefined when a signal terminated the command. */
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

/** A step failed on a host. */
export class StepError extends Hw5Error {
  readonly step: string;
  readonly host: string;

  constructor(step: string, host: string, message: string, details: ErrorDetails = {}) {
    super(message, details);
    this.step = step;
    this.host = host;
  }
}

/** A systemd unit has failed, and waiting longer does not help. */
export class UnitError extends Hw5Error {}

/** A time limit was reached. */
export class TimeoutError extends Hw5Error {}

/** The user interrupted hw5 (Ctrl-C). */
export class InterruptedError extends Hw5Error {
  override readonly exitCode = 130;
}
