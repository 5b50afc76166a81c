import type {EtcdNode} from '../etcd/client.js';
import {flatten} from '../model/snapshot.js';
import type {Endpoint} from '../model/types.js';

/** What Docker's cluster store knows of endpoints. */
export interface DockerEndpoints {
  readonly ids: ReadonlySet<string>;
  /** Addresses without prefix, of all networks. */
  readonly addresses: ReadonlySet<string>;
}

/**
 * Reads Docker's tree (/docker/network/v1.0). Undefined when it cannot tell: without a single network in it, Docker's store is lost or
 * another one, and nothing may be concluded from what is missing.
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

/** An endpoint is only given up when Docker has not known it for this long: while one is being made, Calico's record comes first. */
export const STALE_AFTER_MS = 15_000;

/** Remembers since when endpoints are unknown to Docker. Pure but for that memory, which the caller keeps. */
export function findStale(
  node: string,
  endpoints: readonly Endpoint[],
  docker: DockerEndpoints,
  unknownSince: ReadonlyMap<string, number>,
  now: number,
): {readonly stale: readonly Endpoint[]; readonly unknownSince: ReadonlyMap<string, number>} {
  const unknown = endpoints.filter((endpoint) => endpoint.node === node && !docker.ids.has(endpoint.id));
  const since = new Map(unknown.map((endpoint) => [endpoint.id, unknownSince.get(endpoint.id) ?? now]));
  return {stale: unknown.filter((endpoint) => now - (since.get(endpoint.id) ?? now) >= STALE_AFTER_MS), unknownSince: since};
}

/** The addresses of a stale endpoint that nobody else holds, and which may therefore be released. */
export function releasableAddresses(endpoint: Endpoint, all: readonly Endpoint[], docker: DockerEndpoints): string[] {
  const held = new Set(all.filter((other) => other.id !== endpoint.id).flatMap((other) => other.nets));
  return endpoint.nets
    .filter((net) => !held.has(net) && !docker.addresses.has(net.split('/')[0] ?? ''))
    .map((net) => net.split('/')[0] ?? '');
}
