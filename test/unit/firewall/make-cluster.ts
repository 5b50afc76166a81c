import type {Cluster, ClusterNode} from '../../../src/cluster/cluster.js';
import {addressLiteral} from '../../../src/support/address.js';
import {blockLiteral} from '../../../src/support/block.js';

function node(name: string, address: string, roles: ClusterNode['roles']): ClusterNode {
  const ssh = {user: 'hw5', port: 22, agent: false, knownHosts: '/k', connectTimeoutSeconds: 5, keepaliveSeconds: 5};
  return {name, address: addressLiteral(address), roles, ssh};
}

/** The parts of a cluster that its firewall depends on. */
export const cluster = {
  name: 'c',
  nodes: [
    node('node0', '198.18.0.10', ['etcd', 'master', 'agent', 'proxy', 'framework']),
    node('node1', '198.18.0.11', ['etcd', 'agent', 'proxy', 'framework']),
    node('node2', '198.18.0.12', ['etcd', 'agent', 'proxy', 'framework']),
  ],
  etcd: {clientPort: 2379, peerPort: 2380},
  mesos: {source: {kind: 'host'}, masterPort: 5050, agentPort: 5051},
  proxy: {port: 8888, apiPort: 8001},
  images: {builder: 'node0'},
  calico: {natOutgoing: true},
  network: {name: 'calico_net', subnet: blockLiteral('192.168.0.0/16')},
  framework: {tasks: [{name: 'jupyter', image: 'jupyter', address: '192.168.0.100'}]},
} as unknown as Cluster;

export const [node0, node1, node2] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode];
export const source = {address: addressLiteral('198.18.0.1'), port: 22};
