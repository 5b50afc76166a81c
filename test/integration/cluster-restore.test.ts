import {readFile} from 'node:fs/promises';
import {afterAll, beforeAll, expect, test} from 'vitest';
import type {ClusterStatus} from '../../src/status/status.js';
import {ensureCluster, hw5, inMachine, LAB, onLab} from '../support/lab.js';

const NODES = ['node0', 'node1', 'node2'] as const;
const SAVE = 'restore-test';
const KNOWN_HOSTS = `/var/lib/hw5/labs/${LAB.name}/known_hosts`;
/** It takes some twenty seconds on an idle host. */
const LIMIT_MS = 120_000;

const lab = async (...args: string[]) => {
  const result = await hw5(['lab', ...args, '--name', LAB.name]);
  if (result.exitCode !== 0) throw new Error(`hw5 lab ${args.join(' ')}:\n${result.all}`);
  return result;
};
const remove = () => hw5(['lab', 'saved', '--delete', SAVE, '--name', LAB.name]);

beforeAll(async () => {
  await ensureCluster();
  await remove();
});
afterAll(remove);

test('a cluster that was broken in many ways is healthy again after `lab restore`, without `up`', async () => {
  const knownHosts = await readFile(KNOWN_HOSTS, 'utf8');
  await lab('save', SAVE);
  expect(JSON.parse((await lab('saved', '--json')).stdout as string)).toContainEqual(
    expect.objectContaining({name: SAVE, machines: 3, running: NODES}),
  );
  // the machines are still running
  expect((await onLab(['status'])).exitCode).toBe(0);

  for (const node of NODES) await inMachine(node, 'systemctl stop hw5-etcd; rm -rf /var/lib/hw5/etcd');
  await inMachine('node0', 'docker ps -q --filter name=^/mesos- | xargs -r docker kill; touch /root/extra');
  await inMachine('node1', 'rm -rf /var/lib/docker/image /usr/bin/dockerd /etc/hw5');
  await inMachine('node2', 'rm -rf /etc/ssh /home/hw5/.ssh; kill -9 $(pgrep -x mesos-agent) || true');
  await lab('restore', SAVE);

  const status = async (): Promise<ClusterStatus> =>
    JSON.parse((await hw5(['--lab-name', LAB.name, 'status', '--json'])).stdout as string) as ClusterStatus;
  // a task's container is not reported as gone before its agent is back
  const containers = async (): Promise<string> =>
    (await Promise.all(NODES.map((node) => inMachine(node, 'docker ps -q --filter name=^/mesos- || true')))).join('\n').trim();
  await expect.poll(async () => (await containers()).split(/\s+/), {timeout: LIMIT_MS, interval: 500}).toHaveLength(5);
  await expect.poll(async () => (await status()).healthy, {timeout: LIMIT_MS, interval: 500}).toBe(true);
  expect((await status()).tasks.map(({name, ip, state}) => `${name} ${ip} ${state}`)).toEqual([
    'jupyter 192.168.0.100 running',
    'ssh-1 192.168.0.101 running',
    'ssh-2 192.168.0.102 running',
    'ssh-3 192.168.0.103 running',
    'ssh-4 192.168.0.104 running',
  ]);
  expect((await onLab(['plan'], 0)).stdout).toBe('nothing to change');
  expect(await readFile(KNOWN_HOSTS, 'utf8')).toBe(knownHosts);
  expect(await inMachine('node0', 'ls /root/extra 2>&1 || true')).toContain('No such file');
});
