import {setTimeout as pause} from 'node:timers/promises';
import {describe, expect, it} from 'vitest';
import {type GraphItem, type GraphResult, isBlocked, reversed, runGraph} from '../../../src/engine/graph.js';

const item = (key: string, ...needs: string[]): GraphItem => ({key, needs});
const DIAMOND = [item('a'), item('b', 'a'), item('c', 'a'), item('d', 'b', 'c')];

/** When each item starts and ends. */
async function orderOf(items: readonly GraphItem[], durations: Readonly<Record<string, number>> = {}): Promise<string[]> {
  const order: string[] = [];
  await runGraph(items, async ({key}) => {
    order.push(`start ${key}`);
    await pause(durations[key] ?? 1);
    order.push(`end ${key}`);
  });
  return order;
}

describe('a graph', () => {
  it('runs an item when all that it needs have ended, and the others concurrently', async () => {
    const order = await orderOf(DIAMOND, {b: 20, c: 5});
    expect(order).toEqual(['start a', 'end a', 'start b', 'start c', 'end c', 'end b', 'start d', 'end d']);
  });

  it('runs items in the order of their needs, not of the list', async () => {
    expect(await orderOf([item('b', 'a'), item('a')])).toEqual(['start a', 'end a', 'start b', 'end b']);
  });

  it('passes the results of the needs on, and returns all results in the order of the list', async () => {
    const results = await runGraph(DIAMOND, async ({key}, needs: readonly string[]) => `${key}(${needs.join(' ')})`);
    expect(results).toEqual(['a()', 'b(a())', 'c(a())', 'd(b(a()) c(a()))']);
  });

  it('fails with the error of an item when the items that run concurrently have ended', async () => {
    const ended: string[] = [];
    const run = async ({key}: GraphItem): Promise<void> => {
      if (key === 'b') throw new TypeError('x is not a function');
      await pause(5);
      ended.push(key);
    };
    await expect(runGraph(DIAMOND, run)).rejects.toThrow(new TypeError('x is not a function'));
    expect(ended).toEqual(['a', 'c']);
  });

  it.each([
    ['an unknown item', [item('a', 'x')], 'a needs x, which is not in the graph'],
    ['itself', [item('a', 'a')], 'items need each other: a, a'],
    ['an item that needs it', [item('a'), item('b', 'd'), item('c', 'b'), item('d', 'c')], 'items need each other: b, d, c, b'],
  ])('rejects an item that needs %s before it runs any', async (_, items, message) => {
    const started: string[] = [];
    const run = async ({key}: GraphItem): Promise<void> => void started.push(key);
    await expect(runGraph(items, run)).rejects.toThrow(message);
    expect(started).toEqual([]);
  });

  it('reversed, runs an item after those that need it', async () => {
    expect(reversed(DIAMOND)).toEqual([item('d'), item('c', 'd'), item('b', 'd'), item('a', 'b', 'c')]);
    expect(reversed(reversed(DIAMOND))).toEqual([item('a'), item('b', 'a'), item('c', 'a'), item('d', 'c', 'b')]);
  });
});

describe('an item', () => {
  const result = (group: string, hasFailed: boolean, isReplaceable = false): GraphResult & {isReplaceable: boolean} => ({
    group,
    hasFailed,
    isReplaceable,
  });
  const blocked = (...needs: ReturnType<typeof result>[]): boolean => isBlocked(needs, (need) => need.isReplaceable);

  it('is blocked when one of its needs failed', () => {
    expect(blocked(result('etcd', false), result('etcd', false))).toBe(false);
    expect(blocked(result('etcd', false), result('etcd', true))).toBe(true);
    expect(blocked()).toBe(false);
  });

  it('is not blocked by a replaceable need if another one of its group succeeded', () => {
    expect(blocked(result('etcd', true, true), result('etcd', false))).toBe(false);
    expect(blocked(result('etcd', true, true), result('docker', false))).toBe(true);
    expect(blocked(result('etcd', true, true), result('etcd', true, true))).toBe(true);
  });
});
