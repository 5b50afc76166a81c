import {addressLiteral, type Family, parseAddress} from '../support/address.js';
import {type Block, blockAround, blockLiteral, parseBlock} from '../support/block.js';

/** Bits of an address. */
const BITS: Readonly<Record<Family, number>> = {4: 32, 6: 128};

/** Parses an address, or a block of addresses with its prefix length; undefined when it is neither. An address is the block of one. */
export function parseSource(text: string): Block | undefined {
  if (text.includes('/')) return parseBlock(text);
  const address = parseAddress(text);
  return address && blockAround(address, address.includes(':') ? BITS[6] : BITS[4]);
}

export function isSingle({family, prefix}: Block): boolean {
  return prefix === BITS[family];
}

/** The block as a person writes it: a single address without its prefix length. */
export function showSource(block: Block): string {
  return isSingle(block) ? block.address : block.toString();
}

/** Why no packet can have such a source, by the block's first address; undefined when one can. */
export function impossibleSource(block: Block): string | undefined {
  const startsIn = (text: string): boolean => blockLiteral(text).contains(block.address);
  const holds = (text: string): boolean => block.contains(addressLiteral(text));
  if (block.prefix === 0) return 'is every address there is';
  if (startsIn('127.0.0.0/8')) return 'is the loopback network';
  if (startsIn('::1/128')) return 'is the loopback address';
  // the host's own traffic would be shut out
  if (holds('127.0.0.1')) return 'holds the loopback network';
  if (holds('::1')) return 'holds the loopback address';
  if (startsIn('0.0.0.0/8') || startsIn('::/128')) return 'is no address of a host';
  if (startsIn('255.255.255.255/32')) return 'is the broadcast address, which never sends';
  return startsIn('224.0.0.0/4') || startsIn('ff00::/8') ? 'is a multicast address, which never sends' : undefined;
}
