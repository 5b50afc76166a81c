import type {Family} from '../../../src/firewall/address.js';
import {parseSave} from '../../../src/firewall/save.js';
import type {Note, Sighting, Variant} from '../../../src/firewall/sighting.js';

/** What one look at a host with these dumps would have shown. */
export function sight(
  dumps: readonly (readonly [tool: string, family: Family, variant: Variant, text: string])[],
  notes: Readonly<Record<string, Note>> = {},
): Sighting {
  return {
    now: 1000,
    holdings: dumps.map(([tool, family, variant, text]) => ({tool, family, variant, tables: parseSave(text)})),
    defaults: {4: 'nft', 6: 'nft'},
    broken: [],
    fingerprint: 'f',
    notes: new Map(Object.entries(notes)),
    pending: undefined,
    interfaces: [],
    bootUnit: undefined,
  };
}
