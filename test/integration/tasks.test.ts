import {access, readFile} from 'node:fs/promises';
import {setTimeout as delay} from 'node:timers/promises';
import {beforeAll, describe, expect, test} from 'vitest';
import type {SchedulerState, TaskReport} from '../../src/scheduler-api/state.js';
import type {Explanation} from '../../src/tasks/explain.js';
import {ADDRESSES, ensureCluster, ensureLab, hw5, inMachine, LAB, onLab} from '../support/lab.js';

const CLUSTER_FILE = `/var/lib/hw5/labs/${LAB.name}/cluster.yaml`;

async function tasks(): Promise<readonly TaskReport[]> {
  return (JSON.parse((await onLab(['task', 'list', '--json'])).stdout as string) as SchedulerState).tasks;
}

/** Waits until it holds, for two minutes at most. @returns its value */
async function eventually<T>(what: string, observe: () => Promise<T | undefined | false>): Promise<T> {
  for (const until = Date.now() + 120_000; Date.now() < until; await delay(500)) {
    const value = await observe();
    if (value) return value;
  }
  throw new Error(`not within two minutes: ${what}`);
}

/** Waits until a task is healthy again with another id than before. */
function again(before: TaskReport): Promise<TaskReport> {
  return eventually(`${before.name} is back`, async () =>
    (await tasks()).find((task) => task.name === before.name && task.taskId !== before.taskId && task.healthy === true),
  );
}

const taskNamed = async (name: string): Promise<TaskReport> => (await tasks()).find((task) => task.name === name)!;

/** The containers of the other tasks, which must stay as they are. */
const others = (all: readonly TaskReport[], name: string) =>
  all.filter((task) => task.name !== name).map(({name, taskId, containerId, node}) => ({name, taskId, containerId, node}));

