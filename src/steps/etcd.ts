import {type Cluster, type ClusterNode, etcdEndpoints, nodesWith} from '../cluster/cluster.js';
import {type Action, ensureFile, ensureRunning, systemctl} from '../step/action.js';
import {exists, textFile, unit} from '../step/facts.js';
import {defineStep, type Problem} from '../step/step.js';
import {render} from '../support/template.js';
import {DATA, RESTORE, unitPath} from './places.js';

const UNIT = 'hw5-etcd.service';
/** The distribution's own, which listens on the same port. */
const OTHERS = 'etcd.service';
const BEFORE = `${RESTORE}/etcd.service`;

export function etcdUnit(node: ClusterNode, cluster: Cluster): string {
  const {etcd} = cluster;
  const peerUrl = (member: ClusterNode): string => `http://${member.address}:${etcd.peerPort}`;
  return render('etcd/hw5-etcd.service', {
    cluster: cluster.name,
    name: node.name,
    dataDir: etcd.dataDir,
    peerUrl: peerUrl(node),
    clientUrl: `http://${node.address}:${etcd.clientPort}`,
    clientPort: etcd.clientPort,
    token: etcd.token,
    initialCluster: nodesWith(cluster, 'etcd')
      .map((member) => `${member.name}=${peerUrl(member)}`)
      .join(','),
  });
}

/** The members that a unit's text names. */
function membersOf(text: string | undefined): string | undefined {
  return /--initial-cluster (\S+)/.exec(text ?? '')?.[1];
}

/** Three members, one quorum. The v2 API is on: Docker 20.10 and Calico 2.x speak nothing newer. */
export const etcd = defineStep({
  name: 'etcd',
  title: 'etcd members',
  needs: ['packages'],
  targets: (cluster) => nodesWith(cluster, 'etcd'),
  undoTargets: (cluster) => cluster.nodes,
  facts: ({cluster}) => ({
    unit: textFile(unitPath(UNIT)),
    service: unit(UNIT),
    others: unit(OTHERS),
    before: textFile(BEFORE),
    data: exists(cluster.etcd.dataDir),
  }),
  /** etcd reads the list of members only while it has no data: written anew later, it would be ignored, and no new member would be let in. */
  check(seen, {node, cluster, everywhere}): readonly Problem[] {
    const wanted = membersOf(etcdUnit(node, cluster))!;
    // whoever has no data joins what runs on the others, and may, if it was in their list from the beginning
    const running = seen.data ? [seen] : [...everywhere.values()].filter((one) => one.data);
    const members = running.map((one) => membersOf(one.unit?.content)).find((list) => list !== undefined && list !== wanted);
    if (members === undefined) return [];
    return [
      {
        message: `etcd's members cannot be changed in place (they are ${members}, the file wants ${wanted})`,
        hint: 'put the etcd roles and ports back, or take the cluster down with the old file first: `hw5 down --purge`',
      },
    ];
  },
  plan(seen, {node, cluster}) {
    const written = ensureFile(unitPath(UNIT), etcdUnit(node, cluster), seen.unit);
    const data: Action[] = seen.data
      ? []
      : [
          {
            kind: 'run',
            title: 'make the data directory',
            argv: ['install', '-d', '-o', 'etcd', '-g', 'etcd', '-m', '0700', cluster.etcd.dataDir],
          },
        ];
    const isInTheWay = seen.others.isActive || seen.others.isEnabled;
    const others: Action[] = isInTheWay
      ? [
          ...(seen.before
            ? []
            : ensureFile(
                BEFORE,
                `${seen.others.isEnabled ? 'enabled' : ''} ${seen.others.isActive ? 'active' : ''}\n`,
                undefined,
              )),
          systemctl('stop', OTHERS),
          systemctl('disable', OTHERS),
        ]
      : [];
    return [...others, ...data, ...written, ...ensureRunning(UNIT, seen.service, written)];
  },
  ready: ({node, cluster}) => ({
    reason: 'a healthy etcd quorum',
    limitSeconds: 60,
    // a linearizable read: only a member that reaches the leader of a quorum answers it
    script: `ETCDCTL_API=3 etcdctl --endpoints http://${node.address}:${cluster.etcd.clientPort} --command-timeout=5s endpoint health`,
    hint: `do the members reach each other on port ${cluster.etcd.peerPort}? See \`journalctl -u hw5-etcd\` (${etcdEndpoints(cluster).join(', ')})`,
  }),
  // members that already run are changed one after the other, so that the quorum stays
  isRolling: (seen) => seen.service.isActive,
  undo(seen, {node, cluster, purge}) {
    const actions: Action[] = [];
    if (seen.unit) {
      actions.push(
        systemctl('disable', UNIT),
        systemctl('stop', UNIT),
        {kind: 'remove', path: unitPath(UNIT)},
        systemctl('daemon-reload'),
      );
    }
    // where no member is, a data directory that the file puts elsewhere may be somebody else's
    const isOurs = node.roles.includes('etcd') || seen.unit !== undefined || cluster.etcd.dataDir.startsWith(`${DATA}/`);
    if (purge && seen.data && isOurs) actions.push({kind: 'remove', path: cluster.etcd.dataDir});
    if (seen.before) {
      if (seen.before.content.includes('enabled')) actions.push(systemctl('enable', OTHERS));
      if (seen.before.content.includes('active')) actions.push(systemctl('start', OTHERS));
      actions.push({kind: 'remove', path: BEFORE});
    }
    return actions;
  },
});
