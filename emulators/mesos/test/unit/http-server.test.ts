import {Agent, get} from 'node:http';
import type {AddressInfo} from 'node:net';
import {afterEach, describe, expect, it} from 'vitest';
import {createHttpServer} from '../../src/common/http-server.js';

const server = createHttpServer(
  () => ({status: 200, text: 'ok'}),
  (error) => {
    throw error;
  },
);
const agent = new Agent({keepAlive: true, maxSockets: 1});
afterEach(async () => {
  agent.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('the HTTP server', () => {
  it('keeps a connection open without the header Connection, until the client sends Connection: close', async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const {port} = server.address() as AddressInfo;
    const request = (headers: Readonly<Record<string, string>> = {}) =>
      new Promise<{localPort: number | undefined; header: string | undefined; isClosed: Promise<void>}>((resolve, reject) => {
        get({host: '127.0.0.1', port, agent, headers}, (response) => {
          const {socket} = response;
          const isClosed = new Promise<void>((closed) => socket.once('close', () => closed()));
          const result = {localPort: socket.localPort, header: response.headers.connection, isClosed};
          response.resume().on('end', () => setImmediate(() => resolve(result)));
        }).on('error', reject);
      });
    const [first, second] = [await request(), await request({Connection: 'close'})];
    expect([first.header, second.header]).toEqual([undefined, undefined]);
    expect(second.localPort).toBe(first.localPort);
    await second.isClosed;
  });
});
