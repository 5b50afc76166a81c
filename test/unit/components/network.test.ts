import {describe, expect, it} from 'vitest';
import {calicoctl} from '../../../src/components/calico/calicoctl.js';
import {calicoNode} from '../../../src/components/calico/node.js';
import {pool} from '../../../src/components/calico/pool.js';
import {network} from '../../../src/components/network/component.js';
import type {RunAction} from '../../../src/engine/action.js';
import type {Fact} from '../../../src/engine/fact.js';
import {fakeInputs} from '../../support/fake-inputs.js';
import {clusterOf, contextOf, fileAfter, lines, plan, problems, readiness, targets, undo} from './situation.js';

const URL = 'https://github.com/projectcalico/calicoctl/releases/download/v1.6.5/calicoctl';
const CONFIG = '/etc/calico/calicoctl.cfg';

describe('calicoctl', () => {
  const nothing = {
    hash: undefined,
    origin: undefined,
    configuration: undefined,
    hasConfigBackup: false,
    hasProgramBackup: false,
  };
  const first = plan(calicoctl, nothing);
  const config = fileAfter(first, CONFIG);
  const well = {
    hash: 'a'.repeat(64),
    origin: fileAfter(first, '/etc/hw5/calicoctl.origin'),
    configuration: config,
    hasConfigBackup: false,
    hasProgramBackup: false,
  };
  const pinned = clusterOf(`calico: {calicoctl: {url: "${URL}", sha256: "${'a'.repeat(64)}"}}`);

  it('is fetched by the host, which remembers from where', () => {
    expect(lines(first)).toEqual([
      'write /etc/hw5/calicoctl.origin (mode 0644)',
      `download /usr/local/bin/calicoctl from ${URL}`,
      'change /etc/hw5/calicoctl.origin (mode 0644)',
      `write ${CONFIG} (mode 0644)`,
    ]);
    expect(config.content).toContain('http://198.18.0.10:2379,http://198.18.0.11:2379,http://198.18.0.12:2379');
  });

  it('is left alone when it came from there', () => {
    expect(plan(calicoctl, well)).toEqual([]);
  });

  it.each<[string, object]>([
    ['it is gone', {hash: undefined}],
    ['it came from another URL', {origin: {content: 'http://old\n', mode: '644'}}],
  ])('is fetched again when %s', (_, observed) => {
    expect(lines(plan(calicoctl, {...well, ...observed}))).toContainEqual(expect.stringMatching(/^download/));
  });

  it('goes by its hash alone when that is pinned', () => {
    expect(plan(calicoctl, {...well, origin: undefined}, {cluster: pinned})).toEqual([]);
    expect(lines(plan(calicoctl, {...well, hash: 'b'.repeat(64)}, {cluster: pinned}))).toEqual([
      'change /etc/hw5/calicoctl.origin (mode 0644)',
      `download /usr/local/bin/calicoctl from ${URL}`,
      'change /etc/hw5/calicoctl.origin (mode 0644)',
    ]);
  });

  it('comes from this computer when it is a file of it', () => {
    const inputs = fakeInputs({calicoctl: {path: '/here/calicoctl', sha256: 'b'.repeat(64)}});
    expect(lines(plan(calicoctl, well, {inputs}))).toEqual([
      'change /etc/hw5/calicoctl.origin (mode 0644)',
      'upload /usr/local/bin/calicoctl',
      'change /etc/hw5/calicoctl.origin (mode 0644)',
    ]);
    expect(plan(calicoctl, {...well, hash: 'b'.repeat(64)}, {inputs})).toEqual([]);
  });

  it("keeps somebody else's configuration unread, and gives it back", () => {
    const actions = plan(calicoctl, {...well, configuration: 'foreign'});
    expect(lines(actions)).toEqual([
      `back up the existing one: cp -p -- ${CONFIG} /etc/hw5/restore/calicoctl.cfg`,
      `write ${CONFIG} (mode 0644)`,
    ]);
    expect(lines(undo(calicoctl, {...well, hasConfigBackup: true}))[0]).toBe(
      `restore the backup: mv -f -- /etc/hw5/restore/calicoctl.cfg ${CONFIG}`,
    );
    expect(lines(undo(calicoctl, well))[0]).toBe(`remove ${CONFIG}`);
  });

  it("keeps somebody else's program, and gives it back", () => {
    const theirs = {...well, hash: 'b'.repeat(64), origin: undefined};
    expect(lines(plan(calicoctl, theirs, {cluster: pinned}))[0]).toBe(
      'back up the existing one: cp -p -- /usr/local/bin/calicoctl /etc/hw5/restore/calicoctl',
    );
    expect(lines(undo(calicoctl, {...well, hasProgramBackup: true}))).toContain(
      'restore the backup: mv -f -- /etc/hw5/restore/calicoctl /usr/local/bin/calicoctl',
    );
  });

  it.each([
    ['ours', undefined, `remove /usr/local/bin/calicoctl`],
    ["somebody else's", 'b'.repeat(64), 'restore the backup: mv -f -- /etc/hw5/restore/calicoctl /usr/local/bin/calicoctl'],
  ])('of which %s was there when the run that brings it was interrupted is still known for what it is', (_, hash, mend) => {
    const cut = {...well, hash, origin: undefined};
    const actions = plan(calicoctl, cut);
    for (const [index, {kind}] of actions.entries()) {
      if (kind !== 'download') continue;
      const [note] = actions.slice(0, index).filter((action) => action.kind === 'write');
      const half = {...cut, origin: {content: String(note!.content), mode: '644'}, hasProgramBackup: hash !== undefined};
      expect(lines(plan(calicoctl, half))).toContainEqual(expect.stringMatching(/^download/));
      expect(lines(undo(calicoctl, half))).toContain(mend);
    }
    expect(actions.map(({kind}) => kind)).toContain('download');
    const kept = {...cut, hasProgramBackup: true};
    expect(lines(undo(calicoctl, kept))).toContain(
      'restore the backup: mv -f -- /etc/hw5/restore/calicoctl /usr/local/bin/calicoctl',
    );
  });

  it('takes away only what is ours', () => {
    expect(undo(calicoctl, nothing)).toEqual([]);
    expect(undo(calicoctl, {...well, configuration: 'foreign', origin: undefined})).toEqual([]);
    expect(lines(undo(calicoctl, {...nothing, origin: well.origin}))).toContain('remove /usr/local/bin/calicoctl');
  });
});

