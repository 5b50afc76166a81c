import {calicoctl} from '../../src/calicoctl/calicoctl.js';
import type {Io} from '../../src/calicoctl/io.js';
import type {Version} from '../../src/calicoctl/version.js';

export interface CalicoctlOptions {
  readonly version?: Version;
  /** The files that exist; `-` is standard input. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly isRoot?: boolean;
  /** What programs print; any other one fails. */
  readonly programs?: Readonly<Record<string, {code?: number; stdout?: string; stderr?: string}>>;
}

export interface Ran {
  readonly code: number;
  /** Standard output. */
  readonly output: string;
  /** Standard error. */
  readonly error: string;
}

/** Runs calicoctl against an etcd. */
export async function runCalicoctl(etcdUrl: string, argv: readonly string[], options: CalicoctlOptions = {}): Promise<Ran> {
  const {version = 'v1.6.5', files = {}, env = {}, isRoot = false, programs = {}} = options;
  let [output, error] = ['', ''];
  const io: Io = {
    version,
    print: (text) => {
      output += text;
    },
    printError: (text) => {
      error += text;
    },
    env: {ETCD_ENDPOINTS: etcdUrl, ...env},
    async run(command) {
      const found = programs[command.join(' ')];
      if (found === undefined) throw new Error(`unexpected command: ${command.join(' ')}`);
      return {code: 0, stdout: '', stderr: '', ...found};
    },
    isRoot,
    hostname: 'node0',
    read: async (path) => files[path],
  };
  const code = await calicoctl(io, argv);
  return {code, output, error};
}
