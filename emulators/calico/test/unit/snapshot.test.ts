import {describe, expect, it} from 'vitest';
import {endpointRecord, poolRecord, profileRecords} from '../../src/model/records.js';
import {parseSnapshot} from '../../src/model/snapshot.js';
import {leaf, tree} from '../support/etcd-tree.js';
import {networkProfile, snapshot} from '../support/snapshot.js';

describe('the snapshot of etcd', () => {
  it('is parsed from the records that the other parts write', () => {
    const profile = profileRecords(networkProfile);
    const [endpoint] = snapshot.endpoints;
    const read = parseSnapshot(
      tree(
        ...snapshot.nodes.flatMap((node) => [
          leaf(`/calico/bgp/v1/host/${node.name}/ip_addr_v4`, node.address!),
          leaf(`/calico/bgp/v1/host/${node.name}/network_v4`, node.network!),
        ]),
        leaf('/calico/v1/Ready', 'true'),
        leaf('/calico/v1/host/node0/config/DefaultEndpointToHostAction', 'RETURN'),
        leaf('/calico/bgp/v1/global/as_num', '64512'),
        leaf('/calico/bgp/v1/global/node_mesh', '{"enabled":true}'),
        leaf('/calico/v1/ipam/v4/pool/192.168.0.0-16', poolRecord(snapshot.pools[0]!)),
        leaf('/calico/v1/policy/profile/calico_net/tags', profile.tags),
        leaf('/calico/v1/policy/profile/calico_net/rules', profile.rules),
        leaf('/calico/v1/policy/profile/calico_net/labels', profile.labels),
        ...snapshot.endpoints.map((one) =>
          leaf(`/calico/v1/host/${one.node}/workload/libnetwork/libnetwork/endpoint/${one.id}`, endpointRecord(one)),
        ),
        leaf('/calico/ipam/v2/host/node0/ipv4/block/192.168.0.64-26', '{}'),
      ),
    );
    expect(read).toEqual(snapshot);
    expect(endpoint).toBeDefined();
  });

  it('leaves out invalid records and those of other orchestrators', () => {
    const read = parseSnapshot(
      tree(
        leaf('/calico/v1/host/node0/workload/libnetwork/libnetwork/endpoint/x', '{broken'),
        leaf('/calico/v1/host/node0/workload/k8s/pod/endpoint/y', '{"name":"cali1"}'),
        leaf('/calico/v1/ipam/v4/pool/10.0.0.0-8', 'null'),
      ),
    );
    expect([read.endpoints, read.pools]).toEqual([[], []]);
  });

  it("contains BIRD's peers, log levels and filters", () => {
    const {bgp} = parseSnapshot(
      tree(
        leaf('/calico/bgp/v1/global/peer_v4/198.18.0.99', '{"ip":"198.18.0.99","as_num":"64600"}'),
        leaf('/calico/bgp/v1/global/peer_v4/broken', '{'),
        leaf('/calico/bgp/v1/host/node0/peer_v4/198.18.0.98', '{"ip":"198.18.0.98","as_num":64601}'),
        leaf('/calico/bgp/v1/host/node0/loglevel', 'debug'),
        leaf('/calico/bgp/v1/global/loglevel', 'none'),
        leaf('/calico/bgp/v1/global/custom_filters/v4/mine', 'reject;'),
      ),
    );
    expect(bgp).toEqual({
      ownBlocks: {},
      globalPeers: [{address: '198.18.0.99', asNumber: '64600'}],
      nodePeers: {node0: [{address: '198.18.0.98', asNumber: '64601'}]},
      logLevel: 'none',
      nodeLogLevels: {node0: 'debug'},
      customFilters: ['reject;'],
    });
  });

  it('is empty and not ready without any key', () => {
    expect(parseSnapshot(undefined)).toMatchObject({
      isReady: false,
      nodes: [],
      endpoints: [],
      asNumber: '64512',
      isMeshEnabled: true,
    });
  });
});
