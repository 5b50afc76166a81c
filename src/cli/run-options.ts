import {hostname, userInfo} from 'node:os';
import type {Cluster} from '../cluster/cluster.js';
import {COMPONENTS} from '../components/index.js';
import {emptyInputs, prepareInputs} from '../components/prepare.js';
import type {Inputs} from '../engine/inputs.js';
import type {SessionOptions} from '../engine/session.js';
import {findCluster} from './cluster-file.js';
import {connector} from './connect.js';
import type {CliContext} from './context.js';
import type {GlobalOptions} from './options.js';
import {reporter} from './reporter/reporter.js';

/** Describes this process, for another hw5 that finds a host locked. */
export function holder(command: string): string {
  return `hw5 ${command} of ${userInfo().username}@${hostname()}, process ${process.pid}, since ${new Date().toISOString()}`;
}

/** The options of a run of `up` or `plan`: the cluster, the files to upload, the connections, the steps and the reporter. */
export async function runOptions(options: GlobalOptions, context: CliContext, now: number): Promise<SessionOptions> {
  return runOptionsOf(await findCluster(options, context, true), options, context, now);
}

/** The same, for a cluster that is already loaded. */
export async function runOptionsOf(
  cluster: Cluster,
  options: GlobalOptions,
  context: CliContext,
  now: number,
): Promise<SessionOptions> {
  const inputs = await prepareInputs(cluster, {cacheDir: context.cacheDir, now});
  return sessionOptions(cluster, inputs, options, context);
}

/** The same for `down`, which uploads nothing: it works even if files that the cluster file names are missing. */
export async function downOptions(options: GlobalOptions, context: CliContext, now: number): Promise<SessionOptions> {
  return sessionOptions(await findCluster(options, context), emptyInputs(now), options, context);
}

function sessionOptions(cluster: Cluster, inputs: Inputs, options: GlobalOptions, context: CliContext): SessionOptions {
  const emit = reporter(options, context);
  return {
    cluster,
    inputs,
    steps: COMPONENTS,
    connect: connector(options, context, emit),
    emit,
    signal: context.signal,
  };
}
