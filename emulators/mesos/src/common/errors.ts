/** An error that the user can fix. The programs print its message and hint, without a stack trace, and exit with 1. */
export class EmulatorError extends Error {
  /** What the user can do about it. */
  readonly hint: string | undefined;

  constructor(message: string, {hint}: {readonly hint?: string} = {}) {
    super(message);
    this.name = new.target.name;
    this.hint = hint;
  }
}

/** A command line that cannot be used. The programs print their usage, too. */
export class UsageError extends EmulatorError {}
