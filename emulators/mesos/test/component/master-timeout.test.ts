import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {encodeRecord} from '../../src/common/recordio.js';
import {TestCluster} from '../support/cluster.js';
import {eventually} from '../support/eventually.js';

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster();
});
afterEach(() => cluster.close());

describe('an agent that receives no pings', () => {
  it('registers again, although the connection is still open', async () => {
    let registrations = 0;
    const server = createServer((incoming, response) => {
      registrations++;
      incoming.resume();
      response.writeHead(200, {'Mesos-Stream-Id': 'x'});
      response.write(
        encodeRecord({
          type: 'REGISTERED',
          agent_id: 'M-S0',
          master_id: 'M',
          ping_timeout_seconds: 500,
          stream_timeout_seconds: 600,
          tasks: [],
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await cluster.agent({port: (server.address() as AddressInfo).port});
      const acknowledged = () => cluster.log.filter((line) => line.includes('registered with master')).length;
      for (const count of [1, 2, 3]) {
        await eventually(acknowledged).toBe(count);
        cluster.clock.advance(500);
        expect(registrations).toBe(count);
        cluster.clock.advance(101);
      }
      await eventually(acknowledged).toBe(4);
      expect(cluster.log.some((line) => line.includes('nothing received for 600 s'))).toBe(true);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
