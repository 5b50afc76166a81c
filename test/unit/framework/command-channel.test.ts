import {describe, expect, it} from 'vitest';
import {CommandChannel} from '../../../src/framework/command-channel.js';
import {FrameworkStore} from '../../../src/framework/key-values.js';
import {MemoryKeyValues} from '../../support/memory-key-values.js';

/** The command channel of a leader that calls `onExecute` for every command. */
async function leading(onExecute: () => void) {
  let time = 1_000_000;
  const kv = new MemoryKeyValues(() => time);
  const store = new FrameworkStore(kv, 'hw5');
  const key = `${store.prefix}leader`;
  await kv.commit([], [{op: 'put', key, value: 'node0'}]);
  const {createRevision} = (await kv.list(key))[0]!;
  const channel = new CommandChannel({
    store,
    leadership: {
      guard: {key, createRevision},
      signal: new AbortController().signal,
      isHeld: () => true,
      resign: async () => undefined,
    },
    now: () => time,
    view: () => ({
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
    execute: () => {
      onExecute();
      return {ok: true, message: 'done'};
    },
    log: () => undefined,
  });
  return {kv, store, channel, now: () => time, pass: (seconds: number) => (time += seconds * 1000)};
}

describe('a command', () => {
  it('is executed once, also when the store does not accept the reply at first', async () => {
    let times = 0;
    const {kv, store, channel, now} = await leading(() => {
      times++;
      kv.isDown = true;
    });
    await store.put('commands/x', {action: 'restart', name: 'a', at: now()});
    await channel.update();
    kv.isDown = false;
    await channel.update();
    expect(times).toBe(1);
    expect(await store.load('commands/')).toEqual(new Map());
    expect((await store.load('replies/')).get('replies/x')).toEqual({ok: true, message: 'done'});
  });

  it('leaves no reply in the store, not even one of a leader that died', async () => {
    const {store, channel, now, pass} = await leading(() => undefined);
    await store.put('replies/of-a-dead-leader', {ok: true, message: ''});
    await store.put('commands/x', {action: 'restart', name: 'a', at: now()});
    await channel.update();
    expect((await store.load('replies/')).size).toBe(2);
    pass(31);
    await channel.update();
    expect(await store.load('replies/')).toEqual(new Map());
  });

  it('that does not follow the contract is rejected with the field, and not executed', async () => {
    let times = 0;
    const {store, channel, now} = await leading(() => times++);
    await store.put('commands/x', {action: 'explode', name: 'a', at: now()});
    await store.put('commands/y', {action: 'restart', at: now()});
    await channel.update();
    const replies = await store.load('replies/');
    expect(replies.get('replies/x')).toMatchObject({ok: false, message: expect.stringContaining('action: ')});
    expect(replies.get('replies/y')).toMatchObject({ok: false, message: expect.stringContaining('name: ')});
    expect(times).toBe(0);
  });
});
