import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import {type Component, componentsOn} from '../components/component.js';
import type {Health} from '../components/health.js';
import type {Fact} from '../engine/fact.js';

/** The health checks of the components that a node should have, by component: observed in one round trip. */
export function healthFacts(
  components: readonly Component[],
  cluster: Cluster,
  node: ClusterNode,
): Readonly<Record<string, Fact<Health>>> {
  return Object.fromEntries(
    componentsOn(components, cluster, node).flatMap(({name, health}) => (health ? [[name, health(cluster, node)]] : [])),
  );
}
