import {type Cluster, type ClusterNode, nodesWith} from '../../cluster/cluster.js';
import type {Action} from '../../engine/action.js';
import {quote} from '../../host/command.js';
import {template} from '../../support/template.js';
import {clientUrl, ETCD_UNIT, JOIN_FILE, peerUrl} from './unit.js';

/**
 * Adds a member without data to the cluster of the members that have data. If those are still waiting for it to form their first cluster, it
 * starts as one of the first members instead.
 */
export function joinOthers(node: ClusterNode, cluster: Cluster): Action {
  const all = nodesWith(cluster, 'etcd');
  const others = all.filter((member) => member.name !== node.name);
  const values = {
    UNIT: ETCD_UNIT,
    NAME: node.name,
    PEER: peerUrl(node, cluster),
    CLIENTS: others.map((member) => clientUrl(member, cluster)).join(' '),
    PEERS: others.map((member) => peerUrl(member, cluster)).join(' '),
    QUORUM: String(Math.floor(all.length / 2) + 1),
    DATA: cluster.etcd.dataDir,
    JOIN_FILE,
  };
  const assignments = Object.entries(values).map(([name, value]) => `${name}=${quote(value)}`);
  const names = others.map(({name}) => name).join(' and ');
  return {
    kind: 'script',
    title: 'join the members that have data already',
    script: [...assignments, template('etcd/join.sh')].join('\n'),
    hint: `do the members on ${names} run, and reach each other on port ${cluster.etcd.peerPort}? If their data is lost for good, start without it: \`hw5 down --purge\`, then \`hw5 up\``,
  };
}
