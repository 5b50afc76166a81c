import {describe, expect, it} from 'vitest';
import {EtcdClient} from '../../src/etcd/client.js';
import {COMPARE_FAILED, EtcdUnavailableError, isEtcdError, NODE_EXISTS} from '../../src/etcd/errors.js';
import {EtcdV2Server} from '../support/etcd-v2-server.js';

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
/** The URL of a server that was closed: no process listens there. */
async function deadUrl(): Promise<string> {
  const server = await EtcdV2Server.start();
  const {url} = server;
  await server[Symbol.asyncDispose]();
  return url;
}

describe('the etcd client', () => {
  it('reads keys and whole trees, and returns undefined for missing ones', async () => {
    await using server = await EtcdV2Server.start();
    const etcd = new EtcdClient([server.url]);
    await etcd.set('/a/b', '1');
    await etcd.set('/a/c', 'with spaces & signs');
    expect((await etcd.get('/a/b'))?.node.value).toBe('1');
    expect((await etcd.get('/a', {recursive: true}))?.node.nodes?.map((node) => node.value)).toEqual([
      '1',
      'with spaces & signs',
    ]);
    expect(await etcd.get('/nothing')).toBeUndefined();
    expect(await etcd.delete('/nothing')).toBe(false);
    expect(await etcd.delete('/a', {recursive: true})).toBe(true);
    expect(server.keys()).toEqual([]);
  });

  it('distinguishes a key that exists from one that changed', async () => {
    await using server = await EtcdV2Server.start();
    const etcd = new EtcdClient([server.url]);
    await etcd.create('/key', '1');
    expect(isEtcdError(await failure(etcd.create('/key', '2')), NODE_EXISTS)).toBe(true);
    const {node} = (await etcd.get('/key'))!;
    await etcd.compareAndSwap('/key', '2', node);
    expect(isEtcdError(await failure(etcd.compareAndSwap('/key', '3', node)), COMPARE_FAILED)).toBe(true);
    expect(server.value('/key')).toBe('2');
  });

  it('uses another member when one is down', async () => {
    await using server = await EtcdV2Server.start();
    server.put('/key', 'there');
    const etcd = new EtcdClient([await deadUrl(), server.url]);
    expect((await etcd.get('/key'))?.node.value).toBe('there');
  });

  it('uses another member when one has no leader', async () => {
    await using server = await EtcdV2Server.start();
    await using leaderless = await server.member();
    leaderless.intercept = async (_request, response) => {
      response.statusCode = 500;
      response.end(
        JSON.stringify({errorCode: 300, message: 'Raft Internal Error', cause: 'etcdserver: request timed out', index: 1}),
      );
      return true;
    };
    server.put('/key', 'there');
    expect((await new EtcdClient([leaderless.url, server.url]).get('/key'))?.node.value).toBe('there');
  });

  it("reports with the message of etcd's Go client that no member replies", async () => {
    const [first, second] = [await deadUrl(), await deadUrl()];
    const error = await failure(new EtcdClient([first, second]).get('/key'));
    expect(error).toBeInstanceOf(EtcdUnavailableError);
    expect((error as Error).message).toBe(
      `client: etcd cluster is unavailable or misconfigured; error #0: dial tcp ${first.slice(7)}: getsockopt: connection refused\n` +
        `error #1: dial tcp ${second.slice(7)}: getsockopt: connection refused\n`,
    );
  });

  it('recognises its own write when a member failed before its reply', async () => {
    await using server = await EtcdV2Server.start();
    await using failing = await server.member();
    failing.intercept = async (request, _response, perform) => {
      if (request.method !== 'PUT') return false;
      // The write is performed, the reply never sent.
      request.socket.destroy();
      await perform();
      return true;
    };
    const etcd = new EtcdClient([failing.url, server.url]);
    await etcd.create('/key', 'own');
    expect(server.value('/key')).toBe('own');
  });

  it("does not mistake another process's write for its own", async () => {
    await using server = await EtcdV2Server.start();
    await using failing = await server.member();
    failing.intercept = async (request) => {
      server.put('/key', 'foreign');
      request.socket.destroy();
      return true;
    };
    expect(isEtcdError(await failure(new EtcdClient([failing.url, server.url]).create('/key', 'own')), NODE_EXISTS)).toBe(true);
  });

  it('uses another member when one accepts the connection but does not reply', async () => {
    await using server = await EtcdV2Server.start();
    await using unresponsive = await server.member();
    unresponsive.intercept = async () => true;
    server.put('/key', 'there');
    expect((await new EtcdClient([unresponsive.url, server.url], {replyMs: 100}).get('/key'))?.node.value).toBe('there');
  });

  it('returns from waiting when something below a key changes', async () => {
    await using server = await EtcdV2Server.start();
    server.put('/a/b', '1');
    const etcd = new EtcdClient([server.url]);
    const {index} = (await etcd.get('/a'))!;
    let hasReturned = false;
    const waiting = etcd.waitForChange('/a', index + 1, new AbortController().signal).then(() => {
      hasReturned = true;
    });
    await etcd.set('/other', '1');
    expect(hasReturned).toBe(false);
    await etcd.set('/a/c', '1');
    await waiting;
  });

  it('stops waiting when it is aborted', async () => {
    await using server = await EtcdV2Server.start();
    const abort = new AbortController();
    const waiting = failure(new EtcdClient([server.url]).waitForChange('/a', 100, abort.signal));
    abort.abort();
    expect(await waiting).toMatchObject({name: 'AbortError'});
  });
});
