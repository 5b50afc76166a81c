import {dirname, isAbsolute, join} from 'node:path';

/** The environment in which the file is loaded. Passed in: src/cluster does not access `process`. */
export interface LoadOptions {
  /** Default of `ssh.user`; without it, `env.USER`, `env.LOGNAME`, then root. */
  readonly user?: string | undefined;
  /** The directory that `~` refers to; default: `env.HOME`. */
  readonly home?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Whether to check the files that `up` uploads to the hosts, too, not only those needed to log in. Default: true. */
  readonly checkUploads?: boolean | undefined;
}

/** What the functions of one load have in common. */
export interface Context {
  readonly user: string;
  /** Resolves a path of the YAML: `~/` to the home directory, a relative path to the directory of the YAML file. */
  file(path: string): string;
}

export function createContext(file: string, options: LoadOptions): Context {
  const {env = {}} = options;
  const home = options.home ?? env.HOME;
  const directory = dirname(file);
  return {
    user: options.user ?? env.USER ?? env.LOGNAME ?? 'root',
    file(path) {
      if (home !== undefined && (path === '~' || path.startsWith('~/'))) return join(home, path.slice(1));
      return isAbsolute(path) ? path : join(directory, path);
    },
  };
}
