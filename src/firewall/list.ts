import type {NodeState} from './nodes.js';
import {rulesOn} from './read-rules.js';
import {coversContainers, coversOwnNode, type Exercise, type Rule, type Scope, showMatch} from './rule.js';

/** A row of `hw5 firewall list`. Seconds, counted by the node's own clock. */
export interface ListedRule {
  readonly id: string;
  readonly node: string;
  readonly exercise: Exercise;
  readonly match: string;
  readonly scope: Scope;
  readonly strict: boolean;
  /** Packets that were denied. */
  readonly hits: number;
  readonly ageSeconds: number | null;
  readonly endsInSeconds: number | null;
  readonly persisted: boolean;
  /** The netfilter hooks of the rule, with the report's letters. */
  readonly points: readonly Point[];
}

export type Point = 'B INPUT' | 'C FORWARD';

/** The netfilter hooks on the way of a packet, with the report's letters. */
export const WAY = [
  ['A', 'PREROUTING', 'a packet arrives, before it is known where it goes'],
  ['B', 'INPUT', 'it is for this host'],
  ['C', 'FORWARD', 'it is forwarded: to a container, or from one'],
  ['D', 'OUTPUT', 'this host sends'],
  ['E', 'POSTROUTING', 'it leaves the host'],
] as const;

export function pointsOf(rule: Rule): readonly Point[] {
  return [...(coversOwnNode(rule) ? (['B INPUT'] as const) : []), ...(coversContainers(rule) ? (['C FORWARD'] as const) : [])];
}

/** The rules of these nodes, each node's in the order in which the kernel meets them. */
export function listRules(views: readonly NodeState[]): readonly ListedRule[] {
  return views.flatMap(({node, state}) =>
    rulesOn(state).map((rule) => {
      const note = state.notes.get(rule.id);
      return {
        id: rule.id,
        node: node.name,
        exercise: rule.exercise,
        match: showMatch(rule.match),
        scope: rule.scope,
        strict: rule.strict,
        hits: rule.hits,
        ageSeconds: note ? state.now - note.added : null,
        endsInSeconds: note?.ends === undefined ? null : Math.max(0, note.ends - state.now),
        persisted: note?.persisted ?? false,
        points: pointsOf(rule),
      };
    }),
  );
}

/** A change that waits to be confirmed. */
export interface Unconfirmed {
  readonly node: string;
  /** Seconds until the node rolls it back. */
  readonly takenBackInSeconds: number;
}

export function listUnconfirmed(views: readonly NodeState[]): readonly Unconfirmed[] {
  return views.flatMap(({node, state: {now, pending}}) =>
    pending ? [{node: node.name, takenBackInSeconds: Math.max(0, pending.until - now)}] : [],
  );
}