describe('the IP pool and the profile', () => {
  const seenPool = {
    kind: 'ipPool',
    apiVersion: 'v1',
    metadata: {cidr: '192.168.0.0/16'},
    spec: {ipip: {mode: 'always'}, 'nat-outgoing': true},
  };
  const [makePool, makeProfile] = plan(pool, {pool: undefined, profile: undefined}) as [RunAction, RunAction];
  const wanted = {pool: JSON.parse(makePool.stdin as string), profile: JSON.parse(makeProfile.stdin as string)};
  const well = {pool: JSON.stringify([wanted.pool]), profile: JSON.stringify([wanted.profile])};

  it('are made in etcd: no tunnel, and the nodes may reach the containers', () => {
    expect(wanted.pool).toEqual({
      apiVersion: 'v1',
      kind: 'ipPool',
      metadata: {cidr: '192.168.0.0/16'},
      spec: {ipip: {enabled: false}, 'nat-outgoing': true},
    });
    expect(wanted.profile.spec.ingress).toEqual([
      {action: 'allow', source: {tag: 'calico_net'}},
      {action: 'allow', source: {net: '198.18.0.10/32'}},
      {action: 'allow', source: {net: '198.18.0.11/32'}},
      {action: 'allow', source: {net: '198.18.0.12/32'}},
    ]);
    expect(makePool.argv).toEqual(['calicoctl', 'apply', '-f', '-']);
  });

  it('are left alone when they are so, whatever the server adds or leaves out', () => {
    expect(plan(pool, well)).toEqual([]);
    const printed = [{...wanted.pool, status: 'new', spec: {'nat-outgoing': true}}];
    expect(plan(pool, {...well, pool: JSON.stringify(printed)})).toEqual([]);
  });

  it.each<[string, object]>([
    ['a tunnel', {...seenPool, spec: {'nat-outgoing': true, ipip: {enabled: true}}}],
    ['no masquerading', {...seenPool, spec: {ipip: {enabled: false}}}],
  ])('are mended when the pool has %s', (_, observed) => {
    expect(lines(plan(pool, {...well, pool: JSON.stringify([observed])}))).toEqual([
      'IP pool 192.168.0.0/16: calicoctl apply -f -',
    ]);
  });

  it('are mended when the profile lacks a node', () => {
    const less = {...wanted.profile, spec: {...wanted.profile.spec, ingress: wanted.profile.spec.ingress.slice(0, 2)}};
    expect(lines(plan(pool, {...well, profile: JSON.stringify([less])}))).toHaveLength(1);
  });

  it('are made where calicoctl says nothing that can be read', () => {
    expect(plan(pool, {pool: 'Error', profile: '[]'})).toHaveLength(2);
  });

  it('are deleted, the profile first, those that are there', () => {
    expect(undo(pool, well).map((action) => JSON.parse((action as RunAction).stdin as string).kind)).toEqual([
      'profile',
      'ipPool',
    ]);
    expect(undo(pool, {pool: undefined, profile: undefined})).toEqual([]);
  });

  it('are the business of one node', () => {
    expect(targets(pool, clusterOf())).toEqual(['node0']);
  });
});

