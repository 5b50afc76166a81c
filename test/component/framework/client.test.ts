import {createServer, type Server as HttpServer, type IncomingMessage} from 'node:http';
import {type AddressInfo, createServer as createTcpServer, type Server, type Socket} from 'node:net';
import {setTimeout as delay} from 'node:timers/promises';
import {afterEach, describe, expect, it, vi} from 'vitest';
import {MesosClient} from '../../../src/framework/client.js';
import type {MesosEvent} from '../../../src/framework/mesos.js';
import {MesosError} from '../../../src/framework/mesos-error.js';
import {encodeRecord} from '../../../src/framework/recordio.js';
import type {Subscription} from '../../../src/framework/subscription.js';
import {recordedBytes, recordedEvents} from '../../support/mesos-transcript.js';

const framework = {
  user: 'root',
  name: 'hw5',
  failover_timeout: 10,
  checkpoint: true,
  roles: ['*'],
  capabilities: [{type: 'PARTITION_AWARE'}],
};
const servers: (Server | HttpServer)[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers.splice(0)) server.close();
});

async function listening<T extends Server | HttpServer>(server: T): Promise<string> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sends recorded bytes of an upstream master, and leaves the connection open as it did. */
async function replaying(transcript: string): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (request) => {
      if (request.toString().startsWith('GET /master/redirect')) {
        socket.end('HTTP/1.1 307 Temporary Redirect\r\nLocation: //HOST\r\nContent-Length: 0\r\n\r\n'.replace('HOST', host));
        return;
      }
      for (const bytes of recordedBytes(transcript)) socket.write(bytes);
    });
  });
  const host = await listening(server);
  return host;
}

async function eventsOf(client: MesosClient, id: string | null): Promise<MesosEvent[]> {
  const subscription = await client.subscribe(id, new AbortController().signal);
  const events: MesosEvent[] = [];
  for await (const event of subscription.events) events.push(event);
  subscription.close();
  return events;
}

interface ReceivedCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: {readonly type?: string; readonly [more: string]: unknown};
}

/** A master that answers calls with this status, and records them. */
async function master(status = 202, text = ''): Promise<{host: string; received: ReceivedCall[]}> {
  const received: ReceivedCall[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks).toString();
    const body = raw === '' ? {} : (JSON.parse(raw) as ReceivedCall['body']);
    received.push({method: request.method!, path: request.url!, headers: request.headers, body});
    if (request.url === '/master/redirect') response.writeHead(307, {Location: `//${host}`}).end();
    else if (body.type === 'SUBSCRIBE') {
      response.writeHead(200, {'Content-Type': 'application/json', 'Mesos-Stream-Id': 'stream-1'});
      response.write(
        encodeRecord({type: 'SUBSCRIBED', subscribed: {framework_id: {value: 'F1'}, heartbeat_interval_seconds: 15}}),
      );
    } else {
      await delay(body.type === 'ACCEPT' ? 50 : 0);
      response.writeHead(status).end(text);
    }
  });
  const host = await listening(server);
  return {host, received};
}

/** A master that rejects credentials. */
async function rejecting(): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/master/redirect') response.writeHead(307, {Location: `//${host}`}).end();
    else response.writeHead(401).end('401 Unauthorized.');
  });
  const host = await listening(server);
  return host;
}

async function subscribed(host: string) {
  const client = new MesosClient({master: host, framework});
  const subscription = await client.subscribe(null, new AbortController().signal);
  const events = subscription.events[Symbol.asyncIterator]();
  await events.next();
  return subscription;
}

describe('the stream of an upstream master', () => {
  it.each(['330-subscribe-partition-aware', '243-subscribe-after-teardown'])(
    'is read to its last chunk although TCP stays open: %s',
    async (transcript) => {
      const client = new MesosClient({master: await replaying(transcript), framework});
      expect(await eventsOf(client, null)).toEqual(recordedEvents(transcript));
    },
  );

  it('breaks with an error when the connection breaks in the middle of a record', async () => {
    const server = createTcpServer((socket) => {
      socket.once('data', (request) => {
        if (request.toString().startsWith('GET'))
          socket.end(`HTTP/1.1 307 Temporary Redirect\r\nLocation: //${host}\r\nContent-Length: 0\r\n\r\n`);
        else {
          const [head, first] = recordedBytes('330-subscribe-partition-aware');
          socket.write(head!);
          socket.write(first!.subarray(0, 100), () => socket.destroy());
        }
      });
    });
    const host = await listening(server);
    await expect(eventsOf(new MesosClient({master: host, framework}), null)).rejects.toThrow(MesosError);
  });
});

