import {setImmediate} from 'node:timers/promises';
import {expect, it} from 'vitest';
import {Semaphore} from '../../../src/host/semaphore.js';

/** Acquires for named holders, and lists those that were admitted in order. */
function holdersOf(semaphore: Semaphore) {
  const admitted: string[] = [];
  const acquire = (name: string, signal?: AbortSignal) => semaphore.acquire(signal).then(() => admitted.push(name));
  return {admitted, acquire};
}

it('admits as many as its limit, the others in their order', async () => {
  const semaphore = new Semaphore(2);
  const {admitted, acquire} = holdersOf(semaphore);
  const all = ['a', 'b', 'c', 'd'].map((name) => acquire(name));
  await setImmediate();
  expect(admitted).toEqual(['a', 'b']);
  semaphore.release();
  await setImmediate();
  expect(admitted).toEqual(['a', 'b', 'c']);
  semaphore.release();
  await Promise.all(all);
  expect(admitted).toEqual(['a', 'b', 'c', 'd']);
});

it('skips a waiter whose signal has aborted', async () => {
  const semaphore = new Semaphore(1);
  const {admitted, acquire} = holdersOf(semaphore);
  await acquire('a');
  const abort = new AbortController();
  const aborted = acquire('b', abort.signal);
  const c = acquire('c');
  abort.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  semaphore.release();
  await c;
  expect(admitted).toEqual(['a', 'c']);
  await expect(semaphore.acquire(AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
});

it('can be lowered to one, never to none, and not raised', async () => {
  const semaphore = new Semaphore(3);
  const {admitted, acquire} = holdersOf(semaphore);
  await Promise.all([acquire('a'), acquire('b')]);
  semaphore.reduceTo(0);
  void acquire('c');
  semaphore.release();
  await setImmediate();
  expect(admitted).toEqual(['a', 'b']);
  semaphore.release();
  await setImmediate();
  expect(admitted).toEqual(['a', 'b', 'c']);
  semaphore.reduceTo(5);
  void acquire('d');
  await setImmediate();
  expect(admitted).toEqual(['a', 'b', 'c']);
});
