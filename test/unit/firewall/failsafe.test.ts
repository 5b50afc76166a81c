import {expect, it} from 'vitest';
import {defineComponent, type Port} from '../../../src/components/component.js';
import {failsafeOf, memberTcpPorts} from '../../../src/firewall/failsafe.js';
import {cluster, node0, node1, node2} from './make-cluster.js';

const port = (number: number, protocol: Port['protocol'], access: Port['access']): Port => ({
  port: number,
  protocol,
  access,
  purpose: 'tests',
});

/** A component that no version of hw5 has, on node1 and node2. */
const invented = defineComponent({
  name: 'invented',
  title: 'invented',
  needs: [],
  targets: () => [node1, node2],
  ports: () => [
    port(7002, 'tcp', 'members'),
    port(7001, 'tcp', 'nodes'),
    port(7003, 'udp', 'members'),
    port(7004, 'tcp', 'outside'),
    port(7005, 'tcp', 'loopback'),
  ],
  facts: () => ({}),
  plan: () => [],
  undo: () => [],
});

it('lets the nodes reach the ports that a component declares for members and nodes, and no others', () => {
  const lines = failsafeOf(node1, cluster, [], [invented]).host[4].filter((line) => line.includes('failsafe cluster'));
  const tail = '-m comment --comment "hw5:failsafe cluster" -j RETURN';
  expect(lines).toEqual([
    `-s ${node0.address}/32 -p tcp -m multiport --dports 7001,7002 ${tail}`,
    `-s ${node2.address}/32 -p tcp -m multiport --dports 7001,7002 ${tail}`,
    `-s ${node2.address}/32 -p tcp -m multiport --sports 7001,7002 -m conntrack --ctstate ESTABLISHED ${tail}`,
    `-s ${node2.address}/32 -p udp -m udp --dport 7003 ${tail}`,
  ]);
});

it('lets answers of a node’s components in where the node itself has none', () => {
  const lines = failsafeOf(node0, cluster, [], [invented]).host[4].filter((line) => line.includes('failsafe cluster'));
  expect(lines.map((line) => line.split(' ').slice(0, 8).join(' '))).toEqual([
    `-s ${node1.address}/32 -p tcp -m multiport --sports 7001,7002`,
    `-s ${node2.address}/32 -p tcp -m multiport --sports 7001,7002`,
  ]);
});

it('contains the ports of all components by default', () => {
  expect(memberTcpPorts(node0, cluster)).toEqual([179, 2379, 2380, 5050, 5051, 7946]);
  expect(memberTcpPorts(node1, cluster)).toEqual([179, 2379, 2380, 5051, 7946]);
});
