import {spawn} from 'node:child_process';
import {closeSync, openSync} from 'node:fs';
import {join} from 'node:path';
import {type Clock, delay} from '../../common/clock.js';
import {identifyProcess, isAlive, runCommand, waitForExit} from '../processes.js';
import {type ProcessStatistics, processesInGroupOf, sumStatistics} from '../statistics.js';
import type {TaskRecord} from '../task-record.js';
import {
  type Container,
  type Containerizer,
  ContainerizerError,
  type ContainerObserver,
  type ExitResult,
  LaunchError,
  type Running,
} from './container.js';
import {
  CONTAINER_PREFIX,
  clientArgv,
  type DockerSettings,
  dockerArgv,
  dockerRunArguments,
  executorName,
  networkName,
} from './docker-arguments.js';

const NEVER = '0001-01-01T00:00:00Z';
const POLL_SECONDS = 0.2;

/** The part of `docker inspect` that is read here. */
interface Inspection {
  readonly State: {readonly Running: boolean; readonly StartedAt: string; readonly ExitCode: number; readonly Pid: number};
  readonly NetworkSettings?: {readonly Networks?: Readonly<Record<string, {readonly IPAddress?: string}>>};
}

/** Runs tasks as docker containers through the docker command, as upstream Mesos does. */
export class DockerContainerizer implements Containerizer {
  readonly #settings: DockerSettings;
  readonly #clock: Clock;

