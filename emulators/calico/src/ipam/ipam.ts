import {cidrContains} from '../model/ipv4.js';
import * as block from './block.js';
import type {BlockStore, StoredBlock} from './store.js';

/**
 * How often a failed compare-and-swap is retried. Upstream does not retry that of an assignment; it is rare, but would be less so here: a program in
 * JavaScript needs longer between reading and writing.
 */
const ATTEMPTS = 100;

/** The message, with upstream's line end, for an address outside all enabled pools. */
export const NOT_IN_POOL = 'The provided IP address is not in a configured pool\n';

/** Another node was faster with a new block. As upstream, the request is not repeated: a container start fails. */
export class BlockClaimedError extends Error {}

/** All addresses of the pools are assigned. */
export class NoFreeAddressError extends Error {}

/** Assigns and releases addresses. All changes are compare-and-swap with retry, so any number of nodes may do so concurrently in blocks that exist. */
export class Ipam {
  readonly #store: BlockStore;

  constructor(store: BlockStore) {
    this.#store = store;
  }

  /** Assigns a fixed address. @throws Error with upstream's message when it is assigned already or in no pool */
  async assignAddress(address: string, node: string): Promise<void> {
    const pools = await this.#store.poolCidrs();
    if (!pools.some((pool) => cidrContains(pool, address))) throw new Error(NOT_IN_POOL);
    const cidr = block.blockCidrOf(address);
    for (let i = 0; i < ATTEMPTS; i++) {
      const found = await this.#store.read(cidr);
      if (found === undefined) {
        await this.#claim(cidr, node);
        continue;
      }
      const changed = block.assign(found.block, address);
      if (changed === undefined) throw new Error('Address already assigned in block');
      if (await this.#store.replace({...found, block: changed})) return;
    }
    throw new Error('Max retries hit');
  }

  /** Assigns any free address of `pools` (default: all pools): from the node's own blocks, else a new block, else another node's. */
  async assignAny(node: string, pools?: readonly string[]): Promise<string> {
    const from = pools ?? (await this.#store.poolCidrs());
    if (from.length === 0) throw new Error('No configured Calico pools');
    const isInPools = (cidr: string) => from.some((pool) => cidrContains(pool, cidr.split('/')[0] ?? ''));
    for (const cidr of (await this.#store.affineCidrs(node)).filter(isInPools)) {
      const address = await this.#assignFrom(cidr);
      if (address !== undefined) return address;
    }
    const known = new Set((await this.#store.readAll()).map((one) => one.block.cidr));
    for (const pool of from) {
      for (const cidr of block.blockCidrsOf(pool)) {
        if (known.has(cidr)) continue;
        await this.#claim(cidr, node);
        const address = await this.#assignFrom(cidr);
        if (address !== undefined) return address;
      }
    }
    for (const cidr of [...known].filter(isInPools)) {
      const address = await this.#assignFrom(cidr);
      if (address !== undefined) return address;
    }
    throw new NoFreeAddressError('No free addresses in the configured Calico pools');
  }

  /** Releases an address. Returns false if it was free. */
  async releaseAddress(address: string): Promise<boolean> {
    const cidr = block.blockCidrOf(address);
    for (let i = 0; i < ATTEMPTS; i++) {
      const found = await this.#store.read(cidr);
      const changed = found === undefined ? undefined : block.release(found.block, address);
      if (found === undefined || changed === undefined) return false;
      // An empty block without affinity is removed.
      const isDone =
        block.isEmpty(changed) && changed.affinity === null
          ? await this.#store.remove(found)
          : await this.#store.replace({...found, block: changed});
      if (isDone) return true;
    }
    throw new Error('Max retries hit');
  }

  /** What is stored with an address; undefined if it is free. */
  async attributesOf(address: string): Promise<block.BlockAttributes | undefined> {
    const found = await this.#store.read(block.blockCidrOf(address));
    return found === undefined ? undefined : block.attributesOf(found.block, address);
  }

  /** Releases all blocks of a node: empty ones are removed, the others lose their affinity. */
  async releaseNode(node: string): Promise<void> {
    for (const found of await this.#store.readAll()) {
      if (found.block.affinity === `host:${node}`) await this.#releaseAffinity(found, node);
    }
    for (const cidr of await this.#store.affineCidrs(node)) await this.#store.removeAffinity(node, cidr);
  }

  /** Releases all blocks of a pool: empty ones are removed, the others lose their affinity. */
  async releasePool(pool: string): Promise<void> {
    for (const found of await this.#store.readAll()) {
      const node = found.block.affinity?.slice('host:'.length);
      if (node === undefined || !cidrContains(pool, found.block.cidr.split('/')[0] ?? '')) continue;
      await this.#releaseAffinity(found, node);
      await this.#store.removeAffinity(node, found.block.cidr);
    }
  }

  async #releaseAffinity(found: StoredBlock, node: string): Promise<void> {
    for (
      let i = 0, current: StoredBlock | undefined = found;
      i < ATTEMPTS;
      i++, current = await this.#store.read(found.block.cidr)
    ) {
      if (current?.block.affinity !== `host:${node}`) return;
      const isDone = block.isEmpty(current.block)
        ? await this.#store.remove(current)
        : await this.#store.replace({...current, block: {...current.block, affinity: null}});
      if (isDone) return;
    }
    throw new Error('Max retries hit');
  }

  async #assignFrom(cidr: string): Promise<string | undefined> {
    for (let i = 0; i < ATTEMPTS; i++) {
      const found = await this.#store.read(cidr);
      const changed = found === undefined ? undefined : block.assignAny(found.block);
      if (found === undefined || changed === undefined) return undefined;
      if (await this.#store.replace({...found, block: changed.block})) return changed.address;
    }
    throw new Error('Max retries hit');
  }

  /** Creates a block with affinity to `node`. @throws BlockClaimedError if another node was faster */
  async #claim(cidr: string, node: string): Promise<void> {
    await this.#store.addAffinity(node, cidr);
    if (await this.#store.create(block.newBlock(cidr, node))) return;
    const other = await this.#store.read(cidr);
    if (other?.block.affinity === `host:${node}`) return;
    await this.#store.removeAffinity(node, cidr);
    // Go prints the pointer to the other node's name instead of the name.
    throw new BlockClaimedError(`${cidr} already claimed by %!s(*string=0xc42035f2d0)`);
  }
}
