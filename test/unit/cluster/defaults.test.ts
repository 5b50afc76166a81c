import {describe, expect, it} from 'vitest';
import {etcdEndpoints, masterAddress, nodesWith, ROLES} from '../../../src/cluster/cluster.js';
import {parseCluster} from '../../../src/cluster/load.js';
import {blockLiteral} from '../../../src/support/block.js';

const THREE = 'nodes: [172.16.1.137, 172.16.1.236, 172.16.1.33]';
const parse = (text: string) => parseCluster(text, '/home/me/zzw/cluster.yaml', {user: 'me', home: '/home/me'});

function rolesOf(text: string): Record<string, string> {
  const cluster = parse(text);
  return Object.fromEntries(
    ROLES.map((role) => [
      role,
      nodesWith(cluster, role)
        .map((node) => node.name)
        .join(' '),
    ]),
  );
}

describe('three addresses', () => {
  it("are the report's cluster", () => {
    const cluster = parse(THREE);
    expect(cluster.nodes.map((node) => `${node.name} ${node.address}`)).toEqual([
      'node0 172.16.1.137',
      'node1 172.16.1.236',
      'node2 172.16.1.33',
    ]);
    expect(etcdEndpoints(cluster)).toEqual(['http://172.16.1.137:2379', 'http://172.16.1.236:2379', 'http://172.16.1.33:2379']);
    expect(masterAddress(cluster)).toBe('172.16.1.137:5050');
    expect(cluster.etcd.token).toBe('zzw');
    expect(cluster.network).toEqual({name: 'calico_net', subnet: blockLiteral('192.168.0.0/16')});
    expect(`${cluster.network.subnet}`).toBe('192.168.0.0/16');
    expect(cluster.images).toEqual({base: {name: 'debian:bookworm-slim'}, builder: 'node0', user: 'zzw'});
    expect(cluster.framework.tasks.map((task) => `${task.name} ${task.image} ${task.address}`)).toEqual([
      'jupyter jupyter 192.168.0.100',
      'ssh-1 ssh 192.168.0.101',
      'ssh-2 ssh 192.168.0.102',
      'ssh-3 ssh 192.168.0.103',
      'ssh-4 ssh 192.168.0.104',
    ]);
  });

  it('log in as the user who runs hw5, and keep host keys next to the file', () => {
    expect(parse(THREE).ssh).toMatchObject({user: 'me', port: 22, agent: true, knownHosts: '/home/me/zzw/.hw5/zzw.known_hosts'});
  });

  it('take the user from the environment when none is given, and root as the last resort', () => {
    expect(parseCluster(THREE, 'c.yaml', {env: {USER: 'ann'}}).ssh.user).toBe('ann');
    expect(parseCluster(THREE, 'c.yaml').ssh.user).toBe('root');
  });

  it('make an immutable cluster', () => {
    const cluster = parse(THREE);
    expect(() => {
      (cluster.nodes[1]!.ssh as {user: string}).user = 'other';
    }).toThrow(TypeError);
    expect(() => {
      (cluster.framework.tasks[0]!.arguments as string[]).push('--x');
    }).toThrow(TypeError);
  });
});

describe('roles', () => {
  const nodes = (count: number) => `nodes: [${Array.from({length: count}, (_, index) => `10.0.0.${index + 1}`).join(', ')}]`;

  it.each([
    [1, 1],
    [2, 1],
    [3, 3],
    [4, 3],
    [5, 5],
    [6, 5],
    [9, 5],
  ])('of %i nodes make %i of them etcd members', (count, members) => {
    const cluster = parse(nodes(count));
    expect(nodesWith(cluster, 'etcd').map((node) => node.name)).toEqual(
      Array.from({length: members}, (_, index) => `node${index}`),
    );
    expect(nodesWith(cluster, 'agent')).toHaveLength(count);
  });

  it('given for one node leave the other roles to the other nodes', () => {
    expect(rolesOf('nodes: [10.0.0.1, 10.0.0.2, {address: 10.0.0.3, roles: [master]}, 10.0.0.4]')).toEqual({
      etcd: 'node0 node1 node3',
      master: 'node2',
      agent: 'node0 node1 node3',
      proxy: 'node0 node1 node3',
      framework: 'node0 node1 node3',
    });
    expect(rolesOf('nodes: [10.0.0.1, {address: 10.0.0.2, roles: etcd}, 10.0.0.3, 10.0.0.4]').etcd).toBe('node0 node1 node2');
  });

  it('include no master when Mesos is external', () => {
    const cluster = parse('nodes: [10.0.0.1]\nmesos: {source: {master: "10.9.9.9:5050"}}');
    expect(nodesWith(cluster, 'master')).toEqual([]);
    expect(masterAddress(cluster)).toBe('10.9.9.9:5050');
  });

  it('put the builder on the first agent', () => {
    const text = 'nodes: [{address: 10.0.0.1, roles: [etcd, master]}, {name: b, address: 10.0.0.2, roles: [agent, framework]}]';
    expect(parse(text).images.builder).toBe('b');
  });
});

