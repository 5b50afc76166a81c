import {describe, expect, it} from 'vitest';
import {FrameworkStore} from '../../../src/framework/key-values.js';
import {Noticeboard} from '../../../src/framework/noticeboard.js';
import {MemoryKeyValues} from '../../support/memory-key-values.js';

/** A leader's board; `obey` is what it does with a command. */
async function leading(obey: () => void) {
  let time = 1_000_000;
  const kv = new MemoryKeyValues(() => time);
  const store = new FrameworkStore(kv, 'hw5');
  const key = `${store.prefix}leader`;
  await kv.commit([], [{op: 'put', key, value: 'node0'}]);
  const {createRevision} = (await kv.list(key))[0]!;
  const board = new Noticeboard({
    store,
    leadership: {
      guard: {key, createRevision},
      signal: new AbortController().signal,
      isHeld: () => true,
      resign: async () => undefined,
    },
    now: () => time,
    show: () => ({
      apiVersion: 1,
      frameworkId: null,
      connected: true,
      connection: '',
      tasks: [],
      desiredHash: '',
      why: {},
      master: null,
      leader: 'node0',
      isMasterUnresponsive: false,
    }),
    obey: () => {
      obey();
      return {ok: true, message: 'done'};
    },
    log: () => undefined,
  });
  return {kv, store, board, now: () => time, pass: (seconds: number) => (time += seconds * 1000)};
}

describe('a command', () => {
  it('is obeyed once, also when the store does not take the reply at first', async () => {
    let times = 0;
    const {kv, store, board, now} = await leading(() => {
      times++;
      kv.isDown = true;
    });
    await store.put('commands/x', {action: 'restart', name: 'a', at: now()});
    await board.update();
    kv.isDown = false;
    await board.update();
    expect(times).toBe(1);
    expect(await store.load('commands/')).toEqual(new Map());
    expect((await store.load('replies/')).get('replies/x')).toEqual({ok: true, message: 'done'});
  });

  it('leaves no reply behind, not even one of a leader that died', async () => {
    const {store, board, now, pass} = await leading(() => undefined);
    await store.put('replies/of-a-dead-leader', {ok: true, message: ''});
    await store.put('commands/x', {action: 'restart', name: 'a', at: now()});
    await board.update();
    expect((await store.load('replies/')).size).toBe(2);
    pass(31);
    await board.update();
    expect(await store.load('replies/')).toEqual(new Map());
  });
});
