import {type Cluster, type ClusterNode, nodesWith} from '../../cluster/cluster.js';
import type {FileState} from '../../engine/facts.js';
import type {FailedCheck} from '../../engine/step.js';
import {dataDirectoryOf, etcdUnit, membersOf} from './unit.js';

/** What was observed of a member. */
export interface MemberState {
  readonly unit: FileState | undefined;
  /** It has data. */
  readonly isMember: boolean;
}

/**
 * Rejects changes that etcd ignores or that lose its data: etcd reads the list of members only while it has no data, and a new data
 * directory would be the start of a new cluster.
 */
export function checkMember(
  observed: MemberState,
  node: ClusterNode,
  cluster: Cluster,
  allObserved: ReadonlyMap<string, MemberState>,
): readonly FailedCheck[] {
  return (
    dataDirectoryChanged(observed, cluster) ??
    newClusterWithoutAll(cluster, allObserved) ??
    membersChanged(observed, node, cluster, allObserved) ??
    []
  );
}

function dataDirectoryChanged({unit}: MemberState, {etcd}: Cluster): readonly FailedCheck[] | undefined {
  const directory = dataDirectoryOf(unit?.content);
  if (directory === undefined || directory === etcd.dataDir) return undefined;
  return [
    {
      message: `etcd's data is in ${directory} and cannot be moved (the cluster file has ${etcd.dataDir})`,
      hint: 'restore etcd.dataDir, or take the cluster down with the old file first: `hw5 down --purge`',
    },
  ];
}

/** No reachable member has data, and an unreachable one may have some. */
function newClusterWithoutAll(
  cluster: Cluster,
  allObserved: ReadonlyMap<string, MemberState>,
): readonly FailedCheck[] | undefined {
  const unobserved = nodesWith(cluster, 'etcd').filter((member) => !allObserved.has(member.name));
  if (unobserved.length === 0 || [...allObserved.values()].some(({isMember}) => isMember)) return undefined;
  const names = unobserved.map(({name}) => name).join(' and ');
  return [
    {
      message: `etcd would start a new cluster here, and it is unknown whether ${names} has data of the old one`,
      hint: `make ${names} reachable, or remove its etcd role in the cluster file`,
    },
  ];
}

function membersChanged(
  observed: MemberState,
  node: ClusterNode,
  cluster: Cluster,
  allObserved: ReadonlyMap<string, MemberState>,
): readonly FailedCheck[] | undefined {
  const desired = membersOf(etcdUnit(node, cluster))!;
  // a member without data joins those that have some, which is possible if it was in their list from the beginning
  const withData = observed.isMember ? [observed] : [...allObserved.values()].filter(({isMember}) => isMember);
  const members = withData.map(({unit}) => membersOf(unit?.content)).find((list) => list !== undefined && list !== desired);
  if (members === undefined) return undefined;
  return [
    {
      message: `etcd's members cannot be changed in place (they are ${members}, the cluster file has ${desired})`,
      hint: 'restore the etcd roles and ports, or take the cluster down with the old file first: `hw5 down --purge`',
    },
  ];
}
