import {describe, expect, it} from 'vitest';
import {
  assign,
  assignAny,
  assignedAddresses,
  attributesOf,
  blockCidrOf,
  blockCidrsOf,
  isAssigned,
  isEmpty,
  newBlock,
  release,
} from '../../src/ipam/block.js';

const empty = newBlock('192.168.0.64/26', 'node0');

describe('an IPAM block', () => {
  it('is the /26 that contains an address: .100 to .104 share one', () => {
    expect(['100', '101', '104', '127'].map((last) => blockCidrOf(`192.168.0.${last}`))).toEqual(
      Array(4).fill('192.168.0.64/26'),
    );
    expect(blockCidrOf('192.168.0.128')).toBe('192.168.0.128/26');
  });

  it('has the JSON form of libcalico-go', () => {
    expect(JSON.parse(JSON.stringify(assign(empty, '192.168.0.65')))).toEqual({
      cidr: '192.168.0.64/26',
      affinity: 'host:node0',
      strictAffinity: false,
      allocations: [null, 0, ...Array(62).fill(null)],
      unallocated: [0, ...Array.from({length: 62}, (_, i) => i + 2)],
      attributes: [{handle_id: null, secondary: null}],
    });
  });

  it('assigns an address only once', () => {
    const block = assign(empty, '192.168.0.100')!;
    expect(assign(block, '192.168.0.100')).toBeUndefined();
    expect(isAssigned(block, '192.168.0.100')).toBe(true);
    expect(assignedAddresses(assign(block, '192.168.0.70')!)).toEqual(['192.168.0.70', '192.168.0.100']);
  });

  it('assigns free addresses until it is full', () => {
    let block = assign(empty, '192.168.0.65')!;
    const assigned: string[] = [];
    for (let next = assignAny(block); next !== undefined; next = assignAny(block)) {
      assigned.push(next.address);
      block = next.block;
    }
    expect(assigned.length).toBe(63);
    expect(new Set(assigned).size).toBe(63);
    expect(assigned).not.toContain('192.168.0.65');
    expect(assigned[0]).toBe('192.168.0.64');
  });

  it('assigns a released address again after all others', () => {
    const block = release(assign(empty, '192.168.0.64')!, '192.168.0.64')!;
    expect(isEmpty(block)).toBe(true);
    expect(block.unallocated.at(-1)).toBe(0);
    expect(block.attributes).toEqual([]);
    expect(release(block, '192.168.0.64')).toBeUndefined();
  });

  it('keeps the attributes of the other addresses when some are removed', () => {
    const foreign = {
      ...empty,
      allocations: [0, 1, ...Array(62).fill(null)],
      unallocated: empty.unallocated.slice(2),
      attributes: [
        {handle_id: 'a', secondary: null},
        {handle_id: 'b', secondary: {pod: 'x'}},
      ],
    };
    const block = release(foreign, '192.168.0.64')!;
    expect(attributesOf(block, '192.168.0.65')).toEqual({handle_id: 'b', secondary: {pod: 'x'}});
    expect(attributesOf(block, '192.168.0.64')).toBeUndefined();
  });

  it('rejects addresses of other blocks', () => {
    expect(() => assign(empty, '192.168.0.63')).toThrow('IP address not in block');
    expect(() => assign(empty, '192.168.0.128')).toThrow('IP address not in block');
  });
});

describe('a pool', () => {
  it('is divided into blocks in order', () => {
    expect([...blockCidrsOf('10.0.0.0/24')]).toEqual(['10.0.0.0/26', '10.0.0.64/26', '10.0.0.128/26', '10.0.0.192/26']);
    expect([...blockCidrsOf('255.255.255.128/25')]).toEqual(['255.255.255.128/26', '255.255.255.192/26']);
  });
});
