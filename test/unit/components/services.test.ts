import {execFile} from 'node:child_process';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {parseCluster} from '../../../src/cluster/load.js';
import {notebookUrls} from '../../../src/cluster/notebook.js';
import {docker} from '../../../src/components/docker/component.js';
import {etcd} from '../../../src/components/etcd/component.js';
import {COMPONENTS} from '../../../src/components/index.js';
import {proxy} from '../../../src/components/proxy/component.js';
import {framework} from '../../../src/components/scheduler/component.js';
import type {Action, ScriptAction} from '../../../src/engine/action.js';
import {failsafeOf} from '../../../src/firewall/failsafe.js';
import {healthFacts} from '../../../src/status/health-facts.js';
import {SECRETS} from '../../support/fake-inputs.js';
import {
  clusterOf,
  contextOf,
  fileAfter,
  lines,
  NO_UNIT,
  plan,
  problems,
  RUNS,
  readiness,
  targets,
  undo,
  written,
} from './situation.js';

const FOREIGN = {content: 'by hand', mode: '644'};

describe('etcd', () => {
  const UNIT = '/etc/systemd/system/hw5-etcd.service';
  const nothing = {unit: undefined, service: NO_UNIT, others: NO_UNIT, before: undefined, data: false, isMember: false};
  const first = plan(etcd, nothing);
  const well = {...nothing, unit: fileAfter(first, UNIT), service: RUNS, data: true, isMember: true};

  it('is brought up from nothing', () => {
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
    ['does nothing when it runs as it should', {}, []],
    ['is started when it stopped', {service: {...RUNS, isActive: false}}, ['systemctl restart hw5-etcd.service']],
    ['is enabled when it would not start at boot', {service: {...RUNS, isEnabled: false}}, ['systemctl enable hw5-etcd.service']],
    [
      'is written again and restarted when its unit was changed',
      {unit: FOREIGN},
      [`change ${UNIT} (mode 0644)`, 'systemctl daemon-reload', 'systemctl restart hw5-etcd.service'],
    ],
    [
      "puts the distribution's out of the way and remembers how it was",
      {others: {...RUNS, isActive: false}},
      ['write /etc/hw5/restore/etcd.service (mode 0644)', 'systemctl stop etcd.service', 'systemctl disable etcd.service'],
    ],
    [
      'does not forget how it was when it comes back',
      {others: RUNS, before: {content: 'enabled active\n', mode: '644'}},
      ['systemctl stop etcd.service', 'systemctl disable etcd.service'],
    ],
  ])('%s', (_, observed, wanted) => {
    expect(lines(plan(etcd, {...well, ...observed}))).toEqual(wanted);
  });

  it('remembers what ran and what was only enabled', () => {
    const note = (others: object) => fileAfter(plan(etcd, {...well, others}), '/etc/hw5/restore/etcd.service').content;
    expect(note(RUNS)).toBe('enabled active\n');
    expect(note({...RUNS, isEnabled: false})).toBe(' active\n');
    expect(note({...RUNS, isActive: false})).toBe('enabled \n');
  });

  it('is taken away, its data only with --purge', () => {
    const service = [
      'systemctl disable hw5-etcd.service',
      'systemctl stop hw5-etcd.service',
      `remove ${UNIT}`,
      'remove /run/hw5-etcd.join',
      'systemctl daemon-reload',
    ];
    expect(lines(undo(etcd, well))).toEqual(service);
    expect(lines(undo(etcd, well, {purge: true}))).toEqual([...service, 'remove /var/lib/hw5/etcd']);
    expect(undo(etcd, nothing, {purge: true})).toEqual([]);
    // never where only the role is gone: that is another list of members, to which it objects
    expect(undo(etcd, well, {isRetired: true})).toEqual([]);
  });

  it.each([
    ['enabled active\n', ['systemctl enable etcd.service', 'systemctl start etcd.service']],
    [' active\n', ['systemctl start etcd.service']],
    ['enabled \n', ['systemctl enable etcd.service']],
  ])("gives the distribution's back as it was: %j", (content, wanted) => {
    const actions = lines(undo(etcd, {...nothing, before: {content, mode: '644'}}));
    expect(actions).toEqual([...wanted, 'remove /etc/hw5/restore/etcd.service']);
  });

  describe('a member without data', () => {
    const lost = {...well, isMember: false};
    const JOIN = 'join the members that have data already';
    const joins = (observed: object, others: Record<string, object>) => plan(etcd, observed, {others});
    const script = (actions: readonly Action[]): string =>
      actions.map((action) => (action.kind === 'script' ? action.script : '')).join('');

    it('joins those that have, whether it lost its own, is a new machine, or runs on what is deleted', () => {
      for (const observed of [lost, {...lost, service: {...RUNS, isActive: false}}, nothing, {...lost, data: false}]) {
        const actions = joins(observed, {node1: well, node2: well});
        expect(lines(actions)[0]).toBe(JOIN);
        expect(lines(actions)[1]).toMatch(/^make the data directory/);
        expect(lines(actions).at(-1)).toBe('systemctl restart hw5-etcd.service');
        expect(script(actions)).toContain("CLIENTS='http://198.18.0.11:2379 http://198.18.0.12:2379'");
        expect(script(actions)).toContain("PEERS='http://198.18.0.11:2380 http://198.18.0.12:2380'");
        expect(script(actions)).toContain('QUORUM=2\n');
      }
    });

    it('asks those that have some, be they a quorum or not, before it begins with them', () => {
      expect(lines(joins(lost, {node1: well, node2: lost}))[0]).toBe(JOIN);
    });

    it('does not begin anew beside a node that may have some, and cannot be observed', () => {
      const [problem] = problems(etcd, nothing, {others: {node1: nothing}});
      expect(problem).toBe('etcd would begin anew here, and nobody knows whether node2 has data of it');
      expect(problems(etcd, lost, {others: {node1: well}})).toEqual([]);
    });

    it('forgets a join that came to nothing when all begin anew', () => {
      const forgotten = {...nothing, joinFile: true};
      expect(lines(joins(forgotten, {node1: nothing, node2: nothing}))).toContain('remove /run/hw5-etcd.join');
    });

    it('begins with the others when nobody has any', () => {
      expect(lines(joins(nothing, {node1: nothing, node2: nothing}))).not.toContain(JOIN);
      expect(lines(joins(well, {node1: lost, node2: lost}))).toEqual([]);
    });
  });

  it('does not begin anew in another folder beside the data it has', () => {
    const cluster = clusterOf('etcd: {dataDir: /srv/etcd}');
    // as it is observed with the new file: nothing is in the new folder, on no host
    const observed = {...well, isMember: false, data: false};
    expect(problems(etcd, observed, {cluster, others: {node1: observed, node2: observed}})).toEqual([
      "etcd's data is in /var/lib/hw5/etcd and stays there (the file wants /srv/etcd)",
    ]);
    expect(problems(etcd, nothing, {cluster, others: {node1: nothing, node2: nothing}})).toEqual([]);
  });

  describe('whose members change', () => {
    const was = 'node0=http://198.18.0.10:2380,node1=http://198.18.0.11:2380,node2=http://198.18.0.12:2380';
    const moved = clusterOf('etcd: {peerPort: 7001}');
    const problem = `etcd's members cannot be changed in place (they are ${was}, the file wants ${was.replaceAll('2380', '7001')})`;

    it('says so where one runs, and where a new one would join', () => {
      expect(problems(etcd, well, {cluster: moved})).toEqual([problem]);
      expect(problems(etcd, nothing, {cluster: moved, others: {node1: well}})).toEqual([problem]);
    });

    it('has nothing against members that stay, one that was late, and those that are new', () => {
      expect(problems(etcd, well)).toEqual([]);
      expect(problems(etcd, {...well, unit: FOREIGN}, {cluster: moved})).toEqual([]);
      expect(problems(etcd, nothing, {others: {node1: well, node2: well}})).toEqual([]);
      expect(problems(etcd, nothing, {cluster: moved, others: {node1: {...well, isMember: false}, node2: nothing}})).toEqual([]);
    });
  });

  it('is looked for on all nodes by down, but for the data of others', () => {
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

  it('is changed on one member after the other where members run', () => {
    expect([etcd.isRolling!(well), etcd.isRolling!(nothing)]).toEqual([true, false]);
  });

  it('is ready when a quorum answers this member', () => {
    expect(readiness(etcd, {node: 'node1'}).script).toContain('--endpoints http://198.18.0.11:2379');
  });

  it('runs where the cluster says, on the ports that it says', () => {
    const cluster = clusterOf('etcd: {clientPort: 4001, peerPort: 7001, token: t, dataDir: /srv/etcd}');
    const text = fileAfter(plan(etcd, nothing, {cluster}), UNIT).content;
    for (const part of ['=http://198.18.0.12:7001', '198.18.0.10:4001', '-cluster-token t ', '--data-dir /srv/etcd '])
      expect(text).toContain(part);
  });
});

describe('docker', () => {
  const DROP_IN = '/etc/systemd/system/docker.service.d/zz-hw5.conf';
  const RULES = "remove the rules for the containers' pool";
  const STORE = 'etcd://198.18.0.10:2379,198.18.0.11:2379,198.18.0.12:2379';
  const packaged = {
    dropIn: undefined,
    service: RUNS,
    command: '/usr/sbin/dockerd -H fd:// $DOCKER_OPTS',
    info: {ClusterStore: ''},
  };
  const first = plan(docker, packaged, {node: 'node1'});
  const well = {...packaged, dropIn: fileAfter(first, DROP_IN), info: {ClusterStore: STORE}};
  const changed = ['systemctl daemon-reload', 'systemctl restart docker.service'];

  it("adds the store to the distribution's command line, whatever it is", () => {
    expect(lines(first)).toEqual([`write ${DROP_IN} (mode 0644)`, ...changed]);
    expect(fileAfter(first, DROP_IN).content).toContain(
      `ExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS --cluster-store=${STORE} --cluster-advertise=198.18.0.11:2376\n`,
    );
  });

  it.each<[string, object, string[]]>([
    ['does nothing when it runs with the store', {}, []],
    ['is restarted when it runs without the store', {info: {}}, changed],
    ['is restarted when it does not answer', {info: undefined}, changed],
    ['is restarted when it stopped', {service: {...RUNS, isActive: false}}, changed],
    ['is restarted when systemd has not read the drop-in', {service: {...RUNS, needsReload: true}}, changed],
    ['is written again when the drop-in was changed', {dropIn: FOREIGN}, [`change ${DROP_IN} (mode 0644)`, RULES, ...changed]],
  ])('%s', (_, observed, wanted) => {
    expect(lines(plan(docker, {...well, ...observed}, {node: 'node1'}))).toEqual(wanted);
  });

  describe('with programs that stand for those of a node', () => {
    let folder: string;
    /** Runs it in a shell whose programs of these names are these scripts. */
    const sh = async (script: string, programs: Record<string, string>): Promise<string> => {
      for (const [name, text] of Object.entries(programs))
        await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`, {mode: 0o755});
      const env = {...process.env, PATH: `${folder}:${process.env.PATH}`};
      return (await promisify(execFile)('sh', ['-c', script], {env})).stdout.trim();
    };
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'hw5-docker-'));
    });
    afterEach(() => rm(folder, {recursive: true, force: true}));

    it.each([
      ['the distribution', [], '/usr/sbin/dockerd -H fd:// $DOCKER_OPTS'],
      ['an override', ['[Service]\nExecStart=\nExecStart=/opt/dockerd --debug\n'], '/opt/dockerd --debug'],
      ['the last of several, over several lines', ['ExecStart=/one', 'ExecStart=/two \\\n  --x'], '/two    --x'],
      ['an override of something else', ['[Service]\nLimitNOFILE=1'], '/usr/sbin/dockerd -H fd:// $DOCKER_OPTS'],
    ])('takes the command line of %s', async (_, overrides, wanted) => {
      await writeFile(join(folder, 'unit'), '[Service]\nExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\nExecReload=x\n');
      for (const [index, text] of overrides.entries()) await writeFile(join(folder, `${index}.conf`), text);
      const dropIns = [...overrides.keys()].map((index) => join(folder, `${index}.conf`));
      const {script} = docker.facts(contextOf({})).command!;
      const systemctl = `case $* in *FragmentPath*) echo ${folder}/unit;; *) echo ${[...dropIns, DROP_IN].join(' ')};; esac`;
      expect(await sh(script, {systemctl})).toBe(wanted);
    });

    it("removes only its own rules, as iptables' versions show them", async () => {
      const rules = [
        '-P FORWARD DROP',
        '-A FORWARD -s 10.1.0.0/16 -m comment --comment "hw5:pool" -j ACCEPT',
        '-A FORWARD -d 10.1.0.0/16 -m comment --comment hw5:pool -j ACCEPT',
        '-A FORWARD -s 10.1.0.0/16 -m comment --comment "hw5:pool of mine" -j ACCEPT',
      ];
      await writeFile(join(folder, 'rules'), `${rules.join('\n')}\n`);
      const [action] = undo(docker, well) as [ScriptAction];
      await sh(action.script, {
        iptables: `case $2 in -S) cat ${folder}/rules;; *) echo "$*" >>${folder}/calls; exit 1;; esac`,
      });
      expect(await readFile(join(folder, 'calls'), 'utf8')).toBe(
        ['-s', '-d'].map((side) => `-w -D FORWARD ${side} 10.1.0.0/16 -m comment --comment hw5:pool -j ACCEPT\n`).join(''),
      );
    });

    it("lets the pool's traffic through once, behind all other rules", async () => {
      const line = /^ExecStartPost=-\/bin\/sh -c '(.*)'$/m.exec(fileAfter(first, DROP_IN).content)![1]!;
      const rule = (side: string) => `FORWARD ${side} 192.168.0.0/16 -m comment --comment hw5:pool -j ACCEPT`;
      const calls = `echo "$*" >>${folder}/calls`;
      // systemd makes one dollar of two; -s is there already
      await sh(line.replaceAll('$$', '$'), {iptables: `${calls}; [ "$4" = -s ] || [ $2 = -A ]`});
      expect((await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n')).toEqual([
        `-w -C ${rule('-s')}`,
        `-w -C ${rule('-d')}`,
        `-w -A ${rule('-d')}`,
      ]);
    });
  });

  it('gives the packaged command line back', () => {
    expect(lines(undo(docker, well))).toEqual([
      RULES,
      `remove ${DROP_IN}`,
      expect.stringContaining('rmdir --ignore-fail-on-non-empty'),
      ...changed,
    ]);
    expect(undo(docker, packaged)).toEqual([]);
    expect(docker.undoTargets!(clusterOf())).toHaveLength(3);
  });

  it('is changed on one node after the other where it already has a store', () => {
    expect([docker.isRolling!(well), docker.isRolling!(packaged)]).toEqual([true, false]);
  });
});

describe('the reverse proxy', () => {
  const UNIT = '/etc/systemd/system/hw5-proxy.service';
  const LIB = '/usr/local/lib/hw5';
  const nothing = {program: undefined, page: undefined, hasToken: false, unit: undefined, service: NO_UNIT};
  const first = plan(proxy, nothing);
  const well = {
    program: 'c'.repeat(64),
    page: fileAfter(first, `${LIB}/proxy-pages/503.html`),
    hasToken: true,
    unit: fileAfter(first, UNIT),
    service: RUNS,
  };

  it('is brought up from nothing, its token in a file of its own', () => {
    expect(lines(first)).toEqual([
      `upload ${LIB}/configurable-http-proxy`,
      `write ${LIB}/proxy-pages/503.html (mode 0644)`,
      'write /etc/hw5/proxy.env (mode 0600)',
      `write ${UNIT} (mode 0644)`,
      'systemctl daemon-reload',
      'systemctl enable hw5-proxy.service',
      'systemctl restart hw5-proxy.service',
    ]);
    expect(JSON.stringify(first)).not.toContain(SECRETS.proxyToken);
    expect(fileAfter(first, '/etc/hw5/proxy.env').content).toBe(`CONFIGPROXY_AUTH_TOKEN=${SECRETS.proxyToken}\n`);
    expect(fileAfter(first, UNIT).content).toContain('http://192.168.0.100:8888');
  });

  it.each<[string, object, string[]]>([
    ['does nothing when it runs as it should', {}, []],
    [
      'is restarted with a new program',
      {program: 'e'.repeat(64)},
      [`upload ${LIB}/configurable-http-proxy`, 'systemctl daemon-reload', 'systemctl restart hw5-proxy.service'],
    ],
    [
      'gets a token when that is gone',
      {hasToken: false},
      ['write /etc/hw5/proxy.env (mode 0600)', 'systemctl daemon-reload', 'systemctl restart hw5-proxy.service'],
    ],
  ])('%s', (_, observed, wanted) => {
    expect(lines(plan(proxy, {...well, ...observed}))).toEqual(wanted);
  });

  it('is taken away with all its files', () => {
    expect(lines(undo(proxy, well))).toEqual([
      'systemctl disable hw5-proxy.service',
      'systemctl stop hw5-proxy.service',
      `remove ${UNIT}`,
      'systemctl daemon-reload',
      `remove ${LIB}/configurable-http-proxy`,
      `remove ${LIB}/proxy-pages`,
      'remove /etc/hw5/proxy.env',
    ]);
    expect(undo(proxy, nothing)).toEqual([]);
  });

  it('may open a port below 1024, and gets no other privilege', () => {
    const unitAt = (port: number) => written(plan(proxy, nothing, {cluster: clusterOf(`proxy: {port: ${port}}`)}), UNIT).content;
    const capability = 'CapabilityBoundingSet=CAP_NET_BIND_SERVICE\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n';
    expect(unitAt(80)).toContain(capability);
    expect(unitAt(1023)).toContain(capability);
    expect(unitAt(1024)).toContain('CapabilityBoundingSet=\nAmbientCapabilities=\n');
  });

  it('leads to the task that runs Jupyter, wherever it stands in the list', () => {
    const cluster = clusterOf('framework: {tasks: [{name: ssh, count: 2}, {name: lab, image: jupyter, address: 192.168.0.77}]}');
    expect(written(plan(proxy, nothing, {cluster}), UNIT).content).toContain('http://192.168.0.77:8888');
  });

  it('leads to the port at which the health check tries Jupyter', () => {
    const cluster = clusterOf(
      'framework: {tasks: [{name: jupyter, arguments: [notebook, --port=9999], healthCheck: {port: 9999}}]}',
    );
    expect(written(plan(proxy, nothing, {cluster}), UNIT).content).toContain('--default-target=http://192.168.0.100:9999 ');
  });

  it("leads to a Jupyter out of somebody else's image, too, when the task has the name", () => {
    const cluster = clusterOf('framework: {tasks: [{name: ssh-1}, {name: jupyter, image: example/lab, address: 192.168.0.9}]}');
    expect(written(plan(proxy, nothing, {cluster}), UNIT).content).toContain('--default-target=http://192.168.0.9:8888 ');
  });

  it.each(['[]', '[{name: ssh, count: 2}]'])('is nowhere, and nobody asks for it, where no task is a notebook: %s', (tasks) => {
    const cluster = clusterOf(`framework: {tasks: ${tasks}}`);
    expect(targets(proxy, cluster)).toEqual([]);
    expect(proxy.undoTargets!(cluster)).toHaveLength(3);
    expect(Object.keys(healthFacts(COMPONENTS, cluster, cluster.nodes[0]!))).not.toContain('proxy');
    expect(notebookUrls(cluster)).toEqual([]);
    expect(readiness(framework, {cluster}).script).not.toContain('/login');
    expect(failsafeOf(cluster.nodes[0]!, cluster, []).containers[4]).toEqual([]);
  });
});
