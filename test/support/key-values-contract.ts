import {expect, it} from 'vitest';
import {DeposedError, FrameworkStore, type KeyValues} from '../../src/framework/key-values.js';

/** The contract of the framework's key-value store, for the one in memory and for etcd. `passLeases` lets a lease of 2 s expire. */
export function keyValuesContract(make: () => KeyValues, passLeases: (kv: KeyValues) => Promise<void>): void {
  let counter = 0;
  const fresh = () => {
    const kv = make();
    const prefix = `/hw5-contract/${process.pid}-${Date.now()}-${counter++}/`;
    return {kv, prefix};
  };

  it('lists what was put, and only under the prefix', async () => {
    const {kv, prefix} = fresh();
    await kv.commit(
      [],
      [
        {op: 'put', key: `${prefix}b`, value: 'zwei'},
        {op: 'put', key: `${prefix}a`, value: 'ä€'},
      ],
    );
    const entries = await kv.list(prefix);
    expect(entries.map(({key, value}) => [key.slice(prefix.length), value])).toEqual([
      ['a', 'ä€'],
      ['b', 'zwei'],
    ]);
    expect(await kv.list(`${prefix}nothing`)).toEqual([]);
    await kv.deleteAll(prefix);
    expect(await kv.list(prefix)).toEqual([]);
  });

  it('makes no change at all when a condition does not hold', async () => {
    const {kv, prefix} = fresh();
    const key = `${prefix}leader`;
    expect(await kv.commit([{key, createRevision: '0'}], [{op: 'put', key, value: 'node0'}])).toBe(true);
    expect(
      await kv.commit(
        [{key, createRevision: '0'}],
        [
          {op: 'put', key, value: 'node1'},
          {op: 'put', key: `${prefix}x`, value: 'x'},
        ],
      ),
    ).toBe(false);
    expect((await kv.list(prefix)).map((entry) => entry.value)).toEqual(['node0']);
    await kv.deleteAll(prefix);
  });

  it('distinguishes a key that was created again from the one before', async () => {
    const {kv, prefix} = fresh();
    const key = `${prefix}leader`;
    await kv.commit([], [{op: 'put', key, value: 'node0'}]);
    const [first] = await kv.list(key);
    await kv.commit([], [{op: 'put', key, value: 'node0 again'}]);
    expect((await kv.list(key))[0]!.createRevision).toBe(first!.createRevision);
    await kv.commit([], [{op: 'delete', key}]);
    await kv.commit([], [{op: 'put', key, value: 'node1'}]);
    expect((await kv.list(key))[0]!.createRevision).not.toBe(first!.createRevision);
    await kv.deleteAll(prefix);
  });

  it('deletes the keys of a lease that is revoked, and of one that expires', async () => {
    const {kv, prefix} = fresh();
    const revoked = await kv.grantLease(60);
    const short = await kv.grantLease(2);
    await kv.commit(
      [],
      [
        {op: 'put', key: `${prefix}revoked`, value: '', lease: revoked},
        {op: 'put', key: `${prefix}short`, value: '', lease: short},
      ],
    );
    expect(await kv.renewLease(revoked)).toBeGreaterThan(0);
    await kv.revokeLease(revoked);
    expect((await kv.list(prefix)).map((entry) => entry.key)).toEqual([`${prefix}short`]);
    await passLeases(kv);
    expect(await kv.list(prefix)).toEqual([]);
    expect(await kv.renewLease(short)).toBe(0);
    // Revoking an expired lease is no error.
    await expect(kv.revokeLease(short)).resolves.toBeUndefined();
  });

  it('lets only the leader write, and its successor as soon as there is one', async () => {
    const {kv} = fresh();
    const store = new FrameworkStore(kv, `contract-${process.pid}-${Date.now()}`);
    const key = `${store.prefix}leader`;
    const lead = async (node: string) => {
      await kv.commit([], [{op: 'delete', key}]);
      await kv.commit([], [{op: 'put', key, value: node}]);
      return {key, createRevision: (await kv.list(key))[0]!.createRevision};
    };
    const first = await lead('node0');
    await store.commit(first, [{op: 'put', key: 'counter', value: 1}]);
    const second = await lead('node1');
    await expect(store.commit(first, [{op: 'put', key: 'counter', value: 2}])).rejects.toThrow(DeposedError);
    await store.commit(second, [{op: 'put', key: 'counter', value: 3}]);
    expect((await store.load()).get('counter')).toBe(3);
    await store.clear();
    expect((await store.load()).size).toBe(0);
  });
}
