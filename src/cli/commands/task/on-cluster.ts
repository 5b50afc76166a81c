import type {Command} from 'commander';
import type {Cluster} from '../../../cluster/cluster.js';
import type {OpenHosts} from '../../../host/open-hosts.js';
import {findCluster} from '../../cluster-file.js';
import type {CliContext} from '../../context.js';
import {openHosts} from '../../open-hosts.js';
import {type GlobalOptions, optionsOf} from '../../options.js';

/** Calls `work` with the cluster and connections to its nodes, which are closed afterwards. */
export async function onCluster<O extends object>(
  command: Command,
  context: CliContext,
  work: (found: {readonly cluster: Cluster; readonly hosts: OpenHosts; readonly options: GlobalOptions & O}) => Promise<void>,
): Promise<void> {
  const options = optionsOf<O>(command);
  const cluster = await findCluster(options, context);
  await using hosts = openHosts(options, context);
  await work({cluster, hosts, options});
}