describe('a subscription', () => {
  it('contains the framework id in both places, and the credentials', async () => {
    const {host, received} = await master();
    const credentials = async () => ({principal: 'hw5', secret: 'geheim'});
    const client = new MesosClient({master: host, framework, credentials});
    const subscription = await client.subscribe('F1', new AbortController().signal);
    subscription.close();
    const {body, headers} = received.find((one) => one.body.type === 'SUBSCRIBE')!;
    expect(body).toMatchObject({framework_id: {value: 'F1'}, subscribe: {framework_info: {id: {value: 'F1'}}}});
    expect(headers['content-type']).toBe('application/json');
    expect(headers.authorization).toBe(`Basic ${Buffer.from('hw5:geheim').toString('base64')}`);
    expect(headers['mesos-stream-id']).toBeUndefined();
  });

  it('uses the present secret, and continues after one that could not be read', async () => {
    const {host, received} = await master();
    const secrets = ['old', undefined, 'new'];
    let current: string | undefined;
    const credentials = async () => {
      if (current === undefined) throw new Error('the secret cannot be read');
      return {principal: 'hw5', secret: current};
    };
    const client = new MesosClient({master: host, framework, credentials});
    for (current of secrets) {
      const subscribed = client.subscribe('F1', new AbortController().signal);
      if (current === undefined) await expect(subscribed).rejects.toThrow('the secret cannot be read');
      else (await subscribed).close();
    }
    const sent = received.filter((one) => one.body.type === 'SUBSCRIBE').map(({headers}) => headers.authorization);
    expect(sent).toEqual(['hw5:old', 'hw5:new'].map((pair) => `Basic ${Buffer.from(pair).toString('base64')}`));
  });

  it('is made at the leading master', async () => {
    const leading = await master();
    const server = createServer((_request, response) => response.writeHead(307, {Location: `//${leading.host}`}).end());
    const client = new MesosClient({master: await listening(server), framework});
    const subscription = await client.subscribe(null, new AbortController().signal);
    subscription.close();
    expect(subscription.master).toBe(leading.host);
    expect(leading.received.map((one) => one.body.type)).toContain('SUBSCRIBE');
  });

  it('fails with the message of the master that rejects it', async () => {
    const host = await rejecting();
    const rejected = new MesosClient({master: host, framework}).subscribe(null, new AbortController().signal);
    await expect(rejected).rejects.toMatchObject({status: 401, message: expect.stringContaining('401 Unauthorized.')});
  });

  it('leaves no connection open when it was rejected or is closed, however much was read', async () => {
    const unauthorized = await rejecting();
    const removed = await replaying('243-subscribe-after-teardown');
    const readUntil = async (type: MesosEvent['type'], {events}: Subscription) => {
      for await (const event of events) if (event.type === type) return;
    };
    for (let round = 0; round < 3; round++) {
      const rejected = new MesosClient({master: unauthorized, framework});
      await rejected.subscribe('F1', new AbortController().signal).catch(() => undefined);
      const client = new MesosClient({master: removed, framework});
      await readUntil('ERROR', await client.subscribe('F1', new AbortController().signal));
      // read to its end
      await readUntil('MESSAGE', await client.subscribe('F1', new AbortController().signal));
      // not read at all
      (await client.subscribe('F1', new AbortController().signal)).close();
    }
    await vi.waitFor(() => expect([...sockets].filter((socket) => !socket.destroyed)).toEqual([]));
  });

  it('fails and does not hang when there is no master', async () => {
    const server = createTcpServer();
    const host = await listening(server);
    server.close();
    await expect(new MesosClient({master: host, framework}).subscribe(null, new AbortController().signal)).rejects.toThrow(
      /cannot be reached/,
    );
  });
});

describe('calls', () => {
  it('reach the master in their order, however long one takes', async () => {
    const {host, received} = await master();
    const subscription = await subscribed(host);
    const accept = subscription.call({
      type: 'ACCEPT',
      accept: {offer_ids: [{value: 'O1'}], operations: [], filters: {refuse_seconds: 1}},
    });
    const kill = subscription.call({type: 'KILL', kill: {task_id: {value: 'ssh-1.1'}}});
    await Promise.all([accept, kill]);
    subscription.close();
    expect(received.map((one) => one.body.type).filter((type) => type !== undefined)).toEqual(['SUBSCRIBE', 'ACCEPT', 'KILL']);
    expect(received.at(-1)!.headers['mesos-stream-id']).toBe('stream-1');
    expect(received.at(-1)!.body.framework_id).toEqual({value: 'F1'});
  });

  it('fail with the reason when they are rejected', async () => {
    const {host} = await master(403, 'Framework is not subscribed');
    const subscription = await subscribed(host);
    await expect(subscription.call({type: 'REVIVE'})).rejects.toMatchObject({
      status: 403,
      message: expect.stringContaining('Framework is not subscribed'),
    });
    subscription.close();
  });

  it('are not sent after the subscription was closed', async () => {
    const {host, received} = await master();
    const subscription = await subscribed(host);
    subscription.close();
    await expect(subscription.call({type: 'REVIVE'})).rejects.toThrow();
    expect(received.map((one) => one.body.type)).not.toContain('REVIVE');
  });
});
