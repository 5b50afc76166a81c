import type {Version} from '../version.js';
import {bgpPeerKind} from './bgp-peer.js';
import {hostEndpointKind} from './host-endpoint.js';
import {ipPoolKind} from './ip-pool.js';
import type {Kind} from './kind.js';
import {nodeKind} from './node.js';
import {policyKind} from './policy.js';
import {profileKind} from './profile.js';
import {workloadEndpointKind} from './workload-endpoint.js';

/** The kinds of resources that a version of calicoctl has. */
export function kindsOf(version: Version): readonly Kind[] {
  return [nodeKind, hostEndpointKind, workloadEndpointKind, profileKind, policyKind, ipPoolKind, bgpPeerKind].map((kind) =>
    kind(version),
  );
}

/** The kind of a name on the command line. @throws Error if there is none */
export function kindOfArgument(kinds: readonly Kind[], name: string): Kind {
  const found = kinds.find((kind) => kind.names.includes(name.toLowerCase()));
  if (found === undefined) throw new Error(`Resource type '${name}' is not supported`);
  return found;
}
