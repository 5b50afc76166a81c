import {beforeAll, describe, expect, test} from 'vitest';
import type {ClusterStatus} from '../../src/status/status.js';
import {changesOf, status} from '../support/cluster-commands.js';
import {ADDRESSES, ensureCluster, ensureLab, hw5, inMachine, LAB, onLab} from '../support/lab.js';

const NODES = ['node0', 'node1', 'node2'] as const;

/** The container of a task, on the node that runs it. */
async function containerOf(task: string): Promise<{node: string; id: string}> {
  const {tasks} = await status(0);
  const one = tasks.find(({name}) => name === task)!;
  const ids = await inMachine(one.node!, 'docker ps -q --filter name=^/mesos-');
  for (const id of ids.split('\n').filter(Boolean)) {
    if ((await inMachine(one.node!, `docker inspect -f '{{.Config.Hostname}}' ${id}`)) === task) return {node: one.node!, id};
  }
  throw new Error(`no container of ${task} on ${one.node}`);
}

describe('the whole cluster on the lab', () => {
  beforeAll(async () => {
    await ensureCluster();
  });

  test('is healthy: five tasks on three nodes, at their addresses', async () => {
    const {healthy, tasks, nodes, network, framework, notebook} = await status(0);
    expect(healthy).toBe(true);
    expect(tasks.map(({name, ip, state}) => `${name} ${ip} ${state}`)).toEqual([
      'jupyter 192.168.0.100 running',
      'ssh-1 192.168.0.101 running',
      'ssh-2 192.168.0.102 running',
      'ssh-3 192.168.0.103 running',
      'ssh-4 192.168.0.104 running',
    ]);
    expect(new Set(tasks.map(({node}) => node))).toEqual(new Set(NODES));
    expect(nodes.map(({name, address, reachable}) => ({name, address, reachable}))).toEqual(
      NODES.map((name, index) => ({name, address: ADDRESSES[index], reachable: true})),
    );
    expect(network).toMatchObject({name: 'calico_net', state: 'healthy', nodes: NODES});
    expect(framework).toMatchObject({state: 'healthy', connected: true});
    expect(notebook.urls).toEqual(ADDRESSES.map((address) => `http://${address}:8888/`));
  });

  test('up changes nothing the second time, and plan is empty', async () => {
    expect(await changesOf('up')).toEqual({changed: 0, steps: []});
    expect((await onLab(['plan'], 0)).stdout).toBe('nothing to change');
  });

  test('was proven by a container on each node, of which nothing is left', async () => {
    for (const node of NODES) {
      const [record, id] = (
        await inMachine(node, 'grep ^network /var/lib/hw5/network-proof; docker network inspect -f "network {{.Id}}" calico_net')
      ).split('\n');
      expect(record).toBe(id);
      expect(await inMachine(node, 'docker ps -aq --filter name=hw5-network-proof; docker images -q hw5-network-proof')).toBe('');
      // with a link-local address of a veth, upstream's plugin would give the container a route that it cannot have
      expect(await inMachine(node, 'ip -6 -o addr show scope link | grep -c cali || true'), node).toBe('0');
    }
  });

  test('routes between containers without a tunnel: TTL 62 after two hops, the routes from BIRD', async () => {
    const {tasks} = await status(0);
    const from = tasks.find(({name}) => name === 'ssh-1')!;
    const to = tasks.find(({name, node}) => name.startsWith('ssh') && node !== from.node)!;
    const {node, id} = await containerOf('ssh-1');
    expect(await inMachine(node, `docker exec ${id} ping -c 2 -W 5 ${to.ip}`)).toContain('ttl=62');
    expect(await inMachine(node, `ip route get ${to.ip}; ip route show ${to.ip}; ip route`)).toMatch(
      new RegExp(`via ${ADDRESSES[NODES.indexOf(to.node as 'node0')]} dev host0 proto bird`),
    );
  });

  test('keeps its secrets out of command lines, logs and output', async () => {
    const {token} = JSON.parse((await onLab(['notebook', '--json'])).stdout as string) as {token: string};
    expect(token).toMatch(/^[0-9a-f]{48}$/);
    const up = await onLab(['up', '--verbose']);
    expect(up.all).not.toContain(token);
    for (const node of NODES) {
      const output = await inMachine(
        node,
        'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"; journalctl --no-pager -o cat',
      );
      expect(output).toContain('mesos-agent');
      expect(output.includes(token), node).toBe(false);
      const modes = await inMachine(
        node,
        'stat -c "%a %U" /etc/hw5/containers /etc/hw5/containers/*/token /etc/hw5/containers/*/id_ed25519 /etc/hw5/containers/ssh/ssh_host_ed25519_key /etc/hw5/framework.json /etc/hw5/proxy.env | sort -u',
      );
      expect(modes).toBe('600 root\n700 root');
    }
  });

  test('rejects access to the API of a proxy from outside', async () => {
    await expect(inMachine('node0', `curl -s -m 3 http://${ADDRESSES[1]}:8001/api/routes`)).rejects.toThrow();
    expect(await inMachine('node1', "curl -s -m 3 -o /dev/null -w '%{http_code}' http://127.0.0.1:8001/api/routes")).toBe('403');
  });

  test('plan shows what was broken, and up repairs just that', async () => {
    await inMachine(
      'node1',
      'systemctl stop hw5-proxy; echo "# changed by hand" >> /etc/systemd/system/hw5-proxy.service; rm /usr/local/bin/calicoctl',
    );
    const plan = await onLab(['plan'], 3);
    expect(plan.stdout).toContain('-# changed by hand');
    expect(plan.stdout).toContain('upload /usr/local/bin/calicoctl');
    const {steps} = await changesOf('up');
    expect(steps).toEqual(expect.arrayContaining(['proxy@node1', 'calicoctl@node1']));
    expect(steps.every((step) => step.endsWith('@node1'))).toBe(true);
    expect((await status(0)).healthy).toBe(true);
  });

  test('lets an etcd member that lost its data in again, with the data of the others and no task touched', async () => {
    const before = await containerOf('ssh-1');
    await inMachine('node1', 'systemctl stop hw5-etcd; rm -rf /var/lib/hw5/etcd');
    expect((await onLab(['plan'], 3)).stdout).toContain('join the members that have data already');
    const {steps} = await changesOf('up');
    expect(steps).toContain('etcd@node1');
    // answered by this member from its own data
    const pools = await inMachine('node1', 'curl -sf http://127.0.0.1:2379/v2/keys/calico/v1/ipam/v4/pool');
    expect(pools).toContain('/calico/v1/ipam/v4/pool/192.168.0.0-16');
    expect(await containerOf('ssh-1')).toEqual(before);
    expect(await changesOf('up')).toEqual({changed: 0, steps: []});
  });

  test('installs a package that was removed, and only that', async () => {
    await inMachine('node2', 'dpkg -r --force-depends conntrack >/dev/null 2>&1');
    expect((await onLab(['plan'], 3)).stdout).toContain('apt-get install conntrack');
    await onLab(['up']);
    expect(await inMachine('node2', 'command -v conntrack')).toBe('/usr/sbin/conntrack');
  });

  test('rejects a second run on the same hosts, and names the first', async () => {
    // something that takes a while to repair
    await inMachine('node0', 'systemctl stop hw5-scheduler');
    const isLocked = inMachine('node2', 'until [ -s /run/hw5.lock ]; do sleep 0.02; done');
    const first = hw5(['--lab-name', LAB.name, 'up']);
    await isLocked;
    // it holds all hosts for as long as this takes, and no longer than its lease
    process.kill(first.pid!, 'SIGSTOP');
    try {
      const rejected = await onLab(['up'], 1);
      expect(rejected.all).toMatch(new RegExp(`node0 is locked by another run: hw5 up of root@.*, process ${first.pid}`));
    } finally {
      process.kill(first.pid!, 'SIGCONT');
    }
    expect((await first).exitCode).toBe(0);
    expect((await onLab(['plan'], 0)).stdout).toBe('nothing to change');
  });

  test('does not trust a host with an unknown key', async () => {
    const yaml = await inMachine('node0', 'true').then(() => onLab(['validate', '--json']));
    const cluster = JSON.parse(yaml.stdout as string) as {ssh: {key: string; user: string}};
    const file = `/tmp/hw5-unknown-${process.pid}.yaml`;
    const {rm, writeFile} = await import('node:fs/promises');
    await writeFile(
      file,
      JSON.stringify({
        ssh: {user: cluster.ssh.user, key: cluster.ssh.key, knownHosts: `${file}.known_hosts`},
        nodes: [ADDRESSES[0]],
      }),
    );
    try {
      const rejected = await hw5(['-f', file, 'status']);
      expect(rejected.all).toMatch(/host key/i);
      const accepted = await hw5(['-f', file, '--accept-new-host-keys', 'status', '--json']);
      expect((JSON.parse(accepted.stdout as string) as ClusterStatus).nodes[0]!.reachable).toBe(true);
      const known = await hw5(['-f', file, 'status', '--json']);
      expect((JSON.parse(known.stdout as string) as ClusterStatus).nodes[0]!.reachable).toBe(true);
    } finally {
      await Promise.all([rm(file), rm(`${file}.known_hosts`, {force: true})]);
    }
  });

  test('answers with a status while a node is dead, and is healthy again after its return', async () => {
    await hw5(['lab', 'power', 'off', '--name', LAB.name, 'node2']);
    try {
      const {nodes, healthy} = await status(3);
      expect(healthy).toBe(false);
      expect(nodes.map(({reachable}) => reachable)).toEqual([true, true, false]);
      expect(nodes[0]!.components['etcd']!.state).toBe('healthy');
      expect(nodes[0]!.components['calico']!.detail).toContain('node2');
    } finally {
      await hw5(['lab', 'power', 'on', '--name', LAB.name, 'node2']);
    }
    await ensureLab();
    await onLab(['up']);
    expect((await status(0)).tasks.every(({state}) => state === 'running')).toBe(true);
  });
});
