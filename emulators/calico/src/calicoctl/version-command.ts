import {reasonOf} from '../log.js';
import {FELIX_CONFIG} from '../model/keys.js';
import {connect} from './config.js';
import {parseFlags} from './flags.js';
import type {Io} from './io.js';

const BUILD = {date: 'hw5-lab', commit: "emulator of Calico for hw5's lab"};

/** What `calicoctl --version` prints. */
export function versionSummary(io: Io): string {
  return `calicoctl version ${io.version}, build ${BUILD.commit}`;
}

/** `calicoctl version`: since v1.6 with the version that the cluster's nodes have written to etcd. */
export async function versionCommand(io: Io, args: readonly string[]): Promise<number> {
  if (io.version === 'v1.2.0') {
    parseFlags(['version'], args, {});
    io.print(`Version:      ${io.version}\nBuild date:   ${BUILD.date}\nGit commit:   ${BUILD.commit}\n`);
    return 0;
  }
  const {values} = parseFlags(['version'], args, {values: {config: undefined}, short: {c: 'config'}});
  io.print(`Client Version:    ${io.version}\nBuild date:        ${BUILD.date}\nGit commit:        ${BUILD.commit}\n`);
  const etcd = await connect(io, values.config);
  const setting = async (name: string) => {
    try {
      return (await etcd.get(`${FELIX_CONFIG}/${name}`))?.node.value ?? 'unknown';
    } catch (error) {
      return `unknown (${reasonOf(error)})`;
    }
  };
  io.print(`Cluster Version:   ${await setting('CalicoVersion')}\n`);
  io.print(`Cluster Type:      ${await setting('ClusterType')}\n`);
  return 0;
}
