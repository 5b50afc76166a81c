import {type Cluster, type ClusterNode, nodesWith} from '../../cluster/cluster.js';
import {renderUnit} from '../unit-file.js';

export const ETCD_UNIT = 'hw5-etcd.service';
/** Options for a member's first start, when it joins a cluster that has data. */
export const JOIN_FILE = '/run/hw5-etcd.join';

export function peerUrl(member: ClusterNode, {etcd}: Cluster): string {
  return `http://${member.address}:${etcd.peerPort}`;
}

export function clientUrl(member: ClusterNode, {etcd}: Cluster): string {
  return `http://${member.address}:${etcd.clientPort}`;
}

/** The unit's file. */
export function etcdUnit(node: ClusterNode, cluster: Cluster): string {
  const {etcd} = cluster;
  return renderUnit('etcd/hw5-etcd.service', {
    cluster: cluster.name,
    name: node.name,
    dataDir: etcd.dataDir,
    peerUrl: peerUrl(node, cluster),
    clientUrl: clientUrl(node, cluster),
    clientPort: etcd.clientPort,
    token: etcd.token,
    joinFile: JOIN_FILE,
    initialCluster: nodesWith(cluster, 'etcd')
      .map((member) => `${member.name}=${peerUrl(member, cluster)}`)
      .join(','),
  });
}

/** The members that a unit's file names. */
export function membersOf(unitText: string | undefined): string | undefined {
  return /--initial-cluster (\S+)/.exec(unitText ?? '')?.[1];
}

/** The data directory that a unit's file names. */
export function dataDirectoryOf(unitText: string | undefined): string | undefined {
  return / --data-dir (\S+)/.exec(unitText ?? '')?.[1];
}
