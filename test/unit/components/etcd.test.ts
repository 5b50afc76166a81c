import {describe, expect, it} from 'vitest';
import {parseCluster} from '../../../src/cluster/load.js';
import {etcd} from '../../../src/components/etcd/component.js';
import type {Action} from '../../../src/engine/action.js';
import {clusterOf, failedChecks, fileAfter, lines, NO_UNIT, plan, RUNS, readiness, undo} from './situation.js';

const FOREIGN = {content: 'by hand', mode: '644'};

describe('etcd', () => {
  const UNIT = '/etc/systemd/system/hw5-etcd.service';
  const nothing = {unit: undefined, service: NO_UNIT, distribution: NO_UNIT, backup: undefined, data: false, isMember: false};
  const first = plan(etcd, nothing);
  const installed = {...nothing, unit: fileAfter(first, UNIT), service: RUNS, data: true, isMember: true};

  it('is installed', () => {
    expect(lines(first)).toEqual([
      'make the data directory: install -d -o etcd -g etcd -m 0700 /var/lib/hw5/etcd',
      `write ${UNIT} (mode 0644)`,
      'systemctl daemon-reload',
      'systemctl enable hw5-etcd.service',
      'systemctl restart hw5-etcd.service',
    ]);
    expect(fileAfter(first, UNIT).content.split(/\s*\\?\n\s*/)).toEqual(
      expect.arrayContaining([
        'ExecStart=/usr/bin/etcd --name node0',
        '--initial-cluster node0=http://198.18.0.10:2380,node1=http://198.18.0.11:2380,node2=http://198.18.0.12:2380',
        '--initial-cluster-token zzw',
        '--listen-client-urls http://198.18.0.10:2379,http://127.0.0.1:2379',
        '--enable-v2',
      ]),
    );
  });

  it.each<[string, object, string[]]>([
    ['is unchanged when it runs as desired', {}, []],
    ['is started when it stopped', {service: {...RUNS, isActive: false}}, ['systemctl restart hw5-etcd.service']],
    ['is enabled when it would not start at boot', {service: {...RUNS, isEnabled: false}}, ['systemctl enable hw5-etcd.service']],
    [
      'is written again and restarted when its unit was changed',
      {unit: FOREIGN},
      [`change ${UNIT} (mode 0644)`, 'systemctl daemon-reload', 'systemctl restart hw5-etcd.service'],
    ],
    [
      "stops the distribution's and records its state",
      {distribution: {...RUNS, isActive: false}},
      ['write /etc/hw5/restore/etcd.service (mode 0644)', 'systemctl stop etcd.service', 'systemctl disable etcd.service'],
    ],
    [
      'keeps the backup when the distribution unit runs again',
      {distribution: RUNS, backup: {content: 'enabled active\n', mode: '644'}},
      ['systemctl stop etcd.service', 'systemctl disable etcd.service'],
    ],
  ])('%s', (_, observed, desired) => {
    expect(lines(plan(etcd, {...installed, ...observed}))).toEqual(desired);
  });

  it('records whether the distribution unit was active and whether it was enabled', () => {
    const backup = (distribution: object) =>
      fileAfter(plan(etcd, {...installed, distribution}), '/etc/hw5/restore/etcd.service').content;
    expect(backup(RUNS)).toBe('enabled active\n');
    expect(backup({...RUNS, isEnabled: false})).toBe(' active\n');
    expect(backup({...RUNS, isActive: false})).toBe('enabled \n');
  });

  it('is removed, its data only with --purge', () => {
    const service = [
      'systemctl disable hw5-etcd.service',
      'systemctl stop hw5-etcd.service',
      `remove ${UNIT}`,
      'remove /run/hw5-etcd.join',
      'systemctl daemon-reload',
    ];
    expect(lines(undo(etcd, installed))).toEqual(service);
    expect(lines(undo(etcd, installed, {purge: true}))).toEqual([...service, 'remove /var/lib/hw5/etcd']);
    expect(undo(etcd, nothing, {purge: true})).toEqual([]);
    // a node that has lost the role keeps it: another list of members is rejected
    expect(undo(etcd, installed, {isRetired: true})).toEqual([]);
  });

  it.each([
    ['enabled active\n', ['systemctl enable etcd.service', 'systemctl start etcd.service']],
    [' active\n', ['systemctl start etcd.service']],
    ['enabled \n', ['systemctl enable etcd.service']],
  ])('restores the distribution unit as it was: %j', (content, desired) => {
    const actions = lines(undo(etcd, {...nothing, backup: {content, mode: '644'}}));
    expect(actions).toEqual([...desired, 'remove /etc/hw5/restore/etcd.service']);
  });

  describe('a member without data', () => {
    const lost = {...installed, isMember: false};
    const JOIN = 'join the members that have data already';
    const joins = (observed: object, others: Record<string, object>) => plan(etcd, observed, {others});
    const script = (actions: readonly Action[]): string =>
      actions.map((action) => (action.kind === 'script' ? action.script : '')).join('');

    it('joins those that have data, whether it lost its own, is a new machine, or runs on deleted files', () => {
      for (const observed of [lost, {...lost, service: {...RUNS, isActive: false}}, nothing, {...lost, data: false}]) {
        const actions = joins(observed, {node1: installed, node2: installed});
        expect(lines(actions)[0]).toBe(JOIN);
        expect(lines(actions)[1]).toMatch(/^make the data directory/);
        expect(lines(actions).at(-1)).toBe('systemctl restart hw5-etcd.service');
        expect(script(actions)).toContain("CLIENTS='http://198.18.0.11:2379 http://198.18.0.12:2379'");
        expect(script(actions)).toContain("PEERS='http://198.18.0.11:2380 http://198.18.0.12:2380'");
        expect(script(actions)).toContain('QUORUM=2\n');
      }
    });

    it('queries those that have data, quorum or not, before it starts with them', () => {
      expect(lines(joins(lost, {node1: installed, node2: lost}))[0]).toBe(JOIN);
    });

    it('starts no new cluster while an unreachable node may have data', () => {
      const [problem] = failedChecks(etcd, nothing, {others: {node1: nothing}});
      expect(problem).toBe('etcd would start a new cluster here, and it is unknown whether node2 has data of the old one');
      expect(failedChecks(etcd, lost, {others: {node1: installed}})).toEqual([]);
    });

    it('drops an earlier join when all start a new cluster', () => {
      const forgotten = {...nothing, joinFile: true};
      expect(lines(joins(forgotten, {node1: nothing, node2: nothing}))).toContain('remove /run/hw5-etcd.join');
    });

    it('starts with the others when none has data', () => {
      expect(lines(joins(nothing, {node1: nothing, node2: nothing}))).not.toContain(JOIN);
      expect(lines(joins(installed, {node1: lost, node2: lost}))).toEqual([]);
    });
  });

  it('rejects another data directory while it has data', () => {
    const cluster = clusterOf('etcd: {dataDir: /srv/etcd}');
    // the facts are of the new directory, which is empty on every host
    const observed = {...installed, isMember: false, data: false};
    expect(failedChecks(etcd, observed, {cluster, others: {node1: observed, node2: observed}})).toEqual([
      "etcd's data is in /var/lib/hw5/etcd and cannot be moved (the cluster file has /srv/etcd)",
    ]);
    expect(failedChecks(etcd, nothing, {cluster, others: {node1: nothing, node2: nothing}})).toEqual([]);
  });

  describe('whose members change', () => {
    const was = 'node0=http://198.18.0.10:2380,node1=http://198.18.0.11:2380,node2=http://198.18.0.12:2380';
    const moved = clusterOf('etcd: {peerPort: 7001}');
    const problem = `etcd's members cannot be changed in place (they are ${was}, the cluster file has ${was.replaceAll('2380', '7001')})`;

    it('is rejected where a member runs, and where a new one would join', () => {
      expect(failedChecks(etcd, installed, {cluster: moved})).toEqual([problem]);
      expect(failedChecks(etcd, nothing, {cluster: moved, others: {node1: installed}})).toEqual([problem]);
    });

    it('accepts the same members, one that was started later, and new ones', () => {
      expect(failedChecks(etcd, installed)).toEqual([]);
      expect(failedChecks(etcd, {...installed, unit: FOREIGN}, {cluster: moved})).toEqual([]);
      expect(failedChecks(etcd, nothing, {others: {node1: installed, node2: installed}})).toEqual([]);
      expect(
        failedChecks(etcd, nothing, {cluster: moved, others: {node1: {...installed, isMember: false}, node2: nothing}}),
      ).toEqual([]);
    });
  });

  it('is removed by down from all nodes, except for foreign data', () => {
    const cluster = (dataDir: string) =>
      parseCluster(
        `nodes: [{address: 198.18.0.10}, {address: 198.18.0.11, roles: [agent]}]\netcd: {dataDir: ${dataDir}}`,
        '/here/cluster.yaml',
      );
    const purged = (dataDir: string, observed: object) =>
      lines(undo(etcd, {...nothing, data: true, ...observed}, {cluster: cluster(dataDir), node: 'node1', purge: true}));
    expect(etcd.undoTargets!(cluster('/srv/etcd')).map(({name}) => name)).toEqual(['node0', 'node1']);
    expect(purged('/srv/etcd', {})).toEqual([]);
    expect(purged('/srv/etcd', {unit: FOREIGN})).toContain('remove /srv/etcd');
    expect(purged('/var/lib/hw5/etcd', {})).toEqual(['remove /var/lib/hw5/etcd']);
  });

  it('is changed on one member after the other if members run', () => {
    expect([etcd.isRolling!(installed), etcd.isRolling!(nothing)]).toEqual([true, false]);
  });

  it('is ready when a quorum answers this member', () => {
    expect(readiness(etcd, {node: 'node1'}).script).toContain('--endpoints http://198.18.0.11:2379');
  });

  it('runs with the data directory and the ports of the cluster file', () => {
    const cluster = clusterOf('etcd: {clientPort: 4001, peerPort: 7001, token: t, dataDir: /srv/etcd}');
    const text = fileAfter(plan(etcd, nothing, {cluster}), UNIT).content;
    for (const part of ['=http://198.18.0.12:7001', '198.18.0.10:4001', '-cluster-token t ', '--data-dir /srv/etcd '])
      expect(text).toContain(part);
  });
});
