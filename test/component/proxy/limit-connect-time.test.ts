import {once} from 'node:events';
import {Agent, type ClientRequest, createServer, get, type IncomingMessage} from 'node:http';
import type {AddressInfo} from 'node:net';
import {afterEach, expect, test, vi} from 'vitest';
import {limitConnectTime} from '../../../src/proxy/limit-connect-time.js';

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function answeringServer(beforeAnswer = () => {}) {
  const server = createServer((_, response) => {
    beforeAnswer();
    response.end('here');
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {server, port: (server.address() as AddressInfo).port};
}

function limitedAgent(limit: number) {
  const agent = new Agent({keepAlive: true});
  limitConnectTime(agent, limit);
  return agent;
}

async function answer(request: ClientRequest) {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  for await (const _ of response);
  return response.statusCode;
}

test('a target that never accepts a connection fails with a timeout', async () => {
  // A lookup that never answers keeps the socket connecting, as a lost SYN does, without sending any packet.
  const request = get({host: 'away.invalid', port: 1, agent: limitedAgent(20), lookup: () => undefined});
  await expect(answer(request)).rejects.toMatchObject({code: 'ETIMEDOUT'});
});

test('an answer may take longer than connecting may', async () => {
  // When the request has arrived, the connection is established.
  const {port} = await answeringServer(() => vi.advanceTimersByTime(60_000));
  vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']});
  try {
    expect(await answer(get({host: '127.0.0.1', port, agent: limitedAgent(20)}))).toBe(200);
  } finally {
    vi.useRealTimers();
  }
});

test('a refused connection is reported as refused', async () => {
  const {port, server} = await answeringServer();
  await new Promise((done) => server.close(done));
  await expect(answer(get({host: '127.0.0.1', port, agent: limitedAgent(60_000)}))).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});

test('no connection is used twice, since the machine at its other end may have lost power', async () => {
  const {port, server} = await answeringServer();
  const agent = limitedAgent(60_000);
  let connections = 0;
  server.on('connection', () => connections++);
  await answer(get({host: '127.0.0.1', port, agent}));
  await answer(get({host: '127.0.0.1', port, agent}));
  expect(connections).toBe(2);
});
