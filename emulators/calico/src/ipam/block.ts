import {formatCidr, formatIpv4, parseCidr, parseIpv4, sizeOf} from '../model/ipv4.js';

/** Calico's unit of allocation: 64 addresses under one etcd key, changed by compare-and-swap. The JSON of libcalico-go v1.2.1. */
export interface Block {
  readonly cidr: string;
  /** `host:<node>`: the node that announces the whole block and gets its automatically assigned addresses from it. */
  readonly affinity: string | null;
  readonly strictAffinity: boolean;
  /** For each of the 64 addresses the index of its attributes, or null when free. */
  readonly allocations: readonly (number | null)[];
  /** The ordinals of free addresses, in the order in which they are assigned. */
  readonly unallocated: readonly number[];
  readonly attributes: readonly BlockAttributes[];
}

export interface BlockAttributes {
  readonly handle_id: string | null;
  readonly secondary: Readonly<Record<string, string>> | null;
}

export const BLOCK_SIZE = 64;
const BLOCK_BITS = 26;
/** What is stored with addresses of the libnetwork plugin: neither a handle nor attributes. */
const PLAIN: BlockAttributes = {handle_id: null, secondary: null};

/** The /26 that contains an address. */
export function blockCidrOf(address: string): string {
  const cidr = parseCidr(`${address}/${BLOCK_BITS}`);
  if (cidr === undefined) throw new Error(`invalid IP address: ${address}`);
  return formatCidr(cidr);
}

/** All /26 networks of a pool, in order. */
export function* blockCidrsOf(pool: string): Generator<string> {
  const cidr = parseCidr(pool);
  if (cidr === undefined) return;
  for (let offset = 0; offset < sizeOf(cidr); offset += BLOCK_SIZE) {
    yield formatCidr({base: cidr.base + offset, bits: BLOCK_BITS});
  }
}

export function newBlock(cidr: string, node: string): Block {
  return {
    cidr,
    affinity: `host:${node}`,
    strictAffinity: false,
    allocations: Array.from({length: BLOCK_SIZE}, () => null),
    unallocated: Array.from({length: BLOCK_SIZE}, (_, ordinal) => ordinal),
    attributes: [],
  };
}

/** The block after `address` was assigned; undefined if it already is. */
export function assign(block: Block, address: string): Block | undefined {
  const ordinal = ordinalOf(block, address);
  if (block.allocations[ordinal] !== null) return undefined;
  return withAssigned(block, ordinal);
}

/** Assigns the block's next free address; undefined when the block is full. */
export function assignAny(block: Block): {readonly block: Block; readonly address: string} | undefined {
  const ordinal = block.unallocated[0];
  if (ordinal === undefined) return undefined;
  return {block: withAssigned(block, ordinal), address: addressOf(block, ordinal)};
}

/** The block after `address` was released; undefined if it was free. */
export function release(block: Block, address: string): Block | undefined {
  const ordinal = ordinalOf(block, address);
  const attribute = block.allocations[ordinal];
  if (attribute === null || attribute === undefined) return undefined;
  const allocations = block.allocations.map((index, i) => (i === ordinal ? null : index));
  const unallocated = [...block.unallocated, ordinal];
  if (allocations.includes(attribute)) return {...block, allocations, unallocated};
  // It was the last address with these attributes: they are removed, and the higher indexes decrease.
  return {
    ...block,
    allocations: allocations.map((index) => (index !== null && index > attribute ? index - 1 : index)),
    unallocated,
    attributes: block.attributes.filter((_, i) => i !== attribute),
  };
}

export function isEmpty(block: Block): boolean {
  return block.allocations.every((index) => index === null);
}

export function isAssigned(block: Block, address: string): boolean {
  return block.allocations[ordinalOf(block, address)] !== null;
}

/** The attributes stored with an address; undefined if it is free. */
export function attributesOf(block: Block, address: string): BlockAttributes | undefined {
  const index = block.allocations[ordinalOf(block, address)];
  return index === null || index === undefined ? undefined : block.attributes[index];
}

/** All assigned addresses, in order. */
export function assignedAddresses(block: Block): string[] {
  return block.allocations.flatMap((index, ordinal) => (index === null ? [] : [addressOf(block, ordinal)]));
}

function withAssigned(block: Block, ordinal: number): Block {
  const known = block.attributes.findIndex((one) => one.handle_id === null && Object.keys(one.secondary ?? {}).length === 0);
  const index = known >= 0 ? known : block.attributes.length;
  return {
    ...block,
    allocations: block.allocations.map((old, i) => (i === ordinal ? index : old)),
    unallocated: block.unallocated.filter((free) => free !== ordinal),
    attributes: known >= 0 ? block.attributes : [...block.attributes, PLAIN],
  };
}

function ordinalOf(block: Block, address: string): number {
  const ordinal = (parseIpv4(address) ?? Number.NaN) - (parseCidr(block.cidr)?.base ?? 0);
  if (!(ordinal >= 0 && ordinal < BLOCK_SIZE)) throw new Error('IP address not in block');
  return ordinal;
}

function addressOf(block: Block, ordinal: number): string {
  return formatIpv4((parseCidr(block.cidr)?.base ?? 0) + ordinal);
}
