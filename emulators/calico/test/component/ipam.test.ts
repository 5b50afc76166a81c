import {describe, expect, it} from 'vitest';
import {EtcdClient} from '../../src/etcd/client.js';
import {assignedAddresses, type Block} from '../../src/ipam/block.js';
import {Ipam} from '../../src/ipam/ipam.js';
import {BlockStore} from '../../src/ipam/store.js';
import {affinityKey, blockKey, poolKey} from '../../src/model/keys.js';
import {poolRecord} from '../../src/model/records.js';
import {EtcdV2Server} from '../support/etcd-v2-server.js';

const BLOCK = '192.168.0.64/26';

async function withPool(cidr = '192.168.0.0/16'): Promise<{server: EtcdV2Server; ipam: Ipam; block: (cidr?: string) => Block}> {
  const server = await EtcdV2Server.start();
  server.put(poolKey(cidr), poolRecord({cidr, natOutgoing: true, disabled: false}));
  const ipam = new Ipam(new BlockStore(new EtcdClient([server.url])));
  return {server, ipam, block: (of = BLOCK) => JSON.parse(server.value(blockKey(of)) ?? 'null') as Block};
}

describe('the assignment of addresses', () => {
  it('assigns five fixed addresses of one block to nodes that request them concurrently', async () => {
    const {server, ipam, block} = await withPool();
    await using _ = server;
    const last = [100, 101, 102, 103, 104];
    await ipam.assignAddress('192.168.0.126', 'node1');
    await ipam.releaseAddress('192.168.0.126');
    await Promise.all(last.map((n) => ipam.assignAddress(`192.168.0.${n}`, `node${n % 3}`)));
    expect(assignedAddresses(block())).toEqual(last.map((n) => `192.168.0.${n}`));
    expect(server.keys('/calico/ipam/v2/host')).toEqual([affinityKey('node1', BLOCK)]);
  });

  it('fails for nodes that lose the race for a block which does not exist yet, and leaves no affinity of them', async () => {
    const {server, ipam, block} = await withPool();
    await using _ = server;
    const results = await Promise.allSettled(
      [100, 101, 102].map((last) => ipam.assignAddress(`192.168.0.${last}`, `node${last % 3}`)),
    );
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
    expect(reasons).toHaveLength(2);
    for (const reason of reasons) expect(reason).toContain('192.168.0.64/26 already claimed by ');
    const owner = block().affinity?.slice(5) ?? '';
    expect(server.keys('/calico/ipam/v2/host')).toEqual([affinityKey(owner, BLOCK)]);
    expect(assignedAddresses(block())).toHaveLength(1);
  });

  it('assigns an address to only one of many nodes that request it concurrently', async () => {
    const {server, ipam} = await withPool();
    await using _ = server;
    await ipam.assignAddress('192.168.0.126', 'node0');
    const results = await Promise.allSettled(
      Array.from({length: 6}, (_unused, i) => ipam.assignAddress('192.168.0.100', `node${i}`)),
    );
    expect(results.filter((result) => result.status === 'fulfilled').length).toBe(1);
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as Error).message] : []));
    expect(new Set(reasons)).toEqual(new Set(['Address already assigned in block']));
  });

  it('rejects an address outside all pools', async () => {
    const {server, ipam} = await withPool();
    await using _ = server;
    await expect(ipam.assignAddress('10.0.0.1', 'node0')).rejects.toThrow('The provided IP address is not in a configured pool');
  });

  it("prefers addresses of a node's own block", async () => {
    const {server, ipam} = await withPool();
    await using _ = server;
    const first = await ipam.assignAny('node0');
    const other = await ipam.assignAny('node1');
    const second = await ipam.assignAny('node0');
    expect([first, other, second]).toEqual(['192.168.0.0', '192.168.0.64', '192.168.0.1']);
  });

  it('borrows from another node when no block is left, and fails when no address is free', async () => {
    const {server, ipam} = await withPool('10.1.0.0/26');
    await using _ = server;
    const assigned = [];
    for (let i = 0; i < 64; i++) assigned.push(await ipam.assignAny(i === 0 ? 'node0' : 'node1'));
    expect(new Set(assigned).size).toBe(64);
    await expect(ipam.assignAny('node1')).rejects.toThrow('No free addresses');
  });

  it('releases an address only once', async () => {
    const {server, ipam, block} = await withPool();
    await using _ = server;
    await ipam.assignAddress('192.168.0.100', 'node0');
    expect(await ipam.attributesOf('192.168.0.100')).toEqual({handle_id: null, secondary: null});
    expect(await ipam.releaseAddress('192.168.0.100')).toBe(true);
    expect(await ipam.releaseAddress('192.168.0.100')).toBe(false);
    expect(await ipam.attributesOf('192.168.0.100')).toBeUndefined();
    expect(block().affinity).toBe('host:node0');
  });

  it("deletes a removed node's empty blocks and leaves used ones without affinity", async () => {
    const {server, ipam, block} = await withPool();
    await using _ = server;
    await ipam.assignAddress('192.168.0.100', 'node0');
    await ipam.assignAddress('192.168.0.101', 'node1');
    await ipam.assignAddress('192.168.0.200', 'node0');
    await ipam.releaseAddress('192.168.0.200');
    await ipam.releaseNode('node0');
    expect(block().affinity).toBeNull();
    expect(assignedAddresses(block())).toEqual(['192.168.0.100', '192.168.0.101']);
    expect(server.keys('/calico/ipam')).toEqual([blockKey(BLOCK)]);
    // A block without affinity is deleted with its last address.
    await ipam.releaseAddress('192.168.0.100');
    await ipam.releaseAddress('192.168.0.101');
    expect(server.keys('/calico/ipam')).toEqual([]);
  });

  it('neither leaks an address nor assigns it twice when the member fails during the write', async () => {
    const {server, ipam} = await withPool();
    await using _ = server;
    await ipam.assignAddress('192.168.0.101', 'node0');
    await using failing = await server.member();
    let isFirst = true;
    failing.intercept = async (request, _response, perform) => {
      if (request.method !== 'PUT' || !isFirst) return false;
      isFirst = false;
      request.socket.destroy();
      await perform();
      return true;
    };
    const throughFailing = new Ipam(new BlockStore(new EtcdClient([failing.url, server.url])));
    await throughFailing.assignAddress('192.168.0.100', 'node0');
    expect(isFirst).toBe(false);
    await expect(ipam.assignAddress('192.168.0.100', 'node1')).rejects.toThrow('Address already assigned in block');
  });

  it("does not mistake another node's identical write for its own", async () => {
    const {server, ipam} = await withPool();
    await using _ = server;
    await ipam.assignAddress('192.168.0.101', 'node0');
    await using failing = await server.member();
    failing.intercept = async (request) => {
      if (request.method !== 'PUT') return false;
      failing.intercept = async () => false;
      await ipam.assignAddress('192.168.0.100', 'node1');
      request.socket.destroy();
      return true;
    };
    const throughFailing = new Ipam(new BlockStore(new EtcdClient([failing.url, server.url])));
    await expect(throughFailing.assignAddress('192.168.0.100', 'node0')).rejects.toThrow('Address already assigned in block');
  });
});
