import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {type Component, portsOf} from '../../../../src/components/component.js';
import {referenceClock} from '../../../../src/components/host/checks/clock.js';
import type {PreflightContext, PreflightFacts} from '../../../../src/components/host/checks/observed.js';
import {listenersScript, preflightChecks} from '../../../../src/components/host/preflight.js';
import {COMPONENTS} from '../../../../src/components/index.js';
import {observe} from '../../../../src/engine/observe.js';
import {LocalHost} from '../../../../src/host/local-host.js';
import {clusterOf, contextOf, failedChecks, plan, undo, withRoles} from '../situation.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

/** A fresh Debian 12, without hw5. */
const GOOD: PreflightFacts = {
  release: 'debian 12 ',
  systemd: 'systemd',
  apt: '/usr/bin/apt-get',
  docker: '20.10.24+dfsg1-1+deb12u1',
  node: 'v18.19.0',
  etcd: '3.4.23-4+b4',
  listeners: 'LISTEN 0      128          0.0.0.0:22        0.0.0.0:*    users:(("sshd",pid=101,fd=3))',
  allowed: '0',
  hasHw5: '0',
  packages: 'docker.io etcd-server',
  images: undefined,
  swarm: undefined,
  clock: String(NOW + 1200),
  freeKilobytes: String(20 * 1024 * 1024),
  gateway: '169.254.1.1 via 198.18.0.1 dev host0 src 198.18.0.10 uid 0',
  routes: 'default via 198.18.0.1 dev host0\n198.18.0.0/24 dev host0 proto kernel scope link src 198.18.0.10',
  addresses: '1: lo    inet 127.0.0.1/8 scope host lo\n2: host0    inet 198.18.0.10/24 brd 198.18.0.255 scope global host0',
};

const cluster = clusterOf();
const [preflight] = COMPONENTS as [Component];
const CONTEXT: PreflightContext = {
  node: cluster.nodes[0]!,
  subnet: cluster.network.subnet,
  ports: portsOf(COMPONENTS, cluster, cluster.nodes[0]!),
  clock: {now: NOW, owner: "the controller's"},
  images: ['docker-ssh:1', 'docker-jupyter:1'],
  isContainerHost: true,
  isEtcdMember: true,
  needsNode: true,
};

const messages = (observed: Partial<PreflightFacts>, context: Partial<PreflightContext> = {}): string[] =>
  preflightChecks({...GOOD, ...observed}, {...CONTEXT, ...context}).map(({message}) => message);

const listens = (address: string, program = 'nginx'): string =>
  `${GOOD.listeners}\nLISTEN 0      511    ${address}    0.0.0.0:*    users:(("${program}",pid=4711,fd=6),("${program}",pid=4712,fd=6))`;

