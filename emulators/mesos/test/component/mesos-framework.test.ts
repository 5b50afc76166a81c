import {type ChildProcess, spawn} from 'node:child_process';
import {chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import type {TaskStatus} from '../../src/common/wire.js';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from '../support/cluster.js';
import type {Event} from '../support/framework.js';
import {sendRequest} from '../support/http.js';

/** npm's mesos-framework: a client of the scheduler API that this project did not write, with the settings of its own examples. */

const CLIENT = fileURLToPath(new URL('../support/mesos-framework-client.mjs', import.meta.url));

class Client {
  readonly events: {readonly event: string; readonly value: Event}[] = [];
  readonly #process: ChildProcess;

  constructor(directory: string, argument: object) {
    this.#process = spawn(process.execPath, [CLIENT, JSON.stringify(argument)], {
      cwd: directory,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    createInterface({input: this.#process.stdout!}).on('line', (line) => this.events.push(JSON.parse(line)));
  }

  call(method: string, ...list: readonly unknown[]): void {
    this.#process.stdin!.write(`${JSON.stringify({method, arguments: list})}\n`);
  }

  /** The values of all events of a kind. */
  all(event: string): Event[] {
    return this.events.filter((candidate) => candidate.event === event).map(({value}) => value);
  }

  async wait(event: string, matches: (value: Event) => boolean = () => true): Promise<Event> {
    const find = (): Event => this.events.find((candidate) => candidate.event === event && matches(candidate.value));
    const found = await vi.waitUntil(find, {timeout: 30_000, interval: 20}).catch(() => undefined);
    if (found === undefined) throw new Error(`no event ${event}: ${JSON.stringify(this.events).slice(0, 4000)}`);
    return found.value;
  }

  async status(state: string): Promise<TaskStatus> {
    return (await this.wait('update', ({status}) => status.state === state)).status;
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

let cluster: TestCluster;
let master: RunningMaster;
let clients: Client[];

beforeEach(async () => {
  cluster = new TestCluster();
  master = await cluster.master();
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.stop();
  await cluster.close();
});

function start(options: object, frameworkId?: string): Client {
  const client = new Client(cluster.directory, {port: master.port, options, frameworkId});
  clients.push(client);
  return client;
}

const resources = {cpus: 0.2, mem: 128, ports: 1, disk: 0};

/** Its example commandScheduler.js, with a command as the argument. */
function commandTasks(value: string): object {
  const sleeper = {priority: 1, instances: 1, commandInfo: {$: 'CommandInfo', shell: true, value}, resources};
  return {frameworkName: 'My first Command framework', tasks: {sleepProcesses: sleeper}};
}

describe("a scheduler made with npm's mesos-framework", () => {
  it('runs a command to its end', async () => {
    await cluster.agent(master);
    const client = start(commandTasks('echo "$HOST $PORT0"'));
    const {frameworkId, mesosStreamId} = await client.wait('subscribed');
    expect([frameworkId, mesosStreamId]).toEqual([expect.stringMatching(/-0000$/), expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    const status = await client.status('TASK_FINISHED');
    expect(status.message).toBe('Command exited with status 0');
    const name = status.task_id.value;
    expect(name).toMatch(/^My-first-Command-framework\.sleepProcesses-1\./);
    expect(client.all('update').map((update) => update.status.state)).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
    expect(client.all('error')).toEqual([]);
  });

  it('reconciles and kills its task after a fail-over to another process, and tears the framework down', async () => {
    await cluster.agent(master);
    const first = start(commandTasks('sleep 1000'));
    const {frameworkId} = await first.wait('subscribed');
    const running = await first.status('TASK_RUNNING');
    first.stop();
    const second = start({frameworkName: 'My first Command framework'}, frameworkId);
    expect((await second.wait('subscribed')).frameworkId).toBe(frameworkId);
    second.call('reconcile');
    const known = await second.status('TASK_RUNNING');
    expect(known).toMatchObject({task_id: running.task_id, reason: 'REASON_RECONCILIATION', agent_id: running.agent_id});
    second.call('reconcile', 'unknown', running.agent_id!.value);
    expect((await second.status('TASK_LOST')).message).toBe('Reconciliation: Task is unknown to the agent');
    second.call('kill', running.task_id.value, running.agent_id!.value);
    expect((await second.status('TASK_KILLED')).message).toBe('Command terminated with signal Terminated');
    expect(second.all('error')).toEqual([]);
    second.call('teardown');
    await second.wait('sent_teardown');
    const {frameworks, completed_frameworks} = JSON.parse((await sendRequest(master.port, 'GET', '/master/frameworks')).text);
    expect([frameworks, completed_frameworks]).toMatchObject([[], [{id: frameworkId}]]);
  });

  it('runs a docker task with port mappings', async () => {
    const directory = join(cluster.directory, 'docker');
    mkdirSync(join(directory, 'images', 'tobilg'), {recursive: true});
    copyFileSync(new URL('../support/fake-docker.sh', import.meta.url), join(directory, 'docker'));
    chmodSync(join(directory, 'docker'), 0o755);
    writeFileSync(join(directory, 'images', 'tobilg/mini-webserver'), '');
    await cluster.agent(master, '--containerizers=docker,mesos', `--docker=${join(directory, 'docker')}`);
    // The package's own `portMappings` has no effect: it compares the number of the network with a name.
    const port_mappings = [{$: 'ContainerInfo.DockerInfo.PortMapping', host_port: 31000, container_port: 80, protocol: 'tcp'}];
    const docker = {$: 'ContainerInfo.DockerInfo', image: 'tobilg/mini-webserver', network: 2, port_mappings};
    const webserver = {
      priority: 1,
      instances: 1,
      containerInfo: {$: 'ContainerInfo', type: 1, docker},
      commandInfo: {$: 'CommandInfo', shell: false, value: 'sleep', arguments: ['1000']},
      resources,
    };
    const client = start({frameworkName: 'docker', tasks: {webservers: webserver}});
    const running = await client.status('TASK_RUNNING');
    const log = readFileSync(join(directory, 'log'), 'utf8');
    expect(log).toMatch(
      / run .*-e PORT0=31000 .*--net bridge -p 31000:80\/tcp --name mesos-\S+ tobilg\/mini-webserver sleep 1000$/m,
    );
    client.call('kill', running.task_id.value, running.agent_id!.value);
    await client.status('TASK_KILLED');
    expect(client.all('error')).toEqual([]);
  });
});
