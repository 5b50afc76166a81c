import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {expect, it} from 'vitest';
import {answersDns} from '../../../src/lab/network/way-out.js';

/** A resolver on loopback that answers all queries but the first ones. */
async function resolver(ignored: number): Promise<AsyncDisposable & {readonly port: number; readonly received: () => number}> {
  const socket = createSocket('udp4');
  let received = 0;
  socket.on('message', (query, {port, address}) => {
    // a query for NS of the root, as RFC 1035 lays it out
    expect(query.subarray(2).toString('hex')).toBe('010000010000000000000000020001');
    if (++received > ignored) socket.send(query, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    received: () => received,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

it('a resolver that answers is detected, also when the first query is lost', async () => {
  await using one = await resolver(0);
  expect(await answersDns('127.0.0.1', {port: one.port})).toBe(true);
  await using other = await resolver(1);
  expect(await answersDns('127.0.0.1', {port: other.port})).toBe(true);
  expect(other.received()).toBe(2);
});

it('a resolver that never answers receives three queries, and the wait is limited', async () => {
  await using unresponsive = await resolver(Number.POSITIVE_INFINITY);
  expect(await answersDns('127.0.0.1', {port: unresponsive.port})).toBe(false);
  expect(unresponsive.received()).toBe(3);
});

it('a port where no resolver is gives no answer', async () => {
  const {port} = await (async () => {
    await using gone = await resolver(0);
    return {port: gone.port};
  })();
  expect(await answersDns('127.0.0.1', {port})).toBe(false);
});

it('is queried from where a command runs the program', async () => {
  await using one = await resolver(0);
  // one that runs nothing
  const from = ['sh', '-c', 'echo "$@" >&2; exit 3', 'sh'];
  expect(await answersDns('127.0.0.1', {port: one.port, from})).toBe(false);
  expect(one.received()).toBe(0);
});