describe('ssh settings', () => {
  it('of a node take precedence over those of the cluster, one by one', () => {
    const cluster = parse(`
ssh: {user: ann, port: 2222, key: keys/all, jump: bastion}
nodes: [10.0.0.1, {address: 10.0.0.2, ssh: {user: bob, host: b.example.org, jump: {host: other, key: ~/j}}}]`);
    expect(cluster.nodes[0]!.ssh).toMatchObject({user: 'ann', port: 2222, key: '/home/me/zzw/keys/all'});
    expect(cluster.nodes[0]!.ssh.jump).toEqual({host: 'bastion', port: 22, user: 'ann', key: undefined});
    expect(cluster.nodes[1]!.ssh).toMatchObject({user: 'bob', port: 2222, host: 'b.example.org', key: '/home/me/zzw/keys/all'});
    expect(cluster.nodes[1]!.ssh.jump).toEqual({host: 'other', port: 22, user: 'bob', key: '/home/me/j'});
  });

  it('use the agent unless a key is given, or as configured', () => {
    const agents = (text: string) => parse(text).nodes.map((node) => node.ssh.agent);
    expect(agents('nodes: [10.0.0.1, {address: 10.0.0.2, ssh: {key: k}}]')).toEqual([true, false]);
    expect(agents('ssh: {agent: true, key: k}\nnodes: [10.0.0.1]')).toEqual([true]);
    expect(agents('ssh: {agent: false}\nnodes: [10.0.0.1]')).toEqual([false]);
  });
});

describe('paths', () => {
  const text = `
nodes: [10.0.0.1]
calico: {calicoctl: {path: bin/calicoctl, sha256: "${'AB'.repeat(32)}"}}
images: {base: {import: /srv/root.tar}}
mesos: {principal: p, secretFile: ~/s}
framework: {tokenFile: ../token}`;

  it('are relative to the directory of the file, start at ~, or are absolute', () => {
    const cluster = parse(text);
    expect(cluster.calico.calicoctl).toEqual({path: '/home/me/zzw/bin/calicoctl', sha256: 'ab'.repeat(32)});
    expect(cluster.images.base).toEqual({import: '/srv/root.tar'});
    expect(cluster.mesos.secretFile).toBe('/home/me/s');
    expect(cluster.framework.tokenFile).toBe('/home/me/token');
  });

  it('stay relative when the path of the file is relative', () => {
    expect(parseCluster(text, 'lab/cluster.yaml', {user: 'me'}).calico.calicoctl.path).toBe('lab/bin/calicoctl');
  });
});

describe('abbreviations', () => {
  it('stand for the map with one key', () => {
    const short = parse('nodes: [10.0.0.1]\nmesos: {source: host}\nimages: {base: debian:12}');
    const long = parse('nodes: [{address: 10.0.0.1}]\nmesos: {source: {kind: host}}\nimages: {base: {name: debian:12}}');
    expect(short).toEqual(long);
  });

  it('include a section without content, which stands for none', () => {
    expect(parse(`${THREE}\nssh:\n  # user: x\nframework:\n  tasks:\ncalico: {calicoctl: }\n`)).toEqual(parse(THREE));
  });

  it('are possible with anchors, merge keys and keys of the user (x-…)', () => {
    const cluster = parse(`
x-login: &login {user: ann, port: 2200}
nodes: [{address: 10.0.0.1, ssh: {<<: *login, port: 2201}}, {address: 10.0.0.2, ssh: *login}]`);
    expect(cluster.nodes.map(({ssh}) => `${ssh.user} ${ssh.port}`)).toEqual(['ann 2201', 'ann 2200']);
  });
});
