import {appendFile} from 'node:fs/promises';
import {expect} from 'vitest';
import {isEstablished} from '../../src/components/calico/node-status.js';
import type {ClusterStatus} from '../../src/status/status.js';
import {ADDRESSES, hw5, inMachine, LAB, onLab} from './lab.js';

export const NODES = ['node0', 'node1', 'node2'] as const;
/** Far more than any recovery takes, also on a busy host. */
export const LIMIT_MS = 240_000;

/** A container of a task that runs, as its machine's Docker shows it. */
interface Running {
  readonly task: string;
  readonly node: string;
  readonly id: string;
  readonly ip: string;
}

export async function clusterStatus(): Promise<ClusterStatus> {
  const result = await hw5(['--lab-name', LAB.name, 'status', '--json']);
  return JSON.parse(result.stdout as string) as ClusterStatus;
}

/** All tasks' containers on the machines that are on. */
export async function containers(nodes: readonly string[] = NODES): Promise<Running[]> {
  const lists = await Promise.all(
    nodes.map(async (node) => {
      const text = await inMachine(
        node,
        `ids=$(docker ps -q --no-trunc --filter name=^/mesos-); [ -z "$ids" ] || docker inspect -f '{{.Config.Hostname}} {{.Id}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' $ids`,
      );
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => {
          const [task, id, ip] = line.split(' ') as [string, string, string];
          return {task, node, id, ip};
        });
    }),
  );
  return lists.flat();
}

/** `hw5 task ACTION NAME` on the lab. */
export const task = (action: string, name: string, exitCode = 0) => onLab(['task', action, name], exitCode);

/** The agents that the Mesos master has as active. */
export async function registeredAgents(): Promise<number> {
  const text = await inMachine('node0', `curl -s -m 5 http://${ADDRESSES[0]}:5050/slaves || true`);
  const {slaves = []} = (text === '' ? {} : JSON.parse(text)) as {slaves?: {active: boolean}[]};
  return slaves.filter(({active}) => active).length;
}

/** Whether the emulator's agents notice a restart of their master as late as upstream ones, which wait for its pings. */
export async function waitForPings(isLate: boolean): Promise<void> {
  const directory = '/run/systemd/system/hw5-mesos-agent.service.d';
  const change = isLate
    ? `mkdir -p ${directory} && printf '[Service]\\nEnvironment=MESOS_HW5_WAITS_FOR_PINGS=1\\n' >${directory}/chaos.conf`
    : `rm -rf ${directory}`;
  await Promise.all(
    NODES.map((node) => inMachine(node, `${change} && systemctl daemon-reload && systemctl restart hw5-mesos-agent`)),
  );
}

/** Kills BIRD on a node; containers still reach each other, because the routes stay in the kernel. */
export async function pingAfterBirdIsKilled(running: readonly Running[]): Promise<void> {
  const from = running.find((one) => one.task === 'ssh-2')!;
  const to = running.find(({task: name, node}) => node !== from.node && name !== 'ssh-1')!;
  await inMachine(from.node, 'kill -9 $(pgrep -x bird)');
  await inMachine(from.node, `docker exec ${from.id} ping -c 5 -i 0.5 -W 2 ${to.ip}`);
  await recovered('BIRD killed', async () => {
    const {nodes} = await clusterStatus();
    return nodes.every(({components, peers}) => components['calico']?.state === 'healthy' && peers.every(isEstablished));
  });
}

/** Waits until the cluster is healthy again, and appends the seconds that took to $HW5_CHAOS_REPORT, for docs/reliability.md. */
export async function recovered(failure: string, isRecovered = async () => (await clusterStatus()).healthy): Promise<void> {
  const started = performance.now();
  await expect.poll(isRecovered, {timeout: LIMIT_MS, interval: 500, message: `healthy after: ${failure}`}).toBe(true);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  if (process.env['HW5_CHAOS_REPORT']) await appendFile(process.env['HW5_CHAOS_REPORT'], `| ${failure} | ${seconds} s |\n`);
}

