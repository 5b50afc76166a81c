import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {expect, it} from 'vitest';
import {answersDns} from '../../../src/lab/network/way-out.js';

/** A resolver at a port of this computer that answers every question but the first ones. */
async function resolver(ignored: number): Promise<AsyncDisposable & {readonly port: number; readonly asked: () => number}> {
  const socket = createSocket('udp4');
  let asked = 0;
  socket.on('message', (question, {port, address}) => {
    // a query for NS of the root, as RFC 1035 lays it out
    expect(question.subarray(2).toString('hex')).toBe('010000010000000000000000020001');
    if (++asked > ignored) socket.send(question, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    asked: () => asked,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

it('a resolver that answers is heard, also when the first question is lost', async () => {
  await using one = await resolver(0);
  expect(await answersDns('127.0.0.1', {port: one.port})).toBe(true);
  await using other = await resolver(1);
  expect(await answersDns('127.0.0.1', {port: other.port})).toBe(true);
  expect(other.asked()).toBe(2);
});

it('a resolver that never answers is asked three times and not waited for longer', async () => {
  await using silent = await resolver(Number.POSITIVE_INFINITY);
  expect(await answersDns('127.0.0.1', {port: silent.port})).toBe(false);
  expect(silent.asked()).toBe(3);
});

it('a port where no resolver is gives no answer', async () => {
  const {port} = await (async () => {
    await using gone = await resolver(0);
    return {port: gone.port};
  })();
  expect(await answersDns('127.0.0.1', {port})).toBe(false);
});

it('is asked from where a command puts the question', async () => {
  await using one = await resolver(0);
  // one that runs nothing
  const from = ['sh', '-c', 'echo "$@" >&2; exit 3', 'sh'];
  expect(await answersDns('127.0.0.1', {port: one.port, from})).toBe(false);
  expect(one.asked()).toBe(0);
});
