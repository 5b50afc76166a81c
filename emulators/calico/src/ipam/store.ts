import {randomUUID} from 'node:crypto';
import type {EtcdClient, EtcdNode} from '../etcd/client.js';
import {COMPARE_FAILED, isEtcdError, KEY_NOT_FOUND, NODE_EXISTS} from '../etcd/errors.js';
import {affinitiesKey, affinityKey, blockKey, IPAM_BLOCKS, POOLS} from '../model/keys.js';
import type {Block} from './block.js';

export interface StoredBlock {
  readonly block: Block;
  readonly stored: EtcdNode;
}

/** Blocks, affinities and pools in etcd. Writes of blocks are conditional: they return false when another process wrote first. */
export class BlockStore {
  readonly #etcd: EtcdClient;

  constructor(etcd: EtcdClient) {
    this.#etcd = etcd;
  }

  async read(cidr: string): Promise<StoredBlock | undefined> {
    const read = await this.#etcd.get(blockKey(cidr));
    return read?.node.value === undefined ? undefined : {block: JSON.parse(read.node.value) as Block, stored: read.node};
  }

  async readAll(): Promise<StoredBlock[]> {
    const read = await this.#etcd.get(IPAM_BLOCKS, {recursive: true});
    return (read?.node.nodes ?? []).flatMap((stored) =>
      stored.value === undefined ? [] : [{block: JSON.parse(stored.value) as Block, stored}],
    );
  }

  create(block: Block): Promise<boolean> {
    return wins(this.#etcd.create(blockKey(block.cidr), serialise(block)));
  }

  replace({stored, block}: StoredBlock): Promise<boolean> {
    return wins(this.#etcd.compareAndSwap(blockKey(block.cidr), serialise(block), stored));
  }

  remove({stored, block}: StoredBlock): Promise<boolean> {
    return wins(this.#etcd.delete(blockKey(block.cidr), {previous: stored}));
  }

  async affineCidrs(node: string): Promise<string[]> {
    const read = await this.#etcd.get(affinitiesKey(node), {recursive: true});
    return (read?.node.nodes ?? []).map((entry) => entry.key.slice(entry.key.lastIndexOf('/') + 1).replace('-', '/'));
  }

  addAffinity(node: string, cidr: string): Promise<void> {
    return this.#etcd.set(affinityKey(node, cidr), '{}');
  }

  async removeAffinity(node: string, cidr: string): Promise<void> {
    await this.#etcd.delete(affinityKey(node, cidr));
  }

  /** The networks of all enabled pools. */
  async poolCidrs(): Promise<string[]> {
    const read = await this.#etcd.get(POOLS, {recursive: true});
    return (read?.node.nodes ?? [])
      .map((entry) => JSON.parse(entry.value ?? '{}') as {cidr?: string; disabled?: boolean})
      .flatMap((pool) => (pool.cidr === undefined || pool.disabled ? [] : [pool.cidr]));
  }
}

/**
 * The block's JSON plus a unique id of this write. When an etcd member fails after the write but before its reply, the id distinguishes
 * this write from an identical one of another process: without it the address would leak, or two containers could get it. Upstream Calico
 * ignores the field.
 */
function serialise(block: Block): string {
  return JSON.stringify({...block, writer: randomUUID()});
}

async function wins(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if ([COMPARE_FAILED, NODE_EXISTS, KEY_NOT_FOUND].some((code) => isEtcdError(error, code))) return false;
    throw error;
  }
}