describe('the tasks from the command line', () => {
  beforeAll(async () => {
    await ensureCluster();
  });

  test('restart starts a task again at its address, and touches no other', async () => {
    const before = await tasks();
    const old = before.find(({name}) => name === 'ssh-2')!;
    expect((await onLab(['task', 'restart', 'ssh-2'])).stdout).toContain(
      `${old.taskId} on ${old.node} will be ended, and ssh-2 started again`,
    );
    const next = await again(old);
    expect(next.address).toBe(old.address);
    expect(next.restarts).toBe(old.restarts + 1);
    expect(others(await tasks(), 'ssh-2')).toEqual(others(before, 'ssh-2'));
  });

  test('a killed task is started again, and the log of its first container can still be read', async () => {
    const old = await taskNamed('ssh-3');
    expect((await onLab(['task', 'kill', 'ssh-3'])).stdout).toContain('will be killed');
    await again(old);
    expect((await onLab(['task', 'logs', 'ssh-3', '-n', '5'])).all).toContain('Server listening on 0.0.0.0 port 22');
    expect((await onLab(['task', 'logs', 'ssh-3', '--previous'])).all).toContain('Server listening on 0.0.0.0 port 22');
  });

  test('a task that is not lost is not released, and an unknown name is an error with a suggestion', async () => {
    expect((await onLab(['task', 'release', 'ssh-1'], 1)).all).toContain('ssh-1 is not lost');
    expect((await onLab(['task', 'restart', 'ssh-11'], 2)).all).toContain('did you mean ssh-1?');
  });

  test('exec passes input, output, errors and the exit code, on every node', async () => {
    for (const {name, address} of await tasks()) {
      const {stdout} = await onLab(['task', 'exec', name, '--', 'hostname', '-I']);
      expect((stdout as string).trim()).toBe(address);
      const run = await hw5(['--lab-name', LAB.name, 'task', 'exec', name, '--', 'sh', '-c', 'cat; echo oh >&2; exit 7'], {
        input: 'größer\n',
      });
      expect({code: run.exitCode, out: run.stdout, err: run.stderr}).toEqual({code: 7, out: 'größer', err: 'oh'});
    }
    expect((await onLab(['task', 'exec', '-u', 'zzw', 'jupyter', '--', 'ssh', 'ssh-4', 'hostname'])).stdout).toBe('ssh-4');
  });

  test('exec ends with the command though its input stays open, and Ctrl-C ends the command in the container', async () => {
    const {execa} = await import('execa');
    const {packageFile} = await import('../../src/support/template.js');
    const spawn = (...args: string[]) =>
      execa(process.execPath, [packageFile('bin/hw5.js'), '--lab-name', LAB.name, 'task', ...args], {
        reject: false,
        stdin: 'pipe',
      });
    for (const {name} of await tasks()) expect((await spawn('exec', name, '--', 'true')).exitCode, name).toBe(0);

    const {node} = await taskNamed('ssh-1');
    const sleeps = () => inMachine(node!, "ps ax -o args= | grep -c '^sleep 86399$' || true");
    const exec = spawn('exec', 'ssh-1', '--', 'sleep', '86399');
    await eventually('it sleeps', async () => (await sleeps()) !== '0');
    exec.kill('SIGINT');
    expect((await exec).exitCode).toBe(130);
    expect(await sleeps()).toBe('0');

    const followers = () => inMachine(node!, "ps ax -o args= | grep -c '^docker logs --follow' || true");
    const logs = spawn('logs', 'ssh-1', '-f');
    await eventually('it follows', async () => (await followers()) !== '0');
    logs.kill('SIGINT');
    expect((await logs).exitCode).toBe(130);
    expect(await followers()).toBe('0');
  });

  test.each(['etcd', 'docker', 'calico', 'mesos-master', 'mesos-agent', 'proxy', 'scheduler'])(
    'the log of %s is collected from all nodes that run it',
    async (component) => {
      const {stdout} = await onLab(['logs', component, '-n', '200', '--json']);
      const lines = (stdout as string).split('\n').map((line) => JSON.parse(line) as {node: string; line: string});
      const nodes = component === 'mesos-master' ? ['node0'] : ['node0', 'node1', 'node2'];
      expect(new Set(lines.map(({node}) => node))).toEqual(new Set(nodes));
      expect((await onLab(['logs', component, '-n', '1', '--node', 'node0'])).stdout).toMatch(/^node0 \| 20\d\d-/);
    },
  );

  test('scale adds ssh containers, which the notebook reaches, and removes them again', async () => {
    const file = await readFile(CLUSTER_FILE, 'utf8');
    const before = await tasks();
    expect((await onLab(['scale', 'ssh=6', '--dry-run'])).stdout).toContain('count: 6');
    expect(await readFile(CLUSTER_FILE, 'utf8')).toBe(file);

    await onLab(['scale', 'ssh=6']);
    try {
      const scaled = await readFile(CLUSTER_FILE, 'utf8');
      expect(scaled.startsWith(file)).toBe(true);
      await ensureLab();
      expect(await readFile(CLUSTER_FILE, 'utf8')).toBe(scaled);
      const now = await eventually('seven tasks are healthy', async () => {
        const all = await tasks();
        return all.length === 7 && all.every(({healthy}) => healthy === true) && all;
      });
      expect(now.slice(5).map(({name, address}) => `${name} ${address}`)).toEqual(['ssh-5 192.168.0.105', 'ssh-6 192.168.0.106']);
      expect(others(now.slice(0, 5), '')).toEqual(others(before, ''));
      const ssh = ['task', 'exec', '-u', 'zzw', 'jupyter', '--', 'ssh', 'ssh-6', 'hostname'];
      await eventually(
        'the notebook reaches ssh-6',
        async () => (await hw5(['--lab-name', LAB.name, ...ssh])).stdout === 'ssh-6',
      );
      await eventually('the plan is empty', async () => (await hw5(['--lab-name', LAB.name, 'plan'])).exitCode === 0);
    } finally {
      await onLab(['scale', 'ssh=4']);
    }
    expect(others(await tasks(), '')).toEqual(others(before, ''));
    await eventually('the plan is empty', async () => (await hw5(['--lab-name', LAB.name, 'plan'])).exitCode === 0);
    for (const node of ['node0', 'node1', 'node2']) {
      const hosts = await inMachine(
        node,
        "for c in $(docker ps -q --filter name=mesos-); do docker inspect -f '{{.Config.Hostname}}' $c; done",
      );
      expect(hosts).not.toMatch(/ssh-[56]/);
    }
  });

  test('scale rejects more containers than the pool has addresses, and does not change the file', async () => {
    const file = await readFile(CLUSTER_FILE, 'utf8');
    expect((await onLab(['scale', 'ssh=1001'], 2)).all).toContain('ssh=1001');
    expect((await onLab(['scale', 'jupyter=2'], 2)).all).toContain('jupyter is a single task');
    expect(await readFile(CLUSTER_FILE, 'utf8')).toBe(file);
    await expect(access(`${CLUSTER_FILE}.new`)).rejects.toThrow();
  });

  test('why prints what a pending task waits for, and port 8888 of every node shows that the notebook is not running', async () => {
    expect(JSON.parse((await onLab(['why', 'jupyter', '--json'])).stdout as string)).toMatchObject({isWell: true, findings: []});
    const old = await taskNamed('jupyter');
    for (const node of ['node0', 'node1', 'node2']) await inMachine(node, 'systemctl stop hw5-mesos-agent');
    try {
      await inMachine(old.node!, `docker kill mesos-${old.containerId}`);
      const {findings, isWell} = JSON.parse((await onLab(['why', 'jupyter', '--json'], 3)).stdout as string) as Explanation;
      expect(isWell).toBe(false);
      expect(findings.join('\n')).toContain(`${old.node}: mesos-agent is unhealthy`);
      for (const address of ADDRESSES) {
        const page = await inMachine('node0', `curl -s -m 10 -w '\\n%{http_code}' http://${address}:8888/`);
        expect(page).toContain('hw5 why jupyter');
        expect(page.endsWith('503')).toBe(true);
      }
    } finally {
      for (const node of ['node0', 'node1', 'node2']) await inMachine(node, 'systemctl start hw5-mesos-agent');
    }
    await again(old);
    for (const address of ADDRESSES) {
      await eventually(
        `${address} shows the notebook`,
        async () =>
          (await inMachine('node0', `curl -s -m 10 -o /dev/null -w '%{http_code}' http://${address}:8888/api`)) === '200',
      );
    }
  });
});
