import {UsageError} from '../support/errors.js';
import type {ClusterNode} from './cluster.js';
import {nearest} from './nearest.js';

/** The nodes with the given names; without names, all nodes. @throws UsageError for an unknown name */
export function chooseNodes(nodes: readonly ClusterNode[], names: readonly string[] | undefined): readonly ClusterNode[] {
  if (names === undefined || names.length === 0) return nodes;
  const known = nodes.map((node) => node.name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    throw new UsageError(`the cluster has no node ${name}`, {
      hint: near === undefined ? `its nodes are ${known.join(', ')}` : `did you mean ${near}?`,
    });
  }
  return nodes.filter((node) => names.includes(node.name));
}
