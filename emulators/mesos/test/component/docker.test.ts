import {chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {TaskStatus} from '../../src/common/wire.js';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from '../support/cluster.js';
import {eventually} from '../support/eventually.js';
import {resources, shellTask, type TestFramework} from '../support/framework.js';
import {comparableUpdates, readEvents, readTasks} from '../support/transcripts.js';

/** Transcripts 7xx, with a script in place of docker, whose containers are processes. */

let cluster: TestCluster;
let master: RunningMaster;
let framework: TestFramework;
let directory: string;
let flags: string[];
const recorded = readEvents('700-subscribe');

beforeEach(async () => {
  cluster = new TestCluster();
  directory = join(cluster.directory, 'docker');
  mkdirSync(join(directory, 'images'), {recursive: true});
  const docker = join(directory, 'docker');
  copyFileSync(new URL('../support/fake-docker.sh', import.meta.url), docker);
  chmodSync(docker, 0o755);
  writeFileSync(join(directory, 'images', 'bb:latest'), '');
  flags = ['--containerizers=docker,mesos', `--docker=${docker}`];
  master = await cluster.master();
});
afterEach(() => cluster.close());

const start = async (): Promise<void> => {
  await cluster.agent(master, ...flags);
  framework = await cluster.framework(master).subscribe();
};

const launch = async (name: string): Promise<void> => {
  await framework.launch(await framework.offer(), ...readTasks(name));
};

/** Runs tasks of the transcripts and compares their updates with the recorded ones. */
async function expectAsRecorded(tasks: Readonly<Record<string, string>>, end: string): Promise<void> {
  for (const [id, name] of Object.entries(tasks)) {
    await launch(name);
    await framework.status(id, end);
    expect(comparableUpdates(framework.events, id)).toEqual(comparableUpdates(recorded, id));
  }
}

const log = (): string[] => readFileSync(join(directory, 'log'), 'utf8').split('\n');

function dockerTask(id: string, docker: object, command: object, more: object = {}): object {
  const {container, ...rest} = more as {container?: object};
  return {
    ...shellTask(id, ''),
    command,
    container: {type: 'DOCKER', docker: {image: 'bb:latest', ...docker}, ...container},
    ...rest,
  };
}

describe('a docker task', () => {
  it('is reported like by upstream Mesos, with the output of docker inspect', async () => {
    await start();
    await expectAsRecorded({'d-exit': '715-exit'}, 'TASK_FAILED');
    const status = await framework.status('d-exit', 'TASK_RUNNING');
    expect(JSON.parse(Buffer.from(status.data!, 'base64').toString())).toMatchObject([
      {Name: `/mesos-${status.container_status?.container_id.value}`},
    ]);
  });

  it('fails for networks and parameters that docker rejects, with the error of docker in its stderr', async () => {
    await start();
    await expectAsRecorded({'d-nonet': '711-no-network', 'd-badparam': '718-bad-param'}, 'TASK_FAILED');
    const sandbox = /-v ([^:]+):\/mnt\/mesos\/sandbox/.exec(log().find((line) => line.includes('nosuchnet'))!)![1]!;
    expect(readFileSync(join(sandbox, 'stderr'), 'utf8')).toBe('network nosuchnet not found\n');
  });

  it('fails without calling docker when its network is invalid', async () => {
    await start();
    await expectAsRecorded({'d-noinfo': '712-user-no-infos', 'd-pm': '717-portmap-on-host'}, 'TASK_FAILED');
    const bridge = {network: 'BRIDGE', port_mappings: [{host_port: 31000, container_port: 80}]};
    await framework.launch(await framework.offer(), dockerTask('d-noports', bridge, {shell: true, value: 'sleep 1000'}));
    const failed = await framework.status('d-noports', 'TASK_FAILED');
    expect(failed.message).toBe('Failed to create docker run options: Port mappings require port resources');
    expect(framework.states('d-noports')).toEqual(['TASK_STARTING', 'TASK_FAILED']);
    expect(log().some((line) => line.includes(' run '))).toBe(false);
  });

  it('pulls its image only if it is missing, and fails if the pull fails', async () => {
    await start();
    await launch('710-no-image');
    const status = await framework.status('d-noimg', 'TASK_FAILED');
    expect(status).toMatchObject({source: 'SOURCE_AGENT', reason: 'REASON_CONTAINER_LAUNCH_FAILED'});
    expect(status.message).toContain("pull 127.0.0.1:1/no/such:image': exited with status 1; stderr='Error response from daemon");
    await launch('715-exit');
    await framework.status('d-exit', 'TASK_FAILED');
    expect(log().filter((line) => line.includes(' pull '))).toHaveLength(1);
  });

  it('has its address on a named network while it runs, and its output in the sandbox', async () => {
    await start();
    const parameters = [{key: 'ip', value: '192.168.0.100'}];
    const command = {shell: false, value: '/bin/sh', arguments: ['-c', 'echo out; echo err >&2; sleep 1000']};
    const container = {network_infos: [{name: 'calico_net'}]};
    await framework.launch(await framework.offer(), dockerTask('t', {network: 'USER', parameters}, command, {container}));
    const status = await framework.status('t', 'TASK_RUNNING');
    expect(status.container_status?.network_infos).toEqual([
      {ip_addresses: [{protocol: 'IPv4', ip_address: '192.168.0.100'}], name: 'calico_net'},
    ]);
    const run = log().find((line) => line.includes(' run '))!;
    const sandbox = /-v ([^:]+):\/mnt\/mesos\/sandbox/.exec(run)![1]!;
    await eventually(() => readFileSync(join(sandbox, 'stdout'), 'utf8')).toBe('out\n');
    await eventually(() => readFileSync(join(sandbox, 'stderr'), 'utf8')).toBe('err\n');
    await framework.call('KILL', {kill: {task_id: {value: 't'}}});
    const end = await framework.status('t', 'TASK_KILLED');
    expect(end.container_status?.network_infos).toEqual([{ip_addresses: [{protocol: 'IPv4', ip_address: '127.0.0.1'}]}]);
  });

  it('is reported as running, even if the output of docker was incomplete once', async () => {
    await start();
    writeFileSync(join(directory, 'cut'), '');
    await framework.launch(await framework.offer(), dockerTask('t', {network: 'NONE'}, {shell: true, value: 'sleep 1000'}));
    await framework.status('t', 'TASK_RUNNING');
    expect(existsSync(join(directory, 'cut'))).toBe(false);
  });

  it('is killed after its grace period', async () => {
    await start();
    const startedFile = join(cluster.directory, 'started');
    const value = `trap "" TERM; touch ${startedFile}; while :; do sleep 0.1; done`;
    await framework.launch(await framework.offer(), dockerTask('t', {network: 'NONE'}, {shell: true, value}));
    await framework.status('t', 'TASK_RUNNING');
    await eventually(() => existsSync(startedFile)).toBe(true);
    await framework.call('KILL', {kill: {task_id: {value: 't'}, kill_policy: {grace_period: {nanoseconds: 1e9}}}});
    expect((await framework.status('t', 'TASK_KILLED')).message).toBe('Container exited with status 137');
    expect(log().some((line) => / stop -t 1 mesos-/.test(line))).toBe(true);
  });

  it.each([
    {type: 'COMMAND', command: {value: 'exit 1'}},
    // Nothing listens on port 1.
    {type: 'TCP', tcp: {port: 1}},
    {type: 'HTTP', http: {port: 1}},
  ])('is killed when its health check of type $type fails too often', async (check) => {
    await start();
    const health_check = {
      ...check,
      delay_seconds: 0,
      interval_seconds: 0.1,
      grace_period_seconds: 0,
      consecutive_failures: 2,
    };
    const task = dockerTask('t', {network: 'HOST'}, {shell: true, value: 'sleep 1000'}, {health_check});
    await framework.launch(await framework.offer(), task);
    const end = await framework.status('t', 'TASK_KILLED');
    expect(end.healthy).toBe(false);
    expect(framework.states('t')).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_RUNNING', 'TASK_RUNNING', 'TASK_KILLED']);
  });

  it('is healthy as soon as its port responds', async () => {
    await start();
    const server = `require("http").createServer((q, r) => r.end()).listen(0, "127.0.0.1", function () { require("fs").writeFileSync(process.argv[1] + ".new", String(this.address().port)); require("fs").renameSync(process.argv[1] + ".new", process.argv[1]) })`;
    const file = join(cluster.directory, 'port');
    await framework.launch(
      await framework.offer(),
      dockerTask('server', {network: 'HOST'}, {shell: false, value: process.execPath, arguments: ['-e', server, file]}),
    );
    await eventually(() => existsSync(file)).toBe(true);
    const port = Number(readFileSync(file, 'utf8'));
    const check = (type: object) => ({...type, delay_seconds: 0, interval_seconds: 0.1, grace_period_seconds: 10});
    const sleep = {shell: true, value: 'sleep 1000'};
    await framework.launch(
      await framework.offer(),
      dockerTask('http', {network: 'HOST'}, sleep, {health_check: check({type: 'HTTP', http: {port, path: '/api'}})}),
      dockerTask('tcp', {network: 'HOST'}, sleep, {health_check: check({type: 'TCP', tcp: {port}})}),
    );
    for (const id of ['http', 'tcp']) await framework.status(id, 'TASK_RUNNING', (status) => status.healthy === true);
  });
});

describe('docker tasks, when the agent restarts,', () => {
  const task = (id: string, value: string) => dockerTask(id, {network: 'NONE'}, {shell: true, value});
  const container = (status: TaskStatus) => join(directory, 'containers', `mesos-${status.container_status?.container_id.value}`);

  it('continue, and are reported when they exit, even if the docker client has exited meanwhile', async () => {
    const agent = await cluster.agentProcess(master, ...flags);
    framework = await cluster.framework(master).subscribe();
    const file = (name: string) => join(cluster.directory, name);
    const untilExists = (name: string) => `until [ -e ${file(name)} ]; do sleep 0.02; done`;
    const tasks = [task('t-later', `${untilExists('later')}; exit 9`), task('t-meanwhile', untilExists('meanwhile'))];
    await framework.launch(await framework.offer(), ...tasks);
    await framework.status('t-later', 'TASK_RUNNING');
    const exited = container(await framework.status('t-meanwhile', 'TASK_RUNNING'));
    agent.kill('SIGKILL');
    writeFileSync(file('meanwhile'), '');
    await eventually(() => existsSync(join(exited, 'code'))).toBe(true);
    await cluster.agentProcess(master, ...flags);
    expect((await framework.status('t-meanwhile', 'TASK_FINISHED')).message).toBe('Container exited with status 0');
    writeFileSync(file('later'), '');
    expect((await framework.status('t-later', 'TASK_FAILED')).message).toBe('Container exited with status 9');
  });

  it('are not reported as running, also to a new master, if they exited meanwhile', async () => {
    const {port} = master;
    const agent = await cluster.agentProcess(master, ...flags);
    framework = await cluster.framework(master).subscribe();
    await framework.launch(await framework.offer(), task('t', 'sleep 1000'));
    const exited = container(await framework.status('t', 'TASK_RUNNING'));
    agent.kill('SIGKILL');
    await master.stop();
    process.kill(-Number(readFileSync(join(exited, 'pid'), 'utf8')), 'SIGKILL');
    await eventually(() => existsSync(join(exited, 'code'))).toBe(true);
    master = await cluster.master(`--port=${port}`);
    const again = await cluster.framework(master).subscribe({id: {value: framework.id}});
    await cluster.agentProcess(master, ...flags);
    await again.status('t', 'TASK_FAILED');
    // what the agent registered with; it may repeat earlier updates
    expect(again.events.map(({update}) => update?.status.reason)).not.toContain('REASON_AGENT_REREGISTERED');
  });

  it('are stopped if their framework has no checkpoint, and so are containers of unknown tasks', async () => {
    const agent = await cluster.agentProcess(master, ...flags);
    framework = await cluster.framework(master).subscribe({checkpoint: false});
    await framework.launch(await framework.offer(), task('t', 'sleep 1000'));
    const status = await framework.status('t', 'TASK_RUNNING');
    agent.kill('SIGKILL');
    await framework.status('t', 'TASK_LOST');
    const orphan = 'mesos-12345678-1234-4234-8234-123456789012';
    mkdirSync(join(directory, 'containers', orphan));
    await cluster.agentProcess(master, ...flags);
    await eventually(() => existsSync(container(status))).toBe(false);
    await eventually(() => log().some((line) => line.endsWith(` stop -t 5 ${orphan}`))).toBe(true);
    rmSync(join(directory, 'containers', orphan), {recursive: true});
  });
});

describe('an agent with the docker containerizer', () => {
  const exit = async (...more: string[]): Promise<string> => {
    const agent = await cluster.agentProcess(master, ...flags, ...more);
    const code = await new Promise((resolve) => agent.once('close', resolve));
    return `${code} ${cluster.log.filter((line) => line.startsWith(`agent ${agent.pid}: `)).join('')}`;
  };

  it('exits with 1 when the daemon does not respond, before it kills or forgets a task', async () => {
    const first = await cluster.agentProcess(master, ...flags);
    framework = await cluster.framework(master).subscribe();
    const command = {shell: true, value: 'sleep 1000'};
    await framework.launch(await framework.offer(), dockerTask('t', {network: 'NONE'}, command));
    await framework.status('t', 'TASK_RUNNING');
    first.kill('SIGKILL');
    writeFileSync(join(directory, 'down'), '');
    expect(await exit()).toMatch(
      /^1 .*EXIT with status 1: Failed to perform recovery: Collect failed: Failed to run '\S+ -H unix:\/\/\/var\/run\/docker.sock ps -a': exited with status 1; stderr='Cannot connect to the Docker daemon\n'\n/,
    );
    rmSync(join(directory, 'down'));
    await cluster.agentProcess(master, ...flags);
    await framework.call('KILL', {kill: {task_id: {value: 't'}}});
    await framework.status('t', 'TASK_KILLED');
    // An update whose acknowledgement the killed agent had not stored is repeated.
    expect([...new Set(framework.states('t'))]).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLED']);
  });

  it('exits with 1 when there is no docker client', async () => {
    expect(await exit('--docker=/nonexistent/docker')).toMatch(
      /^1 .*EXIT with status 1: Failed to create a containerizer: Could not create DockerContainerizer: Failed to create docker: Failed to get docker version: Failed to execute '\/nonexistent\/docker -H \S+ --version': exited with status 127\n/,
    );
  });

  it('does not look for docker when only the mesos containerizer is enabled', async () => {
    writeFileSync(join(directory, 'down'), '');
    await cluster.agent(master, ...flags, '--containerizers=mesos');
    framework = await cluster.framework(master).subscribe();
    expect((await framework.offer()).hostname).toBe('127.0.0.1');
  });
});

describe('a task whose containerizer is not enabled', () => {
  it('fails', async () => {
    await cluster.agent(master, '--containerizers=mesos');
    framework = await cluster.framework(master).subscribe();
    await framework.launch(await framework.offer(), {...dockerTask('t', {}, {value: 'true'}), resources: resources(0.1, 32)});
    expect((await framework.status('t', 'TASK_FAILED')).message).toMatch(/None of the enabled containerizers/);
  });
});
