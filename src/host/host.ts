import type {Readable} from 'node:stream';

export interface ExecOptions {
  /** Sent to the command's standard input, which is then closed. Secrets travel here, never in argv. */
  readonly stdin?: string | Buffer | Readable | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the command is given up with a TimeoutError. Default: none. */
  readonly timeoutMs?: number | undefined;
  /** Called with every piece of standard output, which is then not collected. For streams and logs. */
  readonly onStdout?: ((chunk: Buffer) => void | Promise<void>) | undefined;
  readonly onStderr?: ((chunk: Buffer) => void) | undefined;
}

export interface ExecResult {
  /** Exit code; undefined when a signal ended the command. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine on which commands run. Every host is reached once and keeps its connection until disposed. */
export interface Host extends AsyncDisposable {
  readonly name: string;
  /**
   * Runs one command, argv as given: no shell interprets it. Its environment is the login's, but LC_ALL=C.UTF-8, so that output can be
   * parsed; a command that is not there has the exit code 127. It is over when its output is: what it leaves in the background must have
   * its output redirected. Given up (limit, signal), it and all its children are ended.
   * @returns whatever its exit code. Throws ConnectError when the host is not there (any more), TimeoutError, InterruptedError.
   */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** The same host, every command run as root (sudo where the login is not root). Shares the connection. */
  asRoot(): Host;
  /** The same host over a new, separate connection: what an open one proves nothing about (a firewall, a login). */
  reconnect(options?: {readonly timeoutMs?: number}): Promise<Host>;
}
