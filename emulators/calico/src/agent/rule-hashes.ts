import {createHash} from 'node:crypto';
import type {Chains} from './tables.js';

/**
 * Felix identifies its rules by a comment `cali:<hash>`. The hash covers the rule, its chain's name and the rules before it; for rules in the
 * order and with the options that Felix writes it is the same as upstream's.
 */
export function withHashes(chains: Chains): Map<string, string[]> {
  return new Map([...chains].map(([name, rules]) => [name, hashed(name, rules)]));
}

/** One chain's rules with their comments. */
export function hashed(chain: string, rules: readonly string[]): string[] {
  let hash = digest(chain);
  return rules.map((rule) => {
    hash = digest(hash, `-A ${chain} HASH ${rule}`);
    return `-m comment --comment "cali:${hash.toString('base64url').slice(0, 16)}" ${rule}`;
  });
}

function digest(...parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash('sha224');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
