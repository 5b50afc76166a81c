import type {ClusterNode} from '../cluster/cluster.js';
import {Hw5Error} from '../support/errors.js';
import type {Interface} from './firewall-state.js';
import type {FirewallNodes, NodeState} from './nodes.js';
import type {Claim} from './proof.js';
import {rulesOn} from './read-rules.js';
import type {Rule} from './rule.js';
import {isSingle} from './source-block.js';

/** The rules on these nodes that are to be proven: all of them, or those with an id. */
export function claimsOn(nodes: readonly NodeState[], id: string | undefined): readonly Claim[] {
  return nodes.flatMap((view) =>
    rulesOn(view.state)
      .filter((rule) => id === undefined || rule.id === id)
      .map((rule) => ({rule, view, ends: view.state.notes.get(rule.id)?.ends})),
  );
}

/**
 * Whether a rule only matches packets that a node sends to itself, which never come from outside.
 * @param interfaces empty when the node does not answer
 */
export function matchesItself({match}: Rule, node: ClusterNode, interfaces: readonly Interface[] = []): boolean {
  if (match.kind === 'mac') return interfaces.some(({mac}) => mac === match.mac);
  if (match.kind !== 'net' || !isSingle(match.net)) return false;
  const own = interfaces.flatMap(({addresses}) => addresses.map(({address}) => address));
  return [node.address, ...own].some((address) => match.net.contains(address));
}

/** @throws Hw5Error when all of these nodes answer and none of them has a rule with this id, nor a note about one. */
export function assertKnown(id: string, nodes: FirewallNodes, targets: readonly ClusterNode[]): void {
  const views = nodes.views.filter(({node}) => targets.includes(node));
  const isNoted = views.some(({state}) => state.notes.has(id));
  if (nodes.failuresOn(targets).length > 0 || isNoted || claimsOn(views, id).length > 0) return;
  const where =
    targets.length === nodes.cluster.nodes.length ? 'no node' : `none of ${targets.map((node) => node.name).join(', ')}`;
  throw new Hw5Error(`${where} has a rule ${id}`, {hint: '`hw5 firewall list` shows the rules and their ids'});
}
