import {describe, expect, it} from 'vitest';
import {renderPeers} from '../../src/calicoctl/node-status.js';
import {tabTable} from '../../src/calicoctl/tables.js';

const bgp = (name: string, state: string, since: string, info: string) => ({name, type: 'BGP', state, since, info});

describe('the table of peers', () => {
  // Both tables are output of upstream's calicoctl, quoted in public issues.
  it('is formatted as by calicoctl', () => {
    const peers = [
      bgp('Mesh_172_16_91_206', 'up', '07:49:38', 'Established'),
      {name: 'kernel1', type: 'Kernel', state: 'up', since: '07:49:30', info: ''},
      bgp('Mesh_172_16_91_207', 'up', '07:49:37', 'Established'),
    ];
    expect(renderPeers(peers)).toBe(`
IPv4 BGP status
+---------------+-------------------+-------+----------+-------------+
| PEER ADDRESS  |     PEER TYPE     | STATE |  SINCE   |    INFO     |
+---------------+-------------------+-------+----------+-------------+
| 172.16.91.206 | node-to-node mesh | up    | 07:49:38 | Established |
| 172.16.91.207 | node-to-node mesh | up    | 07:49:37 | Established |
+---------------+-------------------+-------+----------+-------------+
`);
  });

  it('wraps a long reason and keeps the column 30 wide', () => {
    const peers = [
      bgp('Mesh_10_2_7_200', 'start', '02:04:22', 'Idle Socket: Connection closed'),
      bgp('Global_13_1_0_1', 'start', '07:36:56', 'Active Socket: Connection refused'),
      bgp('Node_11_1_0_251', 'up', '2022-06-14', 'Established'),
    ];
    expect(renderPeers(peers)).toBe(`
IPv4 BGP status
+--------------+-------------------+-------+------------+--------------------------------+
| PEER ADDRESS |     PEER TYPE     | STATE |   SINCE    |              INFO              |
+--------------+-------------------+-------+------------+--------------------------------+
| 10.2.7.200   | node-to-node mesh | start | 02:04:22   | Idle Socket: Connection closed |
| 13.1.0.1     | global            | start | 07:36:56   | Active Socket: Connection      |
|              |                   |       |            | refused                        |
| 11.1.0.251   | node specific     | up    | 2022-06-14 | Established                    |
+--------------+-------------------+-------+------------+--------------------------------+
`);
  });

  it('is replaced by a line when there are no peers', () => {
    expect(renderPeers([])).toBe('\nIPv4 BGP status\nNo IPv4 peers found.\n');
  });
});

describe('the table of resources', () => {
  it('pads each cell by three blanks and ends with an empty line', () => {
    expect(
      tabTable([
        ['CIDR', 'NAT', 'IPIP'],
        ['192.168.0.0/16', 'true', 'false'],
      ]),
    ).toBe('CIDR             NAT    IPIP    \n192.168.0.0/16   true   false   \n\n');
  });

  it('has only headings when there are no resources', () => {
    expect(tabTable([['NAME']])).toBe('NAME   \n\n');
  });
});
