import type {Profile, Snapshot} from '../../src/model/types.js';

export const networkProfile: Profile = {
  name: 'calico_net',
  tags: ['calico_net'],
  labels: {},
  ingress: [{action: 'allow', src_tag: 'calico_net'}],
  egress: [{action: 'allow'}],
};

const endpoint = (node: string, id: string, address: string) => ({
  node,
  id,
  interfaceName: `cali${id}`,
  mac: 'ee:ee:ee:ee:ee:ee',
  profiles: ['calico_net'],
  nets: [`${address}/32`],
});

/** Three nodes; Jupyter on node0, which owns the block, and one ssh container on node1. */
export const snapshot: Snapshot = {
  isReady: true,
  nodes: [
    {name: 'node0', address: '198.18.0.10', network: '198.18.0.0/24'},
    {name: 'node1', address: '198.18.0.11', network: '198.18.0.0/24'},
    {name: 'node2', address: '198.18.0.12', network: '198.18.0.0/24'},
  ],
  pools: [{cidr: '192.168.0.0/16', natOutgoing: true, disabled: false}],
  profiles: [networkProfile],
  policies: [],
  hostEndpoints: [],
  endpoints: [endpoint('node0', 'aaaaaaaaaaa', '192.168.0.100'), endpoint('node1', 'bbbbbbbbbbb', '192.168.0.101')],
  bgp: {
    ownBlocks: {node0: ['192.168.0.64/26']},
    globalPeers: [],
    nodePeers: {},
    logLevel: 'info',
    nodeLogLevels: {},
    customFilters: [],
  },
  asNumber: '64512',
  isMeshEnabled: true,
  felix: {},
  nodeFelix: {node0: {DefaultEndpointToHostAction: 'RETURN'}},
};
