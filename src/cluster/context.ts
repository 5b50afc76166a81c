import {dirname, isAbsolute, join} from 'node:path';

/** Who loads the file: handed in, for nothing here looks at the process. */
export interface LoadOptions {
  /** Default of `ssh.user`; without it, `env.USER`, `env.LOGNAME`, then root. */
  readonly user?: string | undefined;
  /** What `~` stands for; without it, `env.HOME`. */
  readonly home?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Whether the files that go to the hosts have to be there too, not only those that open the way to them. Default: yes. */
  readonly brings?: boolean | undefined;
}

/** What the parts of one load share. */
export interface Context {
  readonly user: string;
  /** Makes a path of the YAML absolute, or relative to where the YAML itself is. */
  file(path: string): string;
}

export function createContext(file: string, options: LoadOptions): Context {
  const {env = {}} = options;
  const home = options.home ?? env.HOME;
  const folder = dirname(file);
  return {
    user: options.user ?? env.USER ?? env.LOGNAME ?? 'root',
    file(path) {
      if (home !== undefined && (path === '~' || path.startsWith('~/'))) return join(home, path.slice(1));
      return isAbsolute(path) ? path : join(folder, path);
    },
  };
}
