import {describe, expect, it} from 'vitest';
import {findStale, parseDockerEndpoints, releasableAddresses, STALE_AFTER_MS} from '../../src/agent/stale.js';
import {leaf, tree} from '../support/etcd-tree.js';
import {snapshot} from '../support/snapshot.js';

describe('stale endpoints', () => {
  const network = leaf('/docker/network/v1.0/network/f7645d', '{"name":"calico_net"}');
  const known = leaf('/docker/network/v1.0/endpoint/f7645d/bbbbbbbbbbb', '{"ep_iface":{"addr":"192.168.0.101/32","mac":"ee"}}');
  const docker = parseDockerEndpoints(tree(network, known))!;

  it("are compared with the endpoints in Docker's store", () => {
    expect(docker).toEqual({ids: new Set(['bbbbbbbbbbb']), addresses: new Set(['192.168.0.101'])});
  });

  it("are unknown when Docker's data was lost", () => {
    expect(parseDockerEndpoints(undefined)).toBeUndefined();
    expect(parseDockerEndpoints(tree(known))).toBeUndefined();
  });

  it("are those missing for a while: one that is being created is not in Docker's store yet", () => {
    const first = findStale('node0', snapshot.endpoints, docker, new Map(), 1_000);
    expect(first.stale).toEqual([]);
    const early = findStale('node0', snapshot.endpoints, docker, first.unknownSince, 1_000 + STALE_AFTER_MS - 1);
    expect(early.stale).toEqual([]);
    const late = findStale('node0', snapshot.endpoints, docker, early.unknownSince, 1_000 + STALE_AFTER_MS);
    expect(late.stale.map((endpoint) => endpoint.id)).toEqual(['aaaaaaaaaaa']);
  });

  it('are measured again from zero after Docker knew them in the meantime', () => {
    const first = findStale('node0', snapshot.endpoints, docker, new Map(), 0);
    const both = {...docker, ids: new Set(['aaaaaaaaaaa', 'bbbbbbbbbbb'])};
    const between = findStale('node0', snapshot.endpoints, both, first.unknownSince, 10_000);
    expect(findStale('node0', snapshot.endpoints, docker, between.unknownSince, STALE_AFTER_MS).stale).toEqual([]);
  });

  it('are those of the own node only', () => {
    const nothing = {ids: new Set<string>(), addresses: new Set<string>()};
    const {unknownSince} = findStale('node0', snapshot.endpoints, nothing, new Map(), 0);
    expect([...unknownSince.keys()]).toEqual(['aaaaaaaaaaa']);
  });

  it('have their address released unless another endpoint has it', () => {
    const [stale, other] = snapshot.endpoints as [(typeof snapshot.endpoints)[0], (typeof snapshot.endpoints)[0]];
    expect(releasableAddresses(stale, snapshot.endpoints, docker)).toEqual(['192.168.0.100']);
    expect(releasableAddresses(stale, [stale, {...other, nets: stale.nets}], docker)).toEqual([]);
    expect(releasableAddresses(stale, [stale], {...docker, addresses: new Set(['192.168.0.100'])})).toEqual([]);
  });
});
