import type {ClusterNode} from '../../../src/cluster/cluster.js';
import type {Candidate} from '../../../src/firewall/candidate.js';

/** The hardware addresses of the nodes of make-cluster.ts. */
export const MACS = new Map([
  ['node0', ['02:00:00:00:00:10']],
  ['node1', ['02:00:00:00:00:11']],
  ['node2', ['02:00:00:00:00:12']],
]);

const MAC_LIST = [...MACS].map(([name, [mac]]) => [name, mac!] as const);
/** All on one wire. */
export const NEIGHBOURS = new Map(MAC_LIST.map(([name]) => [name, new Map(MAC_LIST.filter(([other]) => other !== name))]));

/** A node with SSH, HTTP, BGP and etcd, and without containers. */
export function candidate(node: ClusterNode, change: Partial<Candidate> = {}): Candidate {
  const mac = MACS.get(node.name)![0]!;
  return {
    node,
    interfaces: [{name: 'eth0', mac, addresses: [{address: node.address, scope: 'global'}]}],
    services: {listeners: [22, 80, 179, 2379].map((port) => ({address: port === 22 ? '*' : node.address, port})), containers: []},
    neighbours: new Map([...MACS].map(([name, [one]]) => [name, one!])),
    families: [4, 6],
    ...change,
  };
}
