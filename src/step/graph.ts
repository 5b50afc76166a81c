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

/** Which way the story is told: it decides on which hosts a step is looked for. */
export type Direction = 'up' | 'down';

/** All steps on all their hosts, in the order of the list, with what each needs. @throws Error on a need that is unknown or comes later in the list: a bug. */
export function items(cluster: Cluster, steps: readonly Step[], direction: Direction = 'up'): readonly Item[] {
  const targets = new Map<string, readonly ClusterNode[]>();
  const isFor = new Map<string, ReadonlySet<string>>();
  const all: Item[] = [];
  for (const step of steps) {
    const nodes = targetsOf(step, cluster, direction);
    for (const node of nodes) {
      const wanted = typeof step.needs === 'function' ? step.needs(node, cluster) : step.needs;
      const needs = wanted.flatMap((need) => {
        const name = typeof need === 'string' ? need : need.step;
        const hosts = targets.get(name);
        if (!hosts) throw new Error(`step ${step.name} needs ${name}, which does not come before it`);
        // a host on which `down` merely looks stands for nothing: what needs the step used it on the others
        const isHere = typeof need === 'string' && isFor.get(name)!.has(node.name);
        return isHere ? [key(name, node.name)] : hosts.map((host) => key(name, host.name));
      });
      all.push({key: key(step.name, node.name), step, node, needs});
    }
    targets.set(step.name, nodes);
    isFor.set(step.name, new Set(step.targets(cluster).map(({name}) => name)));
  }
  return all;
}

/** The hosts on which a step is done, or taken away. */
export function targetsOf(step: Step, cluster: Cluster, direction: Direction): readonly ClusterNode[] {
  return direction === 'down' && step.undoTargets ? step.undoTargets(cluster) : step.targets(cluster);
}
