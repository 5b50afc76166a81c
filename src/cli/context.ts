import {join} from 'node:path';

/** Everything of the process that a command may use: nothing outside cli/ accesses `process`. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  /** The cache of downloads and built images. */
  readonly cacheDir: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Sets the exit code of a command that succeeded but found a difference, or that passes on another program's exit code. */
  readonly setExitCode: (code: number) => void;
}

/** Milliseconds since the epoch. */
export const now = (): number => Date.now();

/** hw5's directory in the user's cache directory (XDG Base Directory Specification). */
export function cacheDirectory(env: CliContext['env'], home: string): string {
  return join(env['XDG_CACHE_HOME'] || join(home, '.cache'), 'hw5');
}
