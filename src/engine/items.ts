import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import type {GraphItem} from './graph.js';
import type {Step} from './step.js';

/** One step on one host. */
export interface Item extends GraphItem {
  readonly step: Step;
  readonly node: ClusterNode;
  /** The host has lost the step's role: what an earlier `up` installed there is removed. */
  readonly isRetired?: true;
}

/** Whether steps are installed or removed. It decides on which hosts a step is looked for. */
export type Direction = 'up' | 'down';

const keyOf = (step: string, node: string): string => `${step}@${node}`;

/** All steps on all their hosts, in the order of the list. @throws Error on a need that is unknown or later in the list: a bug. */
export function items(cluster: Cluster, steps: readonly Step[], direction: Direction = 'up'): readonly Item[] {
  const hostsOf = new Map<string, readonly ClusterNode[]>();
  const targetNames = new Map<string, ReadonlySet<string>>();
  const all: Item[] = [];
  for (const step of steps) {
    const nodes = targetsOf(step, cluster, direction);
    for (const node of nodes) {
      const needs = typeof step.needs === 'function' ? step.needs(node, cluster) : step.needs;
      const keys = needs.flatMap((need) => {
        const name = typeof need === 'string' ? need : need.step;
        const hosts = hostsOf.get(name);
        if (!hosts) throw new Error(`step ${step.name} needs ${name}, which does not come before it`);
        // on a host that is no target, `down` only checks for remains: the step that needs this one used it on the other hosts
        const isOnSameHost = typeof need === 'string' && targetNames.get(name)!.has(node.name);
        return isOnSameHost ? [keyOf(name, node.name)] : hosts.map((host) => keyOf(name, host.name));
      });
      all.push({key: keyOf(step.name, node.name), step, node, needs: keys});
    }
    hostsOf.set(step.name, nodes);
    targetNames.set(step.name, new Set(step.targets(cluster).map(({name}) => name)));
  }
  return all;
}

/**
 * The items of `up`: all steps on their hosts, and the removal of steps from hosts that have lost the role. A step is removed from those
 * hosts before it is installed on others, because the old one may hold an address, a port or a task.
 */
export function itemsUp(cluster: Cluster, steps: readonly Step[]): readonly Item[] {
  const installed = items(cluster, steps);
  const retired = retiredItems(cluster, steps, installed);
  const removals = (item: Item): string[] => retired.filter(({step}) => step === item.step).map(({key}) => key);
  return [...retired, ...installed.map((item) => ({...item, needs: [...item.needs, ...removals(item)]}))];
}

/** In reverse, as in `down`, but after the items that need nothing: these find what prevents the whole run. */
function retiredItems(cluster: Cluster, steps: readonly Step[], installed: readonly Item[]): readonly Item[] {
  const all = items(cluster, steps, 'down').filter(({step, node}) => !step.targets(cluster).includes(node));
  const retiredKey = (item: Item): string => `${item.key} retired`;
  return all
    .map((item) => ({
      ...item,
      key: retiredKey(item),
      needs: [
        ...installed.filter(({node, needs}) => node === item.node && needs.length === 0).map(({key}) => key),
        ...all.filter((other) => other.needs.includes(item.key)).map(retiredKey),
      ],
      isRetired: true as const,
    }))
    .reverse();
}

/** The items without some of the retired ones. An item that needed one of these needs what that one needed. */
export function withoutRetired(all: readonly Item[], isLeftOut: (item: Item) => boolean): readonly Item[] {
  const retired = new Map(all.filter((item) => item.isRetired).map((item) => [item.key, item]));
  const leftOut = (key: string): Item | undefined => {
    const item = retired.get(key);
    return item && isLeftOut(item) ? item : undefined;
  };
  const bridged = (key: string): string[] =>
    leftOut(key)
      ?.needs.filter((need) => retired.has(need))
      .flatMap(bridged) ?? [key];
  return all.filter(({key}) => !leftOut(key)).map((item) => ({...item, needs: [...new Set(item.needs.flatMap(bridged))]}));
}

/** The hosts on which a step is installed, or from which it is removed. */
export function targetsOf(step: Step, cluster: Cluster, direction: Direction): readonly ClusterNode[] {
  return direction === 'down' && step.undoTargets ? step.undoTargets(cluster) : step.targets(cluster);
}

/** The name of an item in events and plans: removing a step has a name of its own. */
export function nameOf({step, node, isRetired}: Item): {readonly step: string; readonly title: string; readonly host: string} {
  return {
    step: isRetired ? `${step.name}-retired` : step.name,
    title: isRetired ? `${step.title}, no longer wanted` : step.title,
    host: node.name,
  };
}
