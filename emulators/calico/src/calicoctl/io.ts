import type {Run} from '../process.js';
import type {Version} from './version.js';

/** The access of calicoctl to the machine on which it runs. */
export interface Io {
  /** The version of calicoctl that the emulator is. */
  readonly version: Version;
  /** Writes to standard output: calicoctl writes nearly all its output there, errors included. */
  readonly print: (text: string) => void;
  /** Writes to standard error: the usage, after a command that is not one. */
  readonly printError: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run: Run;
  readonly isRoot: boolean;
  readonly hostname: string;
  /** Reads a file; undefined when it does not exist. `-` is standard input. */
  readonly read: (path: string) => Promise<string | undefined>;
}

interface FailureOptions {
  /** The usage of the command, if it was not followed. */
  readonly usage?: string;
  /** Whether the message is not terminated by a line feed. */
  readonly isLineOpen?: boolean;
}

/** Terminates calicoctl: it prints the message, and the exit code is 1. */
export class CommandFailure extends Error {
  readonly options: FailureOptions;

  constructor(message: string, options: FailureOptions = {}) {
    super(message);
    this.options = options;
  }
}
