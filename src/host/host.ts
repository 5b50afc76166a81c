import type {Readable} from 'node:stream';

export interface ExecOptions {
  /** Sent to the command's standard input, which is then closed. Secrets travel here, never in argv. */
  readonly stdin?: string | Buffer | Readable | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the command is terminated and a TimeoutError thrown. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** Called with each chunk of standard output, which is then not collected. For streams and logs. */
  readonly onStdout?: ((chunk: Buffer) => void | Promise<void>) | undefined;
  readonly onStderr?: ((chunk: Buffer) => void) | undefined;
}

export interface ExecResult {
  /** Exit code; undefined when a signal terminated the command. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A computer on which commands run. Its connection is opened once and kept until disposal. */
export interface Host extends AsyncDisposable {
  readonly name: string;
  /**
   * Runs one command, argv as given: no shell interprets it. Its environment is the login's, but LC_ALL=C.UTF-8, so that output can be
   * parsed; a command that does not exist has the exit code 127. It is finished when its output ends: a process it leaves in the background
   * must have its output redirected. At the time limit, or when the signal aborts, it and all its children are terminated.
   * @returns the result, also for an exit code other than 0.
   * @throws ConnectError when the host cannot be reached (any more), TimeoutError, InterruptedError
   */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** The same host, every command run as root (sudo where the login is not root). Shares the connection. */
  asRoot(): Host;
  /** The same host over a new, separate connection, to prove what an open one cannot: that a firewall or a login still admits hw5. */
  reconnect(options?: {readonly timeoutMs?: number}): Promise<Host>;
}
