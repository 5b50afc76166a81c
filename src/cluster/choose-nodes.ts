import {UsageError} from '../support/errors.js';
import type {ClusterNode} from './cluster.js';
import {nearest} from './nearest.js';

/** Those of the nodes that have the names; without names, all. @throws UsageError for a name that none has. */
export function chooseNodes(nodes: readonly ClusterNode[], names: readonly string[] | undefined): readonly ClusterNode[] {
  if (names === undefined || names.length === 0) return nodes;
  const known = nodes.map((node) => node.name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw new UsageError(`there is no node ${name} here`, {
      hint: near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`,
    });
  }
  return nodes.filter((node) => names.includes(node.name));
}
