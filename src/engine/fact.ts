/** The result of a fact's script. Its standard error is discarded. */
export interface FactOutput {
  readonly stdout: string;
  readonly code: number;
}

/** Something to observe on a host: a POSIX shell script, run as root, that changes nothing, and the parser of its output. */
export interface Fact<T> {
  readonly script: string;
  readonly parse: (output: FactOutput) => T;
  /**
   * The service that the script queries, as `dockerd`, or `files`. Facts of the same service are observed one after the other, all others
   * concurrently. Default: a service of its own.
   */
  readonly service?: string;
  /** Its value when the script times out. Without it, reading the value then throws a FactTimeoutError. */
  readonly whenTimedOut?: T;
  /** What errors call the script. Default: its first line. */
  readonly command?: string;
  /** How to fix what keeps the script from terminating. */
  readonly timeoutHint?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a map of facts of any type; Observed gives each its own type back
export type FactMap = Readonly<Record<string, Fact<any>>>;

/** The values of a map of facts. Reading one that could not be observed throws a FactTimeoutError. */
export type Observed<F extends FactMap> = {readonly [K in keyof F]: F[K] extends Fact<infer T> ? T : never};
