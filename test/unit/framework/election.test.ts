import {afterEach, describe, expect, it} from 'vitest';
import {Election, type Leadership} from '../../../src/framework/election.js';
import {ManualClock} from '../../support/manual-clock.js';
import {MemoryKeyValues} from '../../support/memory-key-values.js';

const ttlSeconds = 1000;
const held: Leadership[] = [];
const clock = new ManualClock();
const kv = new MemoryKeyValues(clock.monotonic);

function election(node: string): Election {
  return new Election({kv, key: '/leader', node, ttlSeconds, clock, log: () => undefined});
}

async function elected(node: string): Promise<Leadership> {
  const leadership = (await election(node).campaign(new AbortController().signal))!;
  held.push(leadership);
  return leadership;
}

afterEach(async () => {
  for (const leadership of held.splice(0)) await leadership.resign();
});

describe('the leadership', () => {
  it('is lost by a leader that cannot reach the store or is suspended before another instance can win it', async () => {
    const first = await elected('node0');
    clock.suspend(874_999);
    expect(first.isHeld()).toBe(true);
    clock.suspend(1);
    expect(first.isHeld()).toBe(false);
    expect(await election('node1').leader()).toBe('node0');
    clock.suspend(125_000);
    expect(await election('node1').leader()).toBeNull();
    expect((await elected('node1')).isHeld()).toBe(true);
    expect(first.isHeld()).toBe(false);
  });

  it('of a process that was killed is ended by the next process on the same node, and by no other node’s', async () => {
    const first = await elected('node0');
    await election('node1').endPreviousTerm();
    expect(await election('node1').leader()).toBe('node0');
    await election('node0').endPreviousTerm();
    const second = await elected('node0');
    const write = (leadership: Leadership) => kv.commit([leadership.guard], [{op: 'put', key: '/view', value: ''}]);
    expect(await write(first)).toBe(false);
    expect(await write(second)).toBe(true);
  });

  it('guards writes: those of an earlier leader are rejected', async () => {
    const first = await elected('node0');
    clock.suspend(1_000_000);
    const second = await elected('node1');
    const write = (leadership: Leadership) => kv.commit([leadership.guard], [{op: 'put', key: '/view', value: ''}]);
    expect(await write(first)).toBe(false);
    expect(await write(second)).toBe(true);
  });

  it('can be won by another instance as soon as the leader has resigned', async () => {
    await (await elected('node0')).resign();
    expect(await election('node1').leader()).toBeNull();
    await elected('node1');
    expect(await election('node0').leader()).toBe('node1');
  });
});
