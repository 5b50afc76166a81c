import type {FirewallState, Note, Variant} from '../../../src/firewall/firewall-state.js';
import {parseSave} from '../../../src/firewall/parse-save.js';
import type {Family} from '../../../src/support/address.js';

/** The state of a host with these dumps. */
export function makeState(
  dumps: readonly (readonly [tool: string, family: Family, variant: Variant, text: string])[],
  notes: Readonly<Record<string, Note>> = {},
  usual: Variant = 'nft',
): FirewallState {
  return {
    now: 1000,
    tools: dumps.map(([tool, family, variant, text]) => ({tool, family, variant, tables: parseSave(text)})),
    defaults: {4: usual, 6: usual},
    broken: [],
    fingerprint: 'f',
    notes: new Map(Object.entries(notes)),
    pending: undefined,
    interfaces: [],
    bootUnit: undefined,
  };
}
