import {setImmediate} from 'node:timers/promises';
import {expect, it} from 'vitest';
import {Gate} from '../../../src/host/gate.js';

/** Who is in, in the order of coming in. */
function visitors(gate: Gate) {
  const inside: string[] = [];
  const come = (name: string, signal?: AbortSignal) => gate.enter(signal).then(() => inside.push(name));
  return {inside, come};
}

it('lets in as many as there are places, the others in their order', async () => {
  const gate = new Gate(2);
  const {inside, come} = visitors(gate);
  const all = ['a', 'b', 'c', 'd'].map((name) => come(name));
  await setImmediate();
  expect(inside).toEqual(['a', 'b']);
  gate.leave();
  await setImmediate();
  expect(inside).toEqual(['a', 'b', 'c']);
  gate.leave();
  await Promise.all(all);
  expect(inside).toEqual(['a', 'b', 'c', 'd']);
});

it('forgets who gave up waiting', async () => {
  const gate = new Gate(1);
  const {inside, come} = visitors(gate);
  await come('a');
  const abort = new AbortController();
  const gaveUp = come('b', abort.signal);
  const c = come('c');
  abort.abort(new Error('enough'));
  await expect(gaveUp).rejects.toThrow('enough');
  gate.leave();
  await c;
  expect(inside).toEqual(['a', 'c']);
  await expect(gate.enter(AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
});

it('can be narrowed, but never shut', async () => {
  const gate = new Gate(3);
  const {inside, come} = visitors(gate);
  await Promise.all([come('a'), come('b')]);
  gate.narrow(0);
  void come('c');
  gate.leave();
  await setImmediate();
  expect(inside).toEqual(['a', 'b']);
  gate.leave();
  await setImmediate();
  expect(inside).toEqual(['a', 'b', 'c']);
  gate.narrow(5);
  void come('d');
  await setImmediate();
  expect(inside).toEqual(['a', 'b', 'c']);
});