describe('calico-node', () => {
  const STARTED = '/etc/hw5/calico-node';
  const nothing = {started: undefined, isRunning: false};
  const first = plan(calicoNode, nothing, {node: 'node1'});
  const well = {started: fileAfter(first.slice(1), STARTED), isRunning: true};

  it('is started with address, name and an image that is always named', () => {
    expect(lines(first)[1]).toBe(
      'calicoctl node run --ip=198.18.0.11 --name=node1 --node-image=quay.io/calico/node:v2.6.12 --no-default-ippools',
    );
  });

  it.each<[string, object, number]>([
    ['is left alone when it runs with these arguments', {}, 0],
    ['is started when it stopped', {isRunning: false}, 1],
    ['is started when nobody knows with what it runs', {started: undefined}, 3],
    ['is started anew when it runs with others', {started: {content: 'calicoctl node run\n', mode: '644'}}, 2],
  ])('%s', (_, observed, count) => {
    expect(plan(calicoNode, {...well, ...observed}, {node: 'node1'})).toHaveLength(count);
  });

  it('names its autonomous system only when it is not the usual', () => {
    const cluster = clusterOf('calico: {asNumber: 64999}');
    expect(lines(plan(calicoNode, nothing, {cluster}))[1]).toContain(' --as=64999 ');
    expect(lines(first)[1]).not.toContain('--as=');
  });

  const established = (...addresses: string[]) =>
    addresses.map((address) => `| ${address} | node-to-node mesh | up | 23:30:04 | Established |\n`).join('');

  it('is ready when it has a session with each other node', () => {
    const {missing, reason} = readiness(calicoNode, {node: 'node1'});
    expect(reason).toBe('BGP sessions with node0 and node2');
    expect(missing!({stdout: established('198.18.0.10', '198.18.0.12'), code: 0})).toBeUndefined();
    expect(missing!({stdout: established('198.18.0.10'), code: 0})).toBe('no session with node2 (198.18.0.12)');
    expect(missing!({stdout: established('198.18.0.110', '198.18.0.12'), code: 0})).toBe('no session with node0 (198.18.0.10)');
    const starting = established('198.18.0.10', '198.18.0.12').replace('Established', 'Active Socket: Connection refused');
    expect(missing!({stdout: starting, code: 0})).toBe('no session with node0 (198.18.0.10)');
    expect(missing!({stdout: 'Calico process is not running.\n', code: 1})).toBe('Calico process is not running.');
    expect(missing!({stdout: '', code: 127})).toBe('');
  });

  it('does not wait for a node that cannot be reached', () => {
    const {missing, reason} = readiness(calicoNode, {node: 'node1', unreachable: new Set(['node2'])});
    expect(reason).toBe('BGP sessions with node0');
    expect(missing!({stdout: established('198.18.0.10'), code: 0})).toBeUndefined();
  });

  it('runs when calicoctl prints its status, with or without sessions: observed with the script of its wait', () => {
    const {script, parse} = calicoNode.facts(contextOf({}))['isRunning']!;
    expect(script).toBe(readiness(calicoNode).script);
    expect(script).toContain('calicoctl node status');
    expect(parse({stdout: established('198.18.0.11'), code: 0})).toBe(true);
    expect(parse({stdout: 'No IPv4 peers found.\n', code: 0})).toBe(true);
    expect(parse({stdout: 'Calico process is not running.\n', code: 1})).toBe(false);
    expect(parse({stdout: '', code: 127})).toBe(false);
  });

  it('is noted before its first start, so that one that failed half-way is taken away', () => {
    const [note] = first;
    expect(lines(first)[0]).toBe(`write ${STARTED} (mode 0644)`);
    const started = fileAfter([note!], STARTED);
    expect(lines(undo(calicoNode, {started, isRunning: false}))).toContain('docker rm -f calico-node');
    // whatever runs now, it is not known to run with these arguments
    expect(lines(plan(calicoNode, {started, isRunning: true}, {node: 'node1'}))).toEqual([
      expect.stringMatching(/^calicoctl node run /),
      `change ${STARTED} (mode 0644)`,
    ]);
  });

  it('is taken away where hw5 started one, whether it still runs or not', () => {
    for (const isRunning of [true, false]) {
      expect(lines(undo(calicoNode, {...well, isRunning}))).toEqual([
        'docker rm -f calico-node',
        'remove what Calico left in the kernel',
        'calicoctl delete node node0',
        `remove ${STARTED}`,
      ]);
    }
    expect(undo(calicoNode, nothing)).toEqual([]);
  });

  it("stays where hw5 never started one: it is somebody else's", () => {
    expect(undo(calicoNode, {...nothing, isRunning: true})).toEqual([]);
  });
});

