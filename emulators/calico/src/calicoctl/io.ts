import type {Run} from '../process.js';

/** What calicoctl needs of the machine it runs on. */
export interface Io {
  /** Writes to standard output, where calicoctl writes everything, its errors too. */
  readonly print: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run: Run;
  readonly isRoot: boolean;
  readonly hostname: string;
  /** Reads a file; undefined when it is not there. `-` is standard input. */
  readonly read: (path: string) => Promise<string | undefined>;
}

/** Ends calicoctl: the message goes to standard output, the code is 1. */
export class CommandFailure extends Error {}
