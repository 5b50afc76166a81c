import {ipPoolKind} from './ip-pool.js';
import type {ResourceKind} from './kind.js';
import {nodeKind} from './node.js';
import {profileKind} from './profile.js';
import {workloadEndpointKind} from './workload-endpoint.js';

const KINDS: readonly ResourceKind[] = [nodeKind, ipPoolKind, profileKind, workloadEndpointKind];

/** The kind of a name on the command line or of `kind:` in a file. */
export function findKind(name: string): ResourceKind {
  const found = KINDS.find((kind) => kind.names.includes(name.toLowerCase()));
  if (found === undefined) throw new Error(`Resource type '${name}' is not supported`);
  return found;
}