/** When schedulers subscribed at the master, by their journals: seconds since 1970. */
async function subscriptions(nodes: readonly string[]): Promise<number[]> {
  const journals = await Promise.all(
    nodes.map((node) => inMachine(node, "journalctl -u hw5-scheduler -o short-unix --no-pager | grep 'subscribed as ' || true")),
  );
  return journals.flatMap((journal) =>
    journal
      .split('\n')
      .filter(Boolean)
      .map((line) => Number(line.split(' ')[0])),
  );
}

/**
 * Causes a failure of the leading scheduler and waits until one has subscribed again; the time in between is recorded. The status does not
 * suffice: until the lease of the failed one expires it reports the last subscription.
 */
export async function failedOver(what: string, nodes: readonly string[], cause: () => Promise<unknown>): Promise<void> {
  const {id} = (await clusterStatus()).framework;
  const since = Date.now() / 1000;
  await cause();
  const later = async () => (await subscriptions(nodes)).filter((time) => time > since);
  await expect.poll(later, {timeout: LIMIT_MS, interval: 500, message: `another subscription after: ${what}`}).not.toEqual([]);
  const seconds = (Math.min(...(await later())) - since).toFixed(1);
  if (process.env['HW5_CHAOS_REPORT'])
    await appendFile(process.env['HW5_CHAOS_REPORT'], `| ${what}: subscribed again | ${seconds} s |\n`);
  await expect
    .poll(async () => (await clusterStatus()).framework, {timeout: LIMIT_MS, interval: 500})
    .toMatchObject({state: 'healthy', connected: true, id});
}

/** The node whose etcd member leads the quorum. */
export async function etcdLeader(): Promise<string> {
  for (const node of NODES) {
    const text = await inMachine(node, 'ETCDCTL_API=3 etcdctl --endpoints http://127.0.0.1:2379 endpoint status -w json');
    const [{Status: status}] = JSON.parse(text) as [{Status: {leader: number; header: {member_id: number}}}];
    if (status.leader === status.header.member_id) return node;
  }
  throw new Error('no etcd member leads');
}

/** The node whose scheduler leads. It is moved away from the Mesos master's node, so that a failure of the node does not affect the master. */
export async function leaderNotOnMaster(): Promise<string> {
  const leader = async () => (await clusterStatus()).framework.leader;
  if ((await leader()) === 'node0') {
    await inMachine('node0', 'systemctl stop hw5-scheduler');
    await expect.poll(leader, {timeout: LIMIT_MS, interval: 500}).toMatch(/node[12]/);
    await inMachine('node0', 'systemctl start hw5-scheduler');
    await recovered('leading scheduler moved away');
  }
  return (await leader())!;
}

const TASKS = [
  'jupyter 192.168.0.100',
  'ssh-1 192.168.0.101',
  'ssh-2 192.168.0.102',
  'ssh-3 192.168.0.103',
  'ssh-4 192.168.0.104',
];

/**
 * Waits until each task runs once. The status is not enough: the end of a container whose machine was switched off is reported only when the agent
 * is back. No address may be in use twice in the meantime.
 */
export async function oneEach(): Promise<readonly Running[]> {
  let running: readonly Running[] = [];
  const twice: string[] = [];
  const names = async (): Promise<string[]> => {
    running = await containers();
    twice.push(...running.map(({ip}) => ip).filter((ip, index, all) => all.indexOf(ip) !== index));
    return running.map(({task, ip}) => `${task} ${ip}`).sort();
  };
  await expect.poll(names, {timeout: LIMIT_MS, interval: 500}).toEqual(TASKS);
  expect(twice).toEqual([]);
  return running;
}

export const ids = (running: readonly Running[]): string[] => running.map(({task, id}) => `${task} ${id}`).sort();
export const of = (running: readonly Running[], name: string): Running[] => running.filter((one) => one.task === name);
export const except = (running: readonly Running[], name: string): Running[] => running.filter((one) => one.task !== name);
export const without = (running: readonly Running[], node: string): Running[] => running.filter((one) => one.node !== node);
