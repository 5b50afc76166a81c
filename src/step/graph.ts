import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import type {Step} from './step.js';

/** One step on one host: what the runner schedules. */
export interface Item {
  readonly key: string;
  readonly step: Step;
  readonly node: ClusterNode;
  /** Keys of the items that must be done before this one. */
  readonly needs: readonly string[];
}

const key = (step: string, node: string): string => `${step}@${node}`;

/** All steps on all their hosts, in the order of the list, with what each needs. @throws Error on a need that is unknown or comes later in the list: a bug. */
export function items(cluster: Cluster, steps: readonly Step[]): readonly Item[] {
  const targets = new Map<string, readonly ClusterNode[]>();
  const all: Item[] = [];
  for (const step of steps) {
    const nodes = step.targets(cluster);
    for (const node of nodes) {
      const needs = step.needs.flatMap((need) => {
        const name = typeof need === 'string' ? need : need.step;
        const hosts = targets.get(name);
        if (!hosts) throw new Error(`step ${step.name} needs ${name}, which does not come before it`);
        const isHere = typeof need === 'string' && hosts.some((host) => host.name === node.name);
        return isHere ? [key(name, node.name)] : hosts.map((host) => key(name, host.name));
      });
      all.push({key: key(step.name, node.name), step, node, needs});
    }
    targets.set(step.name, nodes);
  }
  return all;
}
