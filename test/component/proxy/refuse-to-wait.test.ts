import {once} from 'node:events';
import {Agent, type ClientRequest, createServer, get, type IncomingMessage} from 'node:http';
import type {AddressInfo} from 'node:net';
import {afterEach, expect, test, vi} from 'vitest';
import {refuseToWait} from '../../../src/proxy/refuse-to-wait.js';

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

function impatientAgent(limit: number) {
  const agent = new Agent({keepAlive: true});
  refuseToWait(agent, limit);
  return agent;
}

async function answer(request: ClientRequest) {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  for await (const _ of response);
  return response.statusCode;
}

test('a target that never lets a connection come about is given up as timed out', async () => {
  // A lookup that never answers holds the socket in "connecting", as a lost SYN does, without sending anything anywhere.
  const request = get({host: 'away.invalid', port: 1, agent: impatientAgent(20), lookup: () => undefined});
  await expect(answer(request)).rejects.toMatchObject({code: 'ETIMEDOUT'});
});

test('an answer may take longer than connecting may', async () => {
  // A request that has arrived was sent over a connection that has come about.
  const {port} = await answeringServer(() => vi.advanceTimersByTime(60_000));
  vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']});
  try {
    expect(await answer(get({host: '127.0.0.1', port, agent: impatientAgent(20)}))).toBe(200);
  } finally {
    vi.useRealTimers();
  }
});

test('a refused connection stays a refused connection', async () => {
  const {port, server} = await answeringServer();
  await new Promise((done) => server.close(done));
  await expect(answer(get({host: '127.0.0.1', port, agent: impatientAgent(60_000)}))).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});

test('no connection is used twice, since the machine at its other end may have lost power', async () => {
  const {port, server} = await answeringServer();
  const agent = impatientAgent(60_000);
  let connections = 0;
  server.on('connection', () => connections++);
  await answer(get({host: '127.0.0.1', port, agent}));
  await answer(get({host: '127.0.0.1', port, agent}));
  expect(connections).toBe(2);
});
