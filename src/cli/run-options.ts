import {hostname, userInfo} from 'node:os';
import type {Cluster} from '../cluster/cluster.js';
import type {SessionOptions} from '../step/session.js';
import {STEPS} from '../steps/index.js';
import {prepareInputs} from '../steps/prepare.js';
import {findCluster} from './cluster-file.js';
import {connector} from './connect.js';
import type {CliContext} from './context.js';
import type {GlobalOptions} from './options.js';
import {reporter} from './reporter/reporter.js';

/** Who we are, for whoever finds a host locked. */
export function holder(command: string): string {
  return `hw5 ${command} of ${userInfo().username}@${hostname()}, process ${process.pid}, since ${new Date().toISOString()}`;
}

/** What `up`, `plan` and `down` have in common: the cluster, its connections, the steps, the reporter. */
export async function runOptions(options: GlobalOptions, context: CliContext, now: number): Promise<SessionOptions> {
  return runOptionsOf(await findCluster(options, context), options, context, now);
}

/** The same, for a cluster that is known already. */
export async function runOptionsOf(
  cluster: Cluster,
  options: GlobalOptions,
  context: CliContext,
  now: number,
): Promise<SessionOptions> {
  const emit = reporter(options, context);
  const inputs = await prepareInputs(cluster, {cacheDir: context.cacheDir, now});
  return {
    cluster,
    inputs,
    steps: STEPS,
    connect: connector(options, context, emit),
    emit,
    signal: context.signal,
  };
}
