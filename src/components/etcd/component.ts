import {etcdEndpoints, nodesWith} from '../../cluster/cluster.js';
import {type Action, ensureFile, ensureRunning, systemctl} from '../../engine/action.js';
import {exists, textFile, type UnitState, unit} from '../../engine/facts.js';
import {everywhere} from '../../engine/step.js';
import {defineComponent} from '../component.js';
import {unitHealth} from '../health.js';
import {DATA, LOOPBACK, RESTORE, unitPath} from '../places.js';
import {removeUnit} from '../remove-unit.js';
import {checkMember} from './check.js';
import {joinOthers} from './join.js';
import {clientUrl, ETCD_UNIT, etcdUnit, JOIN_FILE} from './unit.js';

/** The distribution's unit, which listens on the same port. */
const DISTRIBUTION_UNIT = 'etcd.service';
/** Whether that was `enabled` and `active` before hw5. */
const BACKUP = `${RESTORE}/etcd.service`;

/** The members of an etcd cluster. Its v2 API is enabled: Docker 20.10 and Calico 2.x support nothing newer. */
export const etcd = defineComponent({
  name: 'etcd',
  title: 'etcd members',
  // a member waits three minutes for the others to start, and apt may take longer than that on one of them
  needs: [everywhere('packages')],
  targets: (cluster) => nodesWith(cluster, 'etcd'),
  undoTargets: (cluster) => cluster.nodes,
  units: [ETCD_UNIT],
  replaces: [DISTRIBUTION_UNIT],
  packages: () => ['etcd-server', 'etcd-client'],
  ports: ({etcd}, {address}) => [
    {port: etcd.clientPort, protocol: 'tcp', purpose: 'etcd clients', access: 'nodes', probe: 'etcd', bind: [address, LOOPBACK]},
    {port: etcd.peerPort, protocol: 'tcp', purpose: 'etcd peers', access: 'members', bind: [address]},
  ],
  health: (cluster, node) =>
    unitHealth(
      ETCD_UNIT,
      `ETCDCTL_API=3 etcdctl --endpoints ${clientUrl(node, cluster)} --command-timeout=5s endpoint health 2>&1 | grep -o 'is healthy'`,
      'no quorum',
    ),
  logs: {},
  facts: ({cluster}) => ({
    unit: textFile(unitPath(ETCD_UNIT)),
    service: unit(ETCD_UNIT),
    distribution: unit(DISTRIBUTION_UNIT),
    backup: textFile(BACKUP),
    data: exists(cluster.etcd.dataDir),
    /** A data directory alone is no data: etcd makes it before it is admitted to the cluster. */
    isMember: exists(`${cluster.etcd.dataDir}/member/wal`),
    joinFile: exists(JOIN_FILE),
  }),
  check: (observed, {node, cluster, allObserved}) => checkMember(observed, node, cluster, allObserved),
  plan(observed, {node, cluster, allObserved}) {
    const written = ensureFile(unitPath(ETCD_UNIT), etcdUnit(node, cluster), observed.unit);
    const isFirst = ![...allObserved.values()].some((one) => one.isMember);
    const join = observed.isMember || isFirst ? [] : [joinOthers(node, cluster)];
    const data: Action[] = observed.isMember
      ? []
      : [
          {
            kind: 'run',
            title: 'make the data directory',
            argv: ['install', '-d', '-o', 'etcd', '-g', 'etcd', '-m', '0700', cluster.etcd.dataDir],
          },
          ...(observed.joinFile && isFirst ? [{kind: 'remove', path: JOIN_FILE} as const] : []),
        ];
    const running = ensureRunning(ETCD_UNIT, observed.service, [...join, ...written]);
    return [...replace(observed.distribution, observed.backup !== undefined), ...join, ...data, ...written, ...running];
  },
  ready: ({node, cluster}) => ({
    reason: 'a healthy etcd quorum',
    limitSeconds: 60,
    // a linearizable read, which only a member with a connection to the leader of a quorum answers
    script: `ETCDCTL_API=3 etcdctl --endpoints http://${node.address}:${cluster.etcd.clientPort} --command-timeout=5s endpoint health`,
    hint: `do the members reach each other on port ${cluster.etcd.peerPort}? See \`journalctl -u hw5-etcd\` (${etcdEndpoints(cluster).join(', ')})`,
  }),
  // running members are changed one after the other, to keep the quorum
  isRolling: (observed) => observed.service.isActive,
  undo(observed, {node, cluster, purge, isRetired}) {
    // the others would lose their quorum: `check` rejects another list of members
    if (isRetired) return [];
    const actions: Action[] = [];
    if (observed.unit) actions.push(...removeUnit(ETCD_UNIT, {paths: [JOIN_FILE]}));
    // on a node that is no member, a directory outside hw5's own may be foreign
    const isManaged = node.roles.includes('etcd') || observed.unit !== undefined || cluster.etcd.dataDir.startsWith(`${DATA}/`);
    if (purge && observed.data && isManaged) actions.push({kind: 'remove', path: cluster.etcd.dataDir});
    if (observed.backup) {
      if (observed.backup.content.includes('enabled')) actions.push(systemctl('enable', DISTRIBUTION_UNIT));
      if (observed.backup.content.includes('active')) actions.push(systemctl('start', DISTRIBUTION_UNIT));
      actions.push({kind: 'remove', path: BACKUP});
    }
    return actions;
  },
});

/** Stops the distribution's etcd, if it runs, and records its state for `down`. */
function replace(distribution: UnitState, hasBackup: boolean): readonly Action[] {
  if (!distribution.isActive && !distribution.isEnabled) return [];
  const state = `${distribution.isEnabled ? 'enabled' : ''} ${distribution.isActive ? 'active' : ''}\n`;
  return [
    ...(hasBackup ? [] : ensureFile(BACKUP, state, undefined)),
    systemctl('stop', DISTRIBUTION_UNIT),
    systemctl('disable', DISTRIBUTION_UNIT),
  ];
}