describe('the Docker network', () => {
  const ours = {Name: 'calico_net', Driver: 'calico', IPAM: {Driver: 'calico-ipam', Config: [{Subnet: '192.168.0.0/16'}]}};

  it('is made once, on the first node', () => {
    expect(lines(plan(network, {network: undefined}))).toEqual([
      'create the network: docker network create --driver calico --ipam-driver calico-ipam --subnet=192.168.0.0/16 calico_net',
    ]);
    expect(plan(network, {network: undefined}, {node: 'node1'})).toEqual([]);
    expect(plan(network, {network: ours})).toEqual([]);
  });

  it.each<[string, object]>([
    ['another driver', {...ours, Driver: 'bridge'}],
    ['another IPAM driver', {...ours, IPAM: {...ours.IPAM, Driver: 'default'}}],
    ['another subnet', {...ours, IPAM: {...ours.IPAM, Config: [{Subnet: '10.0.0.0/8'}]}}],
  ])('of this name with %s stands against it', (_, observed) => {
    expect(problems(network, {network: observed})[0]).toMatch(/^the network calico_net is there already, with driver/);
  });

  it.each<[string, object]>([
    ['another subnet', {network: {...ours, IPAM: {...ours.IPAM, Config: [{Subnet: '10.0.0.0/8'}]}}, others: []}],
    ['another name', {network: undefined, others: [{...ours, Name: 'old_net'}]}],
  ])('of a running cluster that the file now gives %s is not to be removed under its tasks', (_, observed) => {
    const [problem] = network.check!(observed as never, contextOf(observed));
    expect(problem!.hint).toBe('put it back, or take the cluster down with the old file first: `hw5 down`');
  });

  it('of ours does not, nor does another one', () => {
    const bridge = {Name: 'bridge', Driver: 'bridge', IPAM: {Driver: 'default', Config: [{Subnet: '172.17.0.0/16'}]}};
    const theirs = {...ours, Name: 'theirs', IPAM: {...ours.IPAM, Config: [{Subnet: '10.0.0.0/8'}]}};
    expect(problems(network, {network: ours, others: [bridge, theirs]})).toEqual([]);
    expect(problems(network, {network: undefined, others: [bridge, theirs]})).toEqual([]);
  });

  it('is found by its name among all that dockerd knows', () => {
    const {network: named, others} = network.facts(contextOf({})) as Record<string, Fact<unknown>>;
    const stdout = JSON.stringify([{Name: 'bridge'}, {Name: 'calico_net'}]);
    expect(named!.parse({stdout, code: 0})).toEqual({Name: 'calico_net'});
    expect(others!.parse({stdout, code: 0})).toEqual([{Name: 'bridge'}]);
    expect([named!.parse({stdout: '', code: 7}), others!.parse({stdout: '', code: 7})]).toEqual([undefined, []]);
  });

  it("is removed only when Calico's drivers made it: another of this name is somebody else's", () => {
    expect(undo(network, {network: {...ours, Driver: 'bridge'}})).toEqual([]);
    expect(undo(network, {network: {...ours, IPAM: {...ours.IPAM, Driver: 'default'}}})).toEqual([]);
  });

  it('is removed once', () => {
    expect(lines(undo(network, {network: ours}))).toEqual(['docker network rm calico_net']);
    expect(undo(network, {network: ours}, {node: 'node2'})).toEqual([]);
    expect(undo(network, {network: undefined})).toEqual([]);
  });
});
