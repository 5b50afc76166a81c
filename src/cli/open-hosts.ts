import {OpenHosts} from '../host/open-hosts.js';
import {connector} from './connect.js';
import type {CliContext} from './context.js';
import type {GlobalOptions} from './options.js';

/** Connections to the cluster's nodes, each opened when it is first needed. */
export function openHosts(options: GlobalOptions, context: CliContext): OpenHosts {
  const connect = connector(options, context);
  return new OpenHosts((node, end) => connect(node, AbortSignal.any([context.signal, end])));
}
