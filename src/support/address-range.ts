import {type Address, distance, parseIpv4, plus} from './address.js';

/** The default limit of `parseRange`. */
const MOST_ADDRESSES = 65_536;

/**
 * Parses `10.0.0.1-4`, `10.0.0.1-10.0.0.4` or a single address into all its addresses; undefined when it is none of these, runs backwards, or is longer
 * than `limit`.
 */
export function parseRange(text: string, limit = MOST_ADDRESSES): readonly Address[] | undefined {
  const [from = '', to, ...rest] = text.split('-').map((part) => part.trim());
  const first = parseIpv4(from);
  if (first === undefined || rest.length > 0) return undefined;
  if (to === undefined) return [first];
  const last = parseIpv4(/^\d+$/.test(to) ? `${first.slice(0, first.lastIndexOf('.'))}.${to}` : to);
  const steps = last === undefined ? -1 : distance(first, last);
  if (steps < 0 || steps >= limit) return undefined;
  return Array.from({length: steps + 1}, (_, index) => plus(first, index)!);
}

/** Writes `10.0.0.1-4`, or both addresses in full when they differ in more than the last number; a single address when they are the same. */
export function formatRange(first: Address, last: Address): string {
  if (first === last) return first;
  const start = first.slice(0, first.lastIndexOf('.') + 1);
  return `${first}-${last.startsWith(start) ? last.slice(start.length) : last}`;
}

/** Writes a list of addresses as ranges, one for each run of consecutive ones. */
export function formatRanges(addresses: readonly Address[]): readonly string[] {
  const runs: [first: Address, last: Address][] = [];
  for (const address of addresses) {
    const run = runs.at(-1);
    if (run && plus(run[1], 1) === address) run[1] = address;
    else runs.push([address, address]);
  }
  return runs.map(([first, last]) => formatRange(first, last));
}
