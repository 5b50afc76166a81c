import {describe, expect, it} from 'vitest';
import {parsePeers} from '../../../../src/components/calico/node-status.js';

/** As calicoctl v1.6.5 prints it. */
const HEALTHY = `Calico process is running.

IPv4 BGP status
+--------------+-------------------+-------+----------+-------------+
| PEER ADDRESS |     PEER TYPE     | STATE |  SINCE   |    INFO     |
+--------------+-------------------+-------+----------+-------------+
| 198.18.0.11  | node-to-node mesh | up    | 23:30:04 | Established |
| 198.18.0.12  | node-to-node mesh | up    | 23:30:07 | Established |
+--------------+-------------------+-------+----------+-------------+

IPv6 BGP status
No IPv6 peers found.

`;

/** A long INFO is wrapped into rows whose other cells are empty. */
const WRAPPED = `Calico process is running.

IPv4 BGP status
+--------------+-------------------+-------+------------+--------------------------------+
| PEER ADDRESS |     PEER TYPE     | STATE |   SINCE    |              INFO              |
+--------------+-------------------+-------+------------+--------------------------------+
| 198.18.0.11  | node-to-node mesh | start | 2017-11-23 | Active Socket: Connection      |
|              |                   |       |            | refused                        |
| 198.18.0.12  | node-to-node mesh | start | 23:30:07   | Connect Socket: No route to    |
|              |                   |       |            | host Received: Cease, by       |
|              |                   |       |            | the peer                       |
| 198.18.0.13  | global            | up    | 23:31:00   | Established                    |
+--------------+-------------------+-------+------------+--------------------------------+
`;

describe('the table of calicoctl node status', () => {
  it('is parsed into its rows, without the header', () => {
    expect(parsePeers(HEALTHY)).toEqual([
      {address: '198.18.0.11', type: 'node-to-node mesh', state: 'up', since: '23:30:04', info: 'Established'},
      {address: '198.18.0.12', type: 'node-to-node mesh', state: 'up', since: '23:30:07', info: 'Established'},
    ]);
  });

  it('is parsed with wrapped cells joined', () => {
    expect(parsePeers(WRAPPED)).toEqual([
      {
        address: '198.18.0.11',
        type: 'node-to-node mesh',
        state: 'start',
        since: '2017-11-23',
        info: 'Active Socket: Connection refused',
      },
      {
        address: '198.18.0.12',
        type: 'node-to-node mesh',
        state: 'start',
        since: '23:30:07',
        info: 'Connect Socket: No route to host Received: Cease, by the peer',
      },
      {address: '198.18.0.13', type: 'global', state: 'up', since: '23:31:00', info: 'Established'},
    ]);
  });

  it('is parsed for both address families', () => {
    const six = HEALTHY.replace(
      'No IPv6 peers found.',
      HEALTHY.split('\n').slice(3, 8).join('\n').replaceAll('198.18.0.11', 'fd00::11   '),
    );
    expect(parsePeers(six).map(({address}) => address)).toEqual(['198.18.0.11', '198.18.0.12', 'fd00::11', '198.18.0.12']);
  });

  it('has no rows if there are no peers, or no table', () => {
    expect(parsePeers('Calico process is running.\n\nIPv4 BGP status\nNo IPv4 peers found.\n')).toEqual([]);
    expect(parsePeers('')).toEqual([]);
    expect(parsePeers('|              |                   |       |            | refused |\n| a | b |\n')).not.toContainEqual(
      expect.objectContaining({address: 'a'}),
    );
  });
});
