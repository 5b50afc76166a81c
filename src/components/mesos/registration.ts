import {type Cluster, type ClusterNode, masterAddress} from '../../cluster/cluster.js';
import type {Fact} from '../../engine/fact.js';
import {type Health, unitHealth} from '../health.js';

/**
 * Succeeds when the agent answers and the leading master has it as active; otherwise prints why not. Only the master's list proves that: after
 * a restart of the master, an upstream agent continues to report `slave/registered` as 1 until it misses the master's pings.
 * @param latest the link to the agent's checkpoint, whose name is the agent's id
 */
export function isRegistered({address}: ClusterNode, cluster: Cluster, latest: string): string {
  const master = masterAddress(cluster);
  return `curl -sf -m 3 -o /dev/null http://${address}:${cluster.mesos.agentPort}/health || { echo does not answer on port ${cluster.mesos.agentPort}; exit 1; }
id=$(readlink ${latest}); id=\${id##*/}
agents=$(curl -sf -m 2 "http://${master}/slaves?slave_id=\${id:-none}") || { echo answers, but its Mesos master at ${master} does not; exit 1; }
case $agents in
  *'"active":true'*) ;;
  *'"recovered_slaves":[{'*) echo not registered with the Mesos master at ${master}, which was restarted: this takes up to 75 s; exit 1;;
  *) echo not registered with the Mesos master at ${master}; exit 1;;
esac`;
}

/** The health of the agent: its unit is active, and {@link isRegistered}. */
export function agentHealth(unit: string, node: ClusterNode, cluster: Cluster, latest: string): Fact<Health> {
  const base = unitHealth(unit, `( ${isRegistered(node, cluster, latest)}\n) && echo is registered`, '');
  return {
    ...base,
    whenTimedOut: {state: 'unhealthy', detail: 'does not answer (it hangs)'},
  };
}
