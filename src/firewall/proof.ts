import type {FirewallState} from './firewall-state.js';
import type {NodeState} from './nodes.js';
import type {Expectation, Probe, ProbeResult} from './probe.js';
import {rulesOn} from './read-rules.js';
import type {Rule} from './rule.js';

/** One probe with its results. */
export interface ProofRow {
  readonly probe: Probe;
  /** Before the rule was installed. */
  readonly before: ProbeResult | undefined;
  readonly after: ProbeResult;
  readonly expected: Expectation;
  /** What would happen without the rule. */
  readonly otherwise: Expectation;
  readonly isOk: boolean;
}

/** What probes and counters showed about one rule on one node. */
export interface Proof {
  readonly node: string;
  readonly rule: Rule;
  readonly rows: readonly ProofRow[];
  /** Packets that the rule had matched before and after the probes; undefined: the counter could not be read. */
  readonly hits: {readonly before: number | undefined; readonly after: number | undefined};
  readonly remarks: readonly string[];
  /** Why nothing is proven, even where all probes went as expected. */
  readonly doubts: readonly string[];
  readonly isOk: boolean;
}

/** A rule on a node, to be proven. */
export interface Claim {
  readonly rule: Rule;
  readonly view: NodeState;
  /** When it ends by itself, by the node's clock. */
  readonly ends: number | undefined;
}

/** Two snapshots of a rule's node and the probes between them. A snapshot is undefined when the node could not be read. */
export interface Evidence {
  readonly rows: readonly ProofRow[];
  readonly first: FirewallState | undefined;
  readonly last: FirewallState | undefined;
  /** The rule was removed. */
  readonly isGone: boolean;
}

/** Pure: what probes and counters prove about a rule. */
export function evaluate({rule, view, ends}: Claim, {rows, first, last, isGone}: Evidence): Proof {
  const hits = {before: hitsOf(rule, first), after: hitsOf(rule, last)};
  const isMissing = (first !== undefined && hits.before === undefined) || (last !== undefined && hits.after === undefined);
  const hasEnded = [first, last].some((state) => ends !== undefined && state !== undefined && state.now >= ends);
  const {remark, doubt}: Judgement = isGone
    ? {}
    : hasEnded
      ? {remark: 'the rule has ended meanwhile'}
      : isMissing
        ? {doubt: 'the rule is not in the kernel'}
        : judgementOf(rows, hits);
  return {
    node: view.node.name,
    rule,
    rows,
    hits,
    remarks: remark === undefined ? [] : [remark],
    doubts: doubt === undefined ? [] : [doubt],
    isOk: doubt === undefined && rows.every((row) => row.isOk),
  };
}

interface Judgement {
  readonly remark?: string;
  readonly doubt?: string;
}

function judgementOf(rows: readonly ProofRow[], {before, after}: Proof['hits']): Judgement {
  const failing = rows.filter((row) => row.expected === 'fails');
  if (rows.length > 0 && failing.length === 0) return {doubt: 'no probe had to fail, so nothing is proven'};
  const isCounted = before !== undefined && after !== undefined;
  if (isCounted && after > before) return {};
  const own = failing.filter((row) => row.otherwise === 'passes');
  if (own.length > 0 && !own.some((row) => [row.before, row.after].some((result) => result?.kind === 'answered')))
    return {doubt: 'the rule caught nothing, and nothing is known to have passed without it: nothing is proven'};
  if (!isCounted) return {remark: 'the counter could not be read: is the rule gone again, or hw5 cut off?'};
  return failing.length > 0 ? {remark: 'the counter did not move: another rule, ahead of this one, catches these packets'} : {};
}

function hitsOf({id}: Rule, state: FirewallState | undefined): number | undefined {
  return state && rulesOn(state).find((rule) => rule.id === id)?.hits;
}
