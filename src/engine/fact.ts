/** What a fact's script left behind. Standard error is thrown away: a fact is an answer, not a log. */
export interface FactOutput {
  readonly stdout: string;
  readonly code: number;
}

/** Something that can be observed on a host: a POSIX shell script, run as root, that changes nothing, and the reading of its output. */
export interface Fact<T> {
  readonly script: string;
  readonly parse: (output: FactOutput) => T;
  /** The service that the script asks, as `dockerd`, or `files`: facts that ask the same are asked one after the other. Default: asked for itself. */
  readonly service?: string;
  /** Its value when the script does not end in time, where that is an answer too. Without it, who wants the value gets a FactTimeoutError. */
  readonly whenTimedOut?: T;
  /** How to mend what keeps the script waiting. */
  readonly timeoutHint?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a map of facts of any type; Observed gives each its own type back
export type FactMap = Readonly<Record<string, Fact<any>>>;

/** The values that a map of facts was observed to have. Reading one that could not be observed throws a FactTimeoutError. */
export type Observed<F extends FactMap> = {readonly [K in keyof F]: F[K] extends Fact<infer T> ? T : never};
