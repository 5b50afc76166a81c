import type {EtcdNode} from '../etcd/client.js';
import {flatten} from '../model/snapshot.js';
import type {Endpoint} from '../model/types.js';

/** The endpoints in Docker's cluster store. */
export interface DockerEndpoints {
  readonly ids: ReadonlySet<string>;
  /** Addresses without prefix, of all networks. */
  readonly addresses: ReadonlySet<string>;
}

/**
 * Reads Docker's tree (/docker/network/v1.0). Undefined when it contains no network at all: then Docker's data was lost or is in another
 * store, and a missing endpoint is no evidence.
 */
export function parseDockerEndpoints(tree: EtcdNode | undefined): DockerEndpoints | undefined {
  const entries = [...flatten(tree)];
  if (!entries.some(([key]) => /\/network\/v1\.0\/network\/[^/]+$/.test(key))) return undefined;
  const ids = new Set<string>();
  const addresses = new Set<string>();
  for (const [key, value] of entries) {
    const id = /\/network\/v1\.0\/endpoint\/[^/]+\/([^/]+)$/.exec(key)?.[1];
    if (id === undefined) continue;
    ids.add(id);
    const address = /"addr":"([\d.]+)/.exec(value)?.[1];
    if (address !== undefined) addresses.add(address);
  }
  return {ids, addresses};
}

/** An endpoint is stale after it was missing in Docker's store for this long: while one is created, Calico's record is written first. */
export const STALE_AFTER_MS = 15_000;

/** Finds the stale endpoints of a node. Pure: the caller passes the returned `unknownSince` to the next call. */
export function findStale(
  node: string,
  endpoints: readonly Endpoint[],
  docker: DockerEndpoints,
  unknownSince: ReadonlyMap<string, number>,
  now: number,
): {readonly stale: readonly Endpoint[]; readonly unknownSince: ReadonlyMap<string, number>} {
  const unknown = endpoints.filter(
    ({id, orchestrator, ...endpoint}) => endpoint.node === node && orchestrator === undefined && !docker.ids.has(id),
  );
  const since = new Map(unknown.map((endpoint) => [endpoint.id, unknownSince.get(endpoint.id) ?? now]));
  return {stale: unknown.filter((endpoint) => now - (since.get(endpoint.id) ?? now) >= STALE_AFTER_MS), unknownSince: since};
}

/** The addresses of a stale endpoint that no other endpoint has, and which may therefore be released. */
export function releasableAddresses(endpoint: Endpoint, all: readonly Endpoint[], docker: DockerEndpoints): string[] {
  const held = new Set(all.filter((other) => other.id !== endpoint.id).flatMap((other) => other.nets));
  return endpoint.nets
    .filter((net) => !held.has(net) && !docker.addresses.has(net.split('/')[0] ?? ''))
    .map((net) => net.split('/')[0] ?? '');
}
