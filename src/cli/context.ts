import {join} from 'node:path';

/** All of the process that a command may use: nothing outside cli/ looks at `process`. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  /** Where downloads and built images are kept between runs. */
  readonly cacheDir: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Sets the exit code of a command that ended well but found something. */
  readonly setExitCode: (code: number) => void;
}

/** ms since the epoch. */
export const now = (): number => Date.now();

/** hw5's folder in the user's cache directory (XDG Base Directory Specification). */
export function cacheDirectory(env: CliContext['env'], home: string): string {
  return join(env['XDG_CACHE_HOME'] || join(home, '.cache'), 'hw5');
}
