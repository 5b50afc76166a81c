import type {Rule} from './rule.js';

/** A rule that a host should have. */
export interface RuleToAdd {
  readonly rule: Rule;
  /** The rule ends by itself after so many seconds. Undefined: an existing end stays; a new rule has none. */
  readonly forSeconds?: number | undefined;
  /** The rule survives a reboot. */
  readonly persist?: boolean | undefined;
}

/** What the user wants to change in the firewalls of some nodes. */
export type FirewallChange =
  | ({readonly kind: 'add'} & RuleToAdd)
  | {readonly kind: 'remove'; readonly id: string}
  | {readonly kind: 'reset'};

/** The id of the one rule that a change is about. */
export function ruleIdOf(change: FirewallChange): string | undefined {
  if (change.kind === 'add') return change.rule.id;
  return change.kind === 'remove' ? change.id : undefined;
}
