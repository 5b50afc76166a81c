import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {editDistance, nearest} from '../../../src/cluster/nearest.js';

describe('the edit distance', () => {
  it('counts insertions, deletions, replacements and swaps of adjacent letters', () => {
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('adress', 'address')).toBe(1);
    expect(editDistance('etdc', 'etcd')).toBe(1);
    expect(editDistance('prot', 'part')).toBe(2);
    expect(editDistance('kitten', 'sitting')).toBe(3);
  });

  it('is symmetric, 0 for equal words only, and at most the length of the longer word', () => {
    fc.assert(
      fc.property(fc.string({maxLength: 8}), fc.string({maxLength: 8}), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe('the nearest word', () => {
  const keys = ['name', 'address', 'roles', 'ssh', 'knownHosts', 'sudoPasswordEnv'];

  it.each([
    ['adress', 'address'],
    ['role', 'roles'],
    ['nmae', 'name'],
    ['known_hosts', 'knownHosts'],
    ['KnownHosts', 'knownHosts'],
    ['known-host', 'knownHosts'],
    ['shs', 'ssh'],
  ])('to %s is %s', (word, expected) => {
    expect(nearest(word, keys)).toBe(expected);
  });

  it.each(['x', 'user', 'zzzzzz', ''])('to %j is none', (word) => {
    expect(nearest(word, keys)).toBeUndefined();
  });
});
