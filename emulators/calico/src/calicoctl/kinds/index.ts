import {ipPoolKind} from './ip-pool.js';
import type {ResourceKind} from './kind.js';
import {nodeKind} from './node.js';
import {profileKind} from './profile.js';
import {workloadEndpointKind} from './workload-endpoint.js';

const KINDS: readonly ResourceKind[] = [nodeKind, ipPoolKind, profileKind, workloadEndpointKind];

/** The kind that a word on the command line, or `kind:` in a file, means. */
export function findKind(word: string): ResourceKind {
  const found = KINDS.find((kind) => kind.names.includes(word.toLowerCase()));
  if (found === undefined) throw new Error(`Resource type '${word}' is not supported`);
  return found;
}