  constructor(settings: DockerSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** As upstream: the client must exist, and the daemon must list its containers. */
  async check(): Promise<void> {
    const version = dockerArgv(this.#settings, '--version');
    const client = await runCommand(version);
    if (client.code !== 0) {
      const failure = `Failed to execute '${version.join(' ')}': ${exitText(client.code ?? 127)}`;
      throw new ContainerizerError('create', `Failed to create docker: Failed to get docker version: ${failure}`);
    }
    const list = dockerArgv(this.#settings, 'ps', '-a');
    const {code, stderr} = await runCommand(list);
    if (code !== 0)
      throw new ContainerizerError('recover', `Failed to run '${list.join(' ')}': ${exitText(code)}; stderr='${stderr}'`);
  }

  /** Pulls the image if it is missing. */
  async prepare(record: TaskRecord, signal: AbortSignal): Promise<void> {
    const {image, force_pull_image} = record.task.container!.docker!;
    const found = await runCommand(dockerArgv(this.#settings, 'inspect', '--type=image', image), {signal});
    if (found.code === 0 && !force_pull_image) return;
    const argv = dockerArgv(this.#settings, 'pull', withTag(image));
    const pulled = await runCommand(argv, {signal});
    if (pulled.code === 0) return;
    const failure = `Failed to run '${argv.join(' ')}': ${exitText(pulled.code)}; stderr='${pulled.stderr}'`;
    throw new LaunchError(`Failed to launch container: ${failure}`);
  }

  create(record: TaskRecord): Container {
    return new DockerContainer(this.#settings, this.#clock, record);
  }

  async removeOrphans(known: ReadonlySet<string>): Promise<void> {
    if (!this.#settings.killsOrphans) return;
    const listed = await runCommand(
      dockerArgv(this.#settings, 'ps', '--no-trunc', '--filter', `name=^/?${CONTAINER_PREFIX}`, '--format', '{{.Names}}'),
    );
    const names = listed.stdout.split('\n').filter((name) => /^mesos-[0-9a-f]{8}-[0-9a-f-]{27}$/.test(name));
    const orphans = names.filter((name) => !known.has(name.slice(CONTAINER_PREFIX.length)));
    await Promise.all(
      orphans.map((name) => runCommand(dockerArgv(this.#settings, 'stop', '-t', String(this.#settings.stopTimeout), name))),
    );
  }

  async cleanUp(record: TaskRecord): Promise<void> {
    const name = CONTAINER_PREFIX + record.containerId;
    const names = this.#settings.executorImage === undefined ? [name] : [name, executorName(name)];
    await Promise.all(names.map((one) => runCommand(dockerArgv(this.#settings, 'rm', '-f', '-v', one))));
  }
}

function exitText(code: number | undefined): string {
  return code === undefined ? 'terminated' : `exited with status ${code}`;
}

/** `docker pull NAME` implies the tag `latest`, too, but upstream Mesos writes it out. */
function withTag(image: string): string {
  return /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
}

class DockerContainer implements Container {
  readonly #settings: DockerSettings;
  readonly #clock: Clock;
  readonly #record: TaskRecord;
  readonly #name: string;
  readonly #runArguments: string[];
  #hasExited = false;
  /** The pid of the container's process 1; 0 before it runs. */
  #pid = 0;

  constructor(settings: DockerSettings, clock: Clock, record: TaskRecord) {
    this.#settings = settings;
    this.#clock = clock;
    this.#record = record;
    this.#name = CONTAINER_PREFIX + record.containerId;
    this.#runArguments = dockerRunArguments(settings, record);
  }

  async run(observer: ContainerObserver): Promise<ExitResult> {
    const client = this.#spawnClient(clientArgv(this.#settings, this.#name, dockerArgv(this.#settings, ...this.#runArguments)));
    const exit = waitForExit(client);
    const identity = client.pid === undefined ? undefined : identifyProcess(client.pid);
    if (identity) this.#record.process = identity;
    observer.save();
    const clientExited = new AbortController();
    const started = this.#waitForStart(observer, clientExited.signal);
    const {code, error} = await exit;
    clientExited.abort();
    const hasRun = await started;
    if (error) return this.#exited(127);
    // When the client was killed, or exits with 125 because it lost the daemon, the container may still run.
    if (code === undefined || (code === 125 && hasRun)) return this.#waitForContainer();
    return this.#exited(code);
  }

  async resume(observer: ContainerObserver): Promise<ExitResult> {
    const inspection = await this.#inspect();
    // Either the container is gone, or the daemon is not up yet.
    if (!inspection) return this.#waitForContainer();
    if (this.#record.state === 'TASK_STARTING' && inspection.value.State.StartedAt !== NEVER)
      observer.onRunning(this.#running(inspection));
    const isClientAlive = this.#record.process !== undefined && isAlive(this.#record.process);
    if (inspection.value.State.Running && !isClientAlive) {
      const since = new Date().toISOString();
      const client = this.#spawnClient(dockerArgv(this.#settings, 'logs', '--follow', '--since', since, this.#name));
      const identity = client.pid === undefined ? undefined : identifyProcess(client.pid);
      if (identity) this.#record.process = identity;
      observer.save();
    }
    if (inspection.value.State.StartedAt === NEVER && isClientAlive) return this.#resumeStarting(observer);
    return this.#waitForContainer();
  }

  async hasExited(): Promise<boolean> {
    const inspection = await this.#inspect();
    return inspection !== undefined && !inspection.value.State.Running && inspection.value.State.StartedAt !== NEVER;
  }

  /** The previous agent stopped between `docker run` and the start of the container. */
  async #resumeStarting(observer: ContainerObserver): Promise<ExitResult> {
    const clientExited = new AbortController();
    const started = this.#waitForStart(observer, clientExited.signal);
    while (isAlive(this.#record.process!)) await delay(this.#clock, POLL_SECONDS);
    clientExited.abort();
    await started;
    return this.#waitForContainer();
  }

  async kill(graceSeconds: number | undefined): Promise<void> {
    const grace = String(Math.round(graceSeconds ?? this.#settings.stopTimeout));
    // While `docker run` is in progress, the container may not exist or not have started, which `docker stop` takes for stopped: try again.
    do {
      await runCommand(dockerArgv(this.#settings, 'stop', '-t', grace, this.#name));
      await delay(this.#clock, POLL_SECONDS);
    } while (!this.#hasExited && this.#record.process !== undefined && isAlive(this.#record.process));
  }

  async statistics(): Promise<ProcessStatistics | undefined> {
    const pid = await this.#processId();
    return pid === 0 ? undefined : sumStatistics(processesInGroupOf(pid));
  }

  async execArgv(argv: readonly string[]): Promise<readonly string[]> {
    return dockerArgv(this.#settings, 'exec', this.#name, ...argv);
  }

  async networkArgv(argv: readonly string[]): Promise<readonly string[]> {
    if (networkName(this.#record) === 'host') return argv;
    return ['nsenter', '-t', String(await this.#processId()), '-n', ...argv];
  }

  /**
   * The pid of the container's process 1; 0 before it runs. Cached, as in upstream Mesos: a health check every few seconds should not start
   * the docker command as often.
   */
  async #processId(): Promise<number> {
    if (this.#pid === 0) this.#pid = (await this.#inspect())?.value.State.Pid ?? 0;
    return this.#pid;
  }

  /** Starts the docker client in its own session, so that it outlives the agent. Its output is that of the task. */
  #spawnClient(argv: readonly string[]): ReturnType<typeof spawn> {
    const out = openSync(join(this.#record.sandbox, 'stdout'), 'a');
    const err = openSync(join(this.#record.sandbox, 'stderr'), 'a');
    const child = spawn(argv[0]!, argv.slice(1), {detached: true, stdio: ['ignore', out, err], cwd: this.#record.sandbox});
    closeSync(out);
    closeSync(err);
    child.unref();
    child.on('error', () => undefined);
    return child;
  }

  /** Polls until the container has started (true) or the docker client has exited without starting it (false). */
  async #waitForStart(observer: ContainerObserver, clientExited: AbortSignal): Promise<boolean> {
    for (;;) {
      const isLast = clientExited.aborted;
      const inspection = await this.#inspect();
      if (inspection && inspection.value.State.StartedAt !== NEVER) {
        observer.onRunning(this.#running(inspection));
        return true;
      }
      if (isLast) return false;
      await delay(this.#clock, POLL_SECONDS, clientExited);
    }
  }

  #running(inspection: {readonly text: string; readonly value: Inspection}): Running {
    const data = Buffer.from(inspection.text).toString('base64');
    const name = networkName(this.#record);
    const address = inspection.value.NetworkSettings?.Networks?.[name]?.IPAddress;
    if (!address) return {data};
    const [requested] = this.#record.task.container?.network_infos ?? [];
    return {data, networkInfos: [{...requested, ip_addresses: [{protocol: 'IPv4', ip_address: address}]}]};
  }

  /** Undefined when there is no such container or the output of docker cannot be parsed: callers that poll try again. */
  async #inspect(): Promise<{readonly text: string; readonly value: Inspection} | undefined> {
    const result = await runCommand(dockerArgv(this.#settings, 'inspect', '--type=container', this.#name));
    if (result.code !== 0) return undefined;
    const value = parseInspection(result.stdout);
    return value && {text: result.stdout, value};
  }

  /** Waits until the container exits, even if the daemon restarts in between. */
  async #waitForContainer(): Promise<ExitResult> {
    for (;;) {
      const waited = await runCommand(dockerArgv(this.#settings, 'wait', this.#name));
      const code = Number.parseInt(waited.stdout.trim(), 10);
      if (waited.code === 0 && Number.isInteger(code)) return this.#exited(code);
      const inspection = await this.#inspect();
      if (inspection && !inspection.value.State.Running) return this.#exited(inspection.value.State.ExitCode);
      if (!inspection) {
        const daemon = await runCommand(dockerArgv(this.#settings, 'version'));
        if (daemon.code === 0) return this.#exited(undefined);
      }
      await delay(this.#clock, 1);
    }
  }

  /** @param code undefined when the container no longer exists; reported like SIGKILL */
  #exited(code: number | undefined): ExitResult {
    this.#hasExited = true;
    const status = code ?? 137;
    return {isSuccess: status === 0, message: `Container exited with status ${status}`};
  }
}

function parseInspection(text: string): Inspection | undefined {
  try {
    return (JSON.parse(text) as Inspection[])[0];
  } catch {
    return undefined;
  }
}