describe('preflight', () => {
  it.each<[string, Partial<PreflightFacts>]>([
    ['Debian 12', {}],
    ['Ubuntu', {release: 'ubuntu 22.04 debian'}],
    ['a derivative of Debian', {release: 'raspbian 12 debian'}],
    ['a Docker with an epoch', {docker: '5:20.10.24~3-0~debian-bookworm'}],
    ['a Node.js that apt would install', {node: 'v18.19.0+dfsg-6~deb12u1'}],
    ['a Docker outside any swarm', {swarm: 'inactive'}],
    ['a newer Node.js', {node: 'v22.1.0'}],
    ['a newer etcd', {etcd: '1:3.10.1-1'}],
    ['etcd 4', {etcd: '4.0.0'}],
    ['a clock that is a little off', {clock: String(NOW - 29_000)}],
    ['facts that could not be observed', {clock: undefined, freeKilobytes: undefined, listeners: undefined, routes: undefined}],
  ])('accepts %s', (_, observed) => {
    expect(messages(observed)).toEqual([]);
  });

  it.each<[string, Partial<PreflightFacts>, string]>([
    ['another system', {release: 'fedora 39 ', apt: undefined}, 'this is fedora 39 , not Debian or Ubuntu'],
    ['no apt', {apt: undefined}, 'this is debian 12 , not Debian or Ubuntu'],
    ['a container', {systemd: 'tini'}, 'process 1 is tini, not systemd'],
    [
      'Docker 24',
      {docker: '5:24.0.7-1~debian.12~bookworm'},
      'Docker 24.0 has no --cluster-store any more (removed in Docker 23)',
    ],
    [
      'a Docker in swarm mode',
      {swarm: 'active'},
      'its Docker is in swarm mode (active), in which dockerd does not start with --cluster-store',
    ],
    ['apt without Docker', {docker: '(none)'}, 'apt knows no package docker.io'],
    ['an old Node.js', {node: 'v12.22.12'}, 'Node.js here is 12'],
    ['apt without Node.js', {node: 'v(none)'}, 'apt knows no package nodejs'],
    ["Debian 11's etcd", {etcd: '3.3.25+dfsg-6'}, 'etcd here is 3.3, whose JSON gateway the framework does not support'],
    ['etcd 2', {etcd: '2.3.7'}, 'etcd here is 2.3, whose JSON gateway the framework does not support'],
    ['apt without etcd', {etcd: '(none)'}, 'apt knows no package etcd-server'],
    ['a clock that is slow', {clock: String(NOW - 61_000)}, "its clock differs by 61 s from the controller's"],
    ['a clock that is fast', {clock: String(NOW + 61_000)}, "its clock differs by 61 s from the controller's"],
    ['a full disk', {freeKilobytes: String(2 * 1024 * 1024)}, 'only 2048 MB are free under /var/lib'],
    ['no route to the gateway of containers', {gateway: undefined}, 'no route covers 169.254.1.1'],
    ['another address', {addresses: '2: eth0    inet 198.18.0.100/24'}, 'no interface has the address 198.18.0.10'],
  ])('finds %s', (_, observed, message) => {
    expect(messages(observed)).toEqual([message]);
  });

  it.each<[string, (number | undefined)[], number, string]>([
    ['of a single host is compared with the controller', [500], 0, "the controller's"],
    ['of the only host that could be observed too', [500, undefined], 0, "the controller's"],
    ['that is apart from the others is found by the median', [900, 905, 1], 900, "the other hosts'"],
    ['of two hosts is compared with the one nearer to the controller', [900, 3], 3, "the other hosts'"],
  ])('the clock %s', (_, clocks, now, owner) => {
    const observed = clocks.map((clock) => (clock === undefined ? undefined : String(clock)));
    expect(referenceClock(observed, 0)).toEqual({now, owner});
  });

  it('does not count the time in which the user enters a password against the clock of a host', () => {
    const late = {...GOOD, clock: String(NOW + 300_000)};
    const others = {node1: late, node2: {...late, clock: String(NOW)}};
    expect(failedChecks(preflight, late, {others})).toEqual([]);
    expect(failedChecks(preflight, {...late, clock: String(NOW)}, {others: {node1: late, node2: late}})).toEqual([
      "its clock differs by 300 s from the other hosts'",
    ]);
  });

  it.each<[string, Partial<PreflightFacts>, number, string]>([
    ['nothing', {}, 3072, 'packages, images and data need 3072 MB there'],
    ['its packages', {packages: ''}, 2048, 'images and data need 2048 MB there'],
    ['packages and other images', {packages: '', images: ['docker-ssh:1']}, 2048, 'images and data need 2048 MB there'],
    ['everything', {packages: '', images: ['docker-ssh:1', 'docker-jupyter:1', 'x']}, 256, 'data need 256 MB there'],
    ['everything and a dockerd that hangs', {packages: '', hasHw5: '5'}, 256, 'data need 256 MB there'],
  ])('requires of a host that has %s the disk space for what is missing', (_, observed, megabytes, hint) => {
    const failedAt = (free: number) => preflightChecks({...GOOD, ...observed, freeKilobytes: String(free * 1024)}, CONTEXT);
    expect(failedAt(megabytes)).toEqual([]);
    expect(failedAt(megabytes - 1)).toEqual([{message: `only ${megabytes - 1} MB are free under /var/lib`, hint}]);
  });

  it('has a hint for each', () => {
    const all = preflightChecks({...GOOD, systemd: 'tini', gateway: undefined, node: undefined}, CONTEXT);
    expect(all).toHaveLength(3);
    for (const {hint} of all) expect(hint.length).toBeGreaterThan(20);
  });

  it('checks only what the roles of a node need', () => {
    const bare = {docker: undefined, node: undefined, etcd: undefined, gateway: undefined};
    expect(messages(bare, {isContainerHost: false, isEtcdMember: false, needsNode: false})).toEqual([]);
    expect(messages(bare)).toHaveLength(4);
  });

  it.each([
    ['0.0.0.0:8888', 'port 8888 (the reverse proxy) is held by nginx (process 4711)'],
    ['[::]:2379', 'port 2379 (etcd clients) is held by nginx (process 4711)'],
    ['127.0.0.1:8001', "port 8001 (the reverse proxy's API) is held by nginx (process 4711)"],
    ['*:179', 'port 179 (BGP) is held by nginx (process 4711)'],
    ['127.0.0.1:179', 'port 179 (BGP) is held by nginx (process 4711)'],
    ['198.18.0.10:8888', 'port 8888 (the reverse proxy) is held by nginx (process 4711)'],
    ['[::ffff:198.18.0.10]:8888', 'port 8888 (the reverse proxy) is held by nginx (process 4711)'],
    ['0.0.0.0%host0:8888', 'port 8888 (the reverse proxy) is held by nginx (process 4711)'],
  ])('finds another program at %s', (address, message) => {
    expect(messages({listeners: listens(address)})).toEqual([message]);
  });

  it('accepts programs on other ports, the etcd that hw5 stops, and what hw5 has started', () => {
    expect(messages({listeners: listens('0.0.0.0:28888')})).toEqual([]);
    expect(messages({listeners: listens('127.0.0.1:2379', 'etcd'), allowed: '0\n4711'})).toEqual([]);
    expect(messages({listeners: listens('0.0.0.0:8888', 'node'), hasHw5: '7', allowed: '12\n4711\n0'})).toEqual([]);
    expect(messages({listeners: listens('0.0.0.0:179', 'bird'), hasHw5: '7'})).toEqual([]);
  });

  it("accepts the distribution's dockerd on its gossip port, and a TCP listener on the port of a UDP service", () => {
    expect(CONTEXT.ports.map(({port}) => port)).toContain(7946);
    expect(messages({listeners: listens('*:7946', 'dockerd')})).toEqual([]);
    const time = {port: 123, purpose: 'NTP', access: 'outside', bind: 'everywhere'} as const;
    const conflicts = (protocol: 'tcp' | 'udp') => messages({listeners: listens('0.0.0.0:123')}, {ports: [{...time, protocol}]});
    expect([conflicts('tcp').length, conflicts('udp').length]).toEqual([1, 0]);
  });

  it("rejects an etcd that is not the distribution's, as that of Kubernetes, a foreign bird, and a program that was started after `up`", () => {
    expect(messages({listeners: listens('127.0.0.1:2379', 'etcd')})).toHaveLength(1);
    expect(messages({listeners: listens('0.0.0.0:179', 'bird')})).toHaveLength(1);
    expect(messages({listeners: listens('0.0.0.0:8888'), hasHw5: '7', allowed: '12'})).toHaveLength(1);
  });

  it.each(['127.0.0.1:8888', '127.0.0.53%lo:8888', '[::1]:8888', '10.0.0.7:8888', '198.18.0.10:8001'])(
    'accepts another program at %s, where the service will not listen',
    (address) => expect(messages({listeners: listens(address)})).toEqual([]),
  );

  it.each([
    ['deinstall ok config-files', '20.10.24', '24.0.7'],
    ['install ok installed', '20.10.24', '20.10.24'],
  ])('takes the version of a package whose dpkg status is %s', async (status, version, expected) => {
    const directory = await mkdtemp(join(tmpdir(), 'hw5-preflight-'));
    const dpkg = `[ "$4" = docker.io ] || exit 1\ncase "$3" in *Status-Status*) printf '%s ' ${status.split(' ').at(-1)};; esac\nprintf ${version}`;
    await writeFile(join(directory, 'dpkg-query'), `#!/bin/sh\n${dpkg}\n`, {mode: 0o755});
    await writeFile(join(directory, 'apt-cache'), '#!/bin/sh\necho "  Candidate: 24.0.7"\n', {mode: 0o755});
    const fact = preflight.facts(contextOf({}))['docker']!;
    const observed = await observe(new LocalHost(), {docker: {...fact, script: `PATH=${directory}:$PATH; ${fact.script}`}});
    await rm(directory, {recursive: true});
    expect(observed.docker).toBe(expected);
  });

  it.each([
    ['192.168.12.0/24 dev eth1 proto kernel scope link', 'its network 192.168.12.0/24 overlaps'],
    ['192.168.7.7 dev wg0 scope link', 'its network 192.168.7.7/32 overlaps'],
    ['192.0.0.0/8 via 198.18.0.1 dev host0', 'its network 192.0.0.0/8 overlaps'],
  ])('finds that %s is in the way of the pool', (route, message) => {
    expect(messages({routes: `${GOOD.routes}\n${route}`})[0]).toContain(message);
  });

  it("does not take Calico's own routes for foreign", () => {
    const own = [
      'blackhole 192.168.12.64/26 proto bird',
      '192.168.99.0/26 via 198.18.0.11 dev host0 proto bird',
      '192.168.12.65 dev cali12345 scope link',
    ];
    expect(messages({routes: [GOOD.routes, ...own].join('\n')})).toEqual([]);
  });

  it("reads the swarm's state from dockerd's own information", () => {
    const {parse} = preflight.facts(contextOf({}))['swarm']!;
    expect(parse({stdout: '{"Swarm": {"LocalNodeState": "active"}}', code: 0})).toBe('active');
    expect([parse({stdout: '{}', code: 0}), parse({stdout: '', code: 7})]).toEqual([undefined, undefined]);
  });

  it('is a step that only checks', () => {
    expect(failedChecks(preflight, GOOD)).toEqual([]);
    expect(failedChecks(preflight, {...GOOD, systemd: 'tini'})).toHaveLength(1);
    expect([...plan(preflight, GOOD), ...undo(preflight, GOOD)]).toEqual([]);
  });
});

