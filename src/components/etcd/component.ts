import {type Cluster, type ClusterNode, etcdEndpoints, nodesWith} from '../../cluster/cluster.js';
import {type Action, ensureFile, ensureRunning, systemctl} from '../../engine/action.js';
import {exists, textFile, unit} from '../../engine/facts.js';
import {everywhere, type FailedCheck} from '../../engine/step.js';
import {quote} from '../../host/command.js';
import {render, template} from '../../support/template.js';
import {defineComponent} from '../component.js';
import {unitHealth} from '../health.js';
import {DATA, LOOPBACK, RESTORE, unitPath} from '../places.js';

export const ETCD_UNIT = 'hw5-etcd.service';
/** The distribution's own, which listens on the same port. */
const OTHERS = 'etcd.service';
const BEFORE = `${RESTORE}/etcd.service`;
/** Goes with the member's first start. */
const JOIN_FILE = '/run/hw5-etcd.join';

const peerUrl = (member: ClusterNode, {etcd}: Cluster): string => `http://${member.address}:${etcd.peerPort}`;
const clientUrl = (member: ClusterNode, {etcd}: Cluster): string => `http://${member.address}:${etcd.clientPort}`;

export function etcdUnit(node: ClusterNode, cluster: Cluster): string {
  const {etcd} = cluster;
  return render('etcd/hw5-etcd.service', {
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

/** The members that a unit's text names. */
function membersOf(text: string | undefined): string | undefined {
  return /--initial-cluster (\S+)/.exec(text ?? '')?.[1];
}

/** Where a unit's text puts the data. */
function dataDirOf(unitText: string | undefined): string | undefined {
  return / --data-dir (\S+)/.exec(unitText ?? '')?.[1];
}

/** Lets a member without data into the cluster of those that have some; where those wait for it to begin with, it begins. */
function joinOthers(node: ClusterNode, cluster: Cluster): Action {
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
  const head = Object.entries(values).map(([name, value]) => `${name}=${quote(value)}`);
  return {
    kind: 'script',
    title: 'join the members that have data already',
    script: [...head, template('etcd/join.sh')].join('\n'),
    hint: `do the members on ${others.map(({name}) => name).join(' and ')} run, and reach each other on port ${cluster.etcd.peerPort}? If their data is lost for good, begin without it: \`hw5 down --purge\`, then \`hw5 up\``,
  };
}

/** Three members, one quorum. The v2 API is on: Docker 20.10 and Calico 2.x speak nothing newer. */
export const etcd = defineComponent({
  name: 'etcd',
  title: 'etcd members',
  // a member waits three minutes for the others to begin, and apt may take longer than that on one of them
  needs: [everywhere('packages')],
  targets: (cluster) => nodesWith(cluster, 'etcd'),
  undoTargets: (cluster) => cluster.nodes,
  units: [ETCD_UNIT],
  replaces: [OTHERS],
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
    others: unit(OTHERS),
    before: textFile(BEFORE),
    data: exists(cluster.etcd.dataDir),
    /** A folder alone is no data: etcd makes it before it is refused. */
    isMember: exists(`${cluster.etcd.dataDir}/member/wal`),
    joinFile: exists(JOIN_FILE),
  }),
  /** etcd reads the list of members only while it has no data: written anew later, it would be ignored, and no new member would be let in. */
  check(observed, {node, cluster, allObserved}): readonly FailedCheck[] {
    const folder = dataDirOf(observed.unit?.content);
    // in the new one is no data, so that every member would begin anew beside that of the old one
    if (folder !== undefined && folder !== cluster.etcd.dataDir) {
      return [
        {
          message: `etcd's data is in ${folder} and stays there (the file wants ${cluster.etcd.dataDir})`,
          hint: 'put etcd.dataDir back, or take the cluster down with the old file first: `hw5 down --purge`',
        },
      ];
    }
    const unobserved = nodesWith(cluster, 'etcd').filter((member) => !allObserved.has(member.name));
    if (unobserved.length > 0 && ![...allObserved.values()].some((one) => one.isMember)) {
      const names = unobserved.map(({name}) => name).join(' and ');
      return [
        {
          message: `etcd would begin anew here, and nobody knows whether ${names} has data of it`,
          hint: `make ${names} reachable, or take the etcd role from it in the cluster file`,
        },
      ];
    }
    const wanted = membersOf(etcdUnit(node, cluster))!;
    // whoever has no data joins what runs on the others, and may, if it was in their list from the beginning
    const running = observed.isMember ? [observed] : [...allObserved.values()].filter((one) => one.isMember);
    const members = running.map((one) => membersOf(one.unit?.content)).find((list) => list !== undefined && list !== wanted);
    if (members === undefined) return [];
    return [
      {
        message: `etcd's members cannot be changed in place (they are ${members}, the file wants ${wanted})`,
        hint: 'put the etcd roles and ports back, or take the cluster down with the old file first: `hw5 down --purge`',
      },
    ];
  },
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
    const isInTheWay = observed.others.isActive || observed.others.isEnabled;
    const others: Action[] = isInTheWay
      ? [
          ...(observed.before
            ? []
            : ensureFile(
                BEFORE,
                `${observed.others.isEnabled ? 'enabled' : ''} ${observed.others.isActive ? 'active' : ''}\n`,
                undefined,
              )),
          systemctl('stop', OTHERS),
          systemctl('disable', OTHERS),
        ]
      : [];
    return [...others, ...join, ...data, ...written, ...running];
  },
  ready: ({node, cluster}) => ({
    reason: 'a healthy etcd quorum',
    limitSeconds: 60,
    // a linearizable read: only a member that reaches the leader of a quorum answers it
    script: `ETCDCTL_API=3 etcdctl --endpoints http://${node.address}:${cluster.etcd.clientPort} --command-timeout=5s endpoint health`,
    hint: `do the members reach each other on port ${cluster.etcd.peerPort}? See \`journalctl -u hw5-etcd\` (${etcdEndpoints(cluster).join(', ')})`,
  }),
  // members that already run are changed one after the other, so that the quorum stays
  isRolling: (observed) => observed.service.isActive,
  undo(observed, {node, cluster, purge, isRetired}) {
    const actions: Action[] = [];
    // the others would lose their quorum: `check` objects to another list of members
    if (isRetired) return actions;
    if (observed.unit) {
      actions.push(
        systemctl('disable', ETCD_UNIT),
        systemctl('stop', ETCD_UNIT),
        {kind: 'remove', path: unitPath(ETCD_UNIT)},
        {kind: 'remove', path: JOIN_FILE},
        systemctl('daemon-reload'),
      );
    }
    // where no member is, a data directory that the file puts elsewhere may be somebody else's
    const isOurs = node.roles.includes('etcd') || observed.unit !== undefined || cluster.etcd.dataDir.startsWith(`${DATA}/`);
    if (purge && observed.data && isOurs) actions.push({kind: 'remove', path: cluster.etcd.dataDir});
    if (observed.before) {
      if (observed.before.content.includes('enabled')) actions.push(systemctl('enable', OTHERS));
      if (observed.before.content.includes('active')) actions.push(systemctl('start', OTHERS));
      actions.push({kind: 'remove', path: BEFORE});
    }
    return actions;
  },
});
