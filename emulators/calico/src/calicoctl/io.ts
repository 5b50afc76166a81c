import type {Run} from '../process.js';

/** The access of calicoctl to the machine on which it runs. */
export interface Io {
  /** Writes to standard output: calicoctl writes all its output there, errors included. */
  readonly print: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run: Run;
  readonly isRoot: boolean;
  readonly hostname: string;
  /** Reads a file; undefined when it does not exist. `-` is standard input. */
  readonly read: (path: string) => Promise<string | undefined>;
}

/** Terminates calicoctl: it prints the message, and the exit code is 1. */
export class CommandFailure extends Error {}