describe('the ports of a node', () => {
  const of = (more: string, roles: string) => {
    const cluster = withRoles(clusterOf(more), 'node0', roles.split(' ') as never);
    const ports = portsOf(COMPONENTS, cluster, cluster.nodes[0]!).filter(({bind}) => bind !== undefined);
    return ports.map(({port}) => port);
  };

  it('are those of its roles, as the cluster sets them', () => {
    expect(of('', 'etcd master agent proxy')).toEqual([2379, 2380, 179, 5050, 5051, 8888, 8001]);
    expect(of('proxy: {port: 80}', 'proxy')).toEqual([179, 80, 8001]);
    expect(of('', 'framework')).toEqual([]);
  });

  it("do not include Mesos's if hw5 does not run it", () => {
    expect(of('mesos: {source: {kind: external, master: "10.0.0.9:5050"}}', 'master agent')).toEqual([179]);
  });
});

describe('the fact of the listening sockets', () => {
  const withSs = (script: string): string => {
    const directory = mkdtempSync(join(tmpdir(), 'hw5-ss-'));
    try {
      writeFileSync(join(directory, 'ss'), `#!/bin/sh\n${script}\n`, {mode: 0o755});
      return execFileSync('sh', ['-c', listenersScript([2049, 5050])], {
        cwd: directory,
        env: {PATH: `${directory}:/usr/bin:/bin`},
        encoding: 'utf8',
      });
    } finally {
      rmSync(directory, {recursive: true});
    }
  };

  it('reads them again when ss does not know the process of one that has just been opened', () => {
    const table = withSs(
      `echo x >>calls; [ $(wc -l <calls) -gt 1 ] && users='users:(("mesos-master",pid=7,fd=3))'; echo "LISTEN 0 511 10.0.0.1:5050 0.0.0.0:* $users"`,
    );
    expect(table).toBe('LISTEN 0 511 10.0.0.1:5050 0.0.0.0:* users:(("mesos-master",pid=7,fd=3))\n');
  });

  it('prints those of the kernel, which have no process', () => {
    expect(withSs("echo 'LISTEN 0 64 0.0.0.0:2049 0.0.0.0:*'")).toBe('LISTEN 0 64 0.0.0.0:2049 0.0.0.0:*\n');
  });

  it('does not read them again for one on a port that no component has', () => {
    const table = withSs("echo x >>calls; echo 'LISTEN 0 64 0.0.0.0:111 0.0.0.0:*'; wc -l <calls");
    expect(table).toBe('LISTEN 0 64 0.0.0.0:111 0.0.0.0:*\n1\n');
  });
});
