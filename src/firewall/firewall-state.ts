import {snapshotScript} from '../components/firewall/program.js';
import type {Fact} from '../engine/fact.js';
import type {Address, Family} from '../support/address.js';
import {parseFirewallState} from './parse-firewall-state.js';
import type {SavedTable} from './parse-save.js';

export type Variant = 'nft' | 'legacy';

/** The rules of one iptables command. A host may have two of a family, nf_tables and legacy, and the kernel applies the rules of both. */
export interface ToolState {
  /** As `iptables-nft`; `iptables-nft-save` and `iptables-nft-restore` belong to it. */
  readonly tool: string;
  readonly family: Family;
  readonly variant: Variant;
  readonly tables: readonly SavedTable[];
}

/** What a host records about a rule, apart from the rule itself. Times are seconds since the epoch by the host's clock. */
export interface Note {
  readonly added: number;
  readonly ends: number | undefined;
  readonly persisted: boolean;
}

export interface Interface {
  readonly name: string;
  readonly mac?: string | undefined;
  readonly addresses: readonly {readonly address: Address; readonly scope: string}[];
}

/** A snapshot of a host's firewall. */
export interface FirewallState {
  /** The host's clock, seconds since the epoch. */
  readonly now: number;
  readonly tools: readonly ToolState[];
  /** The variants of plain `iptables` and `ip6tables`. */
  readonly defaults: Readonly<Partial<Record<Family, Variant>>>;
  /** Tools whose rules could not be read, each followed by the error. */
  readonly broken: readonly string[];
  /** Of the managed chains: the host rejects a change when it has another one by then. */
  readonly fingerprint: string;
  readonly notes: ReadonlyMap<string, Note>;
  /** A change that waits to be confirmed, and when the host rolls it back. */
  readonly pending: {readonly until: number} | undefined;
  readonly interfaces: readonly Interface[];
  /** The state of the unit that restores rules at boot, as systemd names it (`enabled`). Undefined: no rule survives a reboot. */
  readonly bootUnit: string | undefined;
}

/** Whether rules made with --persist will not survive a reboot after all, because their unit does not start. */
export const isForgetful = ({bootUnit}: Pick<FirewallState, 'bootUnit'>): boolean =>
  bootUnit !== undefined && bootUnit !== 'enabled';

/** The state of a host's firewall. */
export const firewallState = (): Fact<FirewallState> => ({
  script: snapshotScript(),
  parse: ({stdout}) => parseFirewallState(stdout),
});
