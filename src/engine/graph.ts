import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import type {Step} from './step.js';

/** One step on one host: what the runner schedules. */
export interface Item {
  readonly key: string;
  readonly step: Step;
  readonly node: ClusterNode;
  /** Keys of the items that must be done before this one. */
  readonly needs: readonly string[];
  /** The host no longer has the step's role: what an earlier `up` brought there is taken away. */
  readonly isRetired?: true;
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

/**
 * What `up` does: all steps on their hosts, and before that takes steps away where `down` would look for them but they are no longer wanted,
 * as their host lost a role. Before, as the old one may hold an address, a port or a task.
 */
export function itemsUp(cluster: Cluster, steps: readonly Step[]): readonly Item[] {
  const wanted = items(cluster, steps);
  const retired = retiredItems(cluster, steps, wanted);
  const before = (item: Item): string[] => retired.filter(({step}) => step === item.step).map((other) => other.key);
  return [...retired, ...wanted.map((item) => ({...item, needs: [...item.needs, ...before(item)]}))];
}

/** Backwards, as in `down`: what needed a step on the host goes before it. After what needs nothing: that finds what stands against all. */
function retiredItems(cluster: Cluster, steps: readonly Step[], wanted: readonly Item[]): readonly Item[] {
  const all = items(cluster, steps, 'down').filter(({step, node}) => !step.targets(cluster).includes(node));
  const retiredKey = (item: Item): string => `${item.key} retired`;
  return all
    .map((item) => ({
      ...item,
      key: retiredKey(item),
      needs: [
        ...wanted.filter(({node, needs}) => node === item.node && needs.length === 0).map((root) => root.key),
        ...all.filter((other) => other.needs.includes(item.key)).map(retiredKey),
      ],
      isRetired: true as const,
    }))
    .reverse();
}

/** The items but some that take something away. What waited for one of these waits for those that it waited for. */
export function withoutRetired(all: readonly Item[], isLeftOut: (item: Item) => boolean): readonly Item[] {
  const retired = new Map(all.filter((item) => item.isRetired).map((item) => [item.key, item]));
  const isGone = (key: string): boolean => retired.has(key) && isLeftOut(retired.get(key)!);
  const bridged = (key: string): string[] =>
    isGone(key)
      ? retired
          .get(key)!
          .needs.filter((need) => retired.has(need))
          .flatMap(bridged)
      : [key];
  return all.filter(({key}) => !isGone(key)).map((item) => ({...item, needs: [...new Set(item.needs.flatMap(bridged))]}));
}

/** The hosts on which a step is done, or taken away. */
export function targetsOf(step: Step, cluster: Cluster, direction: Direction): readonly ClusterNode[] {
  return direction === 'down' && step.undoTargets ? step.undoTargets(cluster) : step.targets(cluster);
}
