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

  it('leaves out invalid records, and has endpoints of other orchestrators and of hosts', () => {
    const read = parseSnapshot(
      tree(
        leaf('/calico/v1/host/node0/workload/libnetwork/libnetwork/endpoint/x', '{broken'),
        leaf('/calico/v1/host/node0/workload/k8s/pod/endpoint/y', '{"name":"cali1"}'),
        leaf('/calico/v1/host/node0/endpoint/eth0', '{"expected_ipv4_addrs":["198.18.0.10"],"labels":{"a":"b"}}'),
        leaf('/calico/v1/host/node0/endpoint/broken', 'null'),
        leaf('/calico/v1/ipam/v4/pool/10.0.0.0-8', 'null'),
      ),
    );
    expect(read.pools).toEqual([]);
    expect(read.endpoints).toMatchObject([{id: 'y', interfaceName: 'cali1'}]);
    expect(read.hostEndpoints).toEqual([
      {node: 'node0', name: 'eth0', addresses: ['198.18.0.10'], profiles: [], labels: {a: 'b'}},
    ]);
  });

  it('has policies, without types for both directions', () => {
    const read = parseSnapshot(
      tree(
        leaf(
          '/calico/v1/policy/tier/default/policy/a%2fb',
          '{"order":7,"selector":"all()","types":["egress"],"outbound_rules":[{"action":"deny"}]}',
        ),
        leaf('/calico/v1/policy/tier/default/policy/old', '{"selector":"has(x)","untracked":true}'),
        leaf('/calico/v1/policy/tier/default/policy/broken', '{'),
      ),
    );
    expect(read.policies).toEqual([
      {
        name: 'a/b',
        order: 7,
        selector: 'all()',
        types: ['egress'],
        ingress: [],
        egress: [{action: 'deny'}],
        isUntracked: false,
        isPreDnat: false,
      },
      {
        name: 'old',
        selector: 'has(x)',
        types: ['ingress', 'egress'],
        ingress: [],
        egress: [],
        isUntracked: true,
        isPreDnat: false,
      },
    ]);
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
