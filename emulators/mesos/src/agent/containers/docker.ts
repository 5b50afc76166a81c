import {spawn} from 'node:child_process';
import {closeSync, openSync} from 'node:fs';
import {join} from 'node:path';
import {delay, identifyProcess, isAlive, runCommand, waitForExit} from '../processes.js';
import {type ProcessStatistics, processesInGroupOf, sumStatistics} from '../statistics.js';
import type {TaskRecord} from '../task-record.js';
import {
  type Container,
  type Containerizer,
  type ContainerObserver,
  type ExitResult,
  LaunchError,
  type Running,
} from './container.js';
import {CONTAINER_PREFIX, type DockerSettings, dockerArgv, dockerRunArguments, networkName} from './docker-arguments.js';

const NEVER = '0001-01-01T00:00:00Z';
const POLL_MS = 200;

/** What we read of `docker inspect`. */
interface Inspection {
  readonly State: {readonly Running: boolean; readonly StartedAt: string; readonly ExitCode: number; readonly Pid: number};
  readonly NetworkSettings?: {readonly Networks?: Readonly<Record<string, {readonly IPAddress?: string}>>};
}

/** Tasks as docker containers, through the docker command as genuine Mesos does it. */
export class DockerContainerizer implements Containerizer {
  readonly #settings: DockerSettings;

  constructor(settings: DockerSettings) {
    this.#settings = settings;
  }

  /** Pulls the image if it is not there. */
  async prepare(record: TaskRecord, signal: AbortSignal): Promise<void> {
    const {image, force_pull_image} = record.task.container!.docker!;
    const found = await runCommand(dockerArgv(this.#settings, 'inspect', '--type=image', image), {signal});
    if (found.code === 0 && !force_pull_image) return;
    const argv = dockerArgv(this.#settings, 'pull', withTag(image));
    const pulled = await runCommand(argv, {signal});
    if (pulled.code === 0) return;
    const status = pulled.code === undefined ? 'terminated' : `exited with status ${pulled.code}`;
    throw new LaunchError(`Failed to launch container: Failed to run '${argv.join(' ')}': ${status}; stderr='${pulled.stderr}'`);
  }

  create(record: TaskRecord): Container {
    return new DockerContainer(this.#settings, record);
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
    await runCommand(dockerArgv(this.#settings, 'rm', '-f', '-v', CONTAINER_PREFIX + record.containerId));
  }
}

/** `docker pull NAME` would mean the tag latest too, but Mesos says so. */
function withTag(image: string): string {
  return /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
}

class DockerContainer implements Container {
  readonly #settings: DockerSettings;
  readonly #record: TaskRecord;
  readonly #name: string;
  readonly #runArguments: string[];
  #hasEnded = false;
  /** Of the container's process 1, once it runs. */
  #pid = 0;

  constructor(settings: DockerSettings, record: TaskRecord) {
    this.#settings = settings;
    this.#record = record;
    this.#name = CONTAINER_PREFIX + record.containerId;
    this.#runArguments = dockerRunArguments(settings, record);
  }

  async run(observer: ContainerObserver): Promise<ExitResult> {
    const client = this.#spawnClient(dockerArgv(this.#settings, ...this.#runArguments));
    const exit = waitForExit(client);
    const identity = client.pid === undefined ? undefined : identifyProcess(client.pid);
    if (identity) this.#record.process = identity;
    observer.save();
    const over = new AbortController();
    const seen = this.#watchStart(observer, over.signal);
    const {code, error} = await exit;
    over.abort();
    const hasRun = await seen;
    if (error) return this.#ending(127);
    // 125 also stands for the client's loss of the daemon; then, and when the client was killed, the container may well run on.
    if (code === undefined || (code === 125 && hasRun)) return this.#waitForContainer();
    return this.#ending(code);
  }

  async resume(observer: ContainerObserver): Promise<ExitResult> {
    const inspection = await this.#inspect();
    // Gone, or the daemon is not up yet.
    if (!inspection) return this.#waitForContainer();
    if (this.#record.state === 'TASK_STARTING' && inspection.value.State.StartedAt !== NEVER)
      observer.onRunning(this.#running(inspection));
    const clientLives = this.#record.process !== undefined && isAlive(this.#record.process);
    if (inspection.value.State.Running && !clientLives) {
      const since = new Date().toISOString();
      const client = this.#spawnClient(dockerArgv(this.#settings, 'logs', '--follow', '--since', since, this.#name));
      const identity = client.pid === undefined ? undefined : identifyProcess(client.pid);
      if (identity) this.#record.process = identity;
      observer.save();
    }
    if (inspection.value.State.StartedAt === NEVER && clientLives) return this.#resumeStarting(observer);
    return this.#waitForContainer();
  }

  /** The last agent went away between `docker run` and the container's start. */
  async #resumeStarting(observer: ContainerObserver): Promise<ExitResult> {
    const over = new AbortController();
    const seen = this.#watchStart(observer, over.signal);
    while (isAlive(this.#record.process!)) await delay(POLL_MS);
    over.abort();
    await seen;
    return this.#waitForContainer();
  }

  async kill(graceSeconds: number | undefined): Promise<void> {
    const grace = String(Math.round(graceSeconds ?? this.#settings.stopTimeout));
    // The container may not exist yet, or not have started (which `docker stop` takes for stopped), while `docker run` is still at it.
    do {
      await runCommand(dockerArgv(this.#settings, 'stop', '-t', grace, this.#name));
      await delay(POLL_MS);
    } while (!this.#hasEnded && this.#record.process !== undefined && isAlive(this.#record.process));
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
   * Of process 1 of the container; 0 before it runs. Asked once, as genuine Mesos does: a check every few seconds is no reason to start the
   * docker command as often.
   */
  async #processId(): Promise<number> {
    if (this.#pid === 0) this.#pid = (await this.#inspect())?.value.State.Pid ?? 0;
    return this.#pid;
  }

  /** In a session of its own, so that it outlives us; its output is the task's. */
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

  /** Polls until the container has started, or until it can't any more. True when it did. */
  async #watchStart(observer: ContainerObserver, over: AbortSignal): Promise<boolean> {
    for (;;) {
      const isLast = over.aborted;
      const inspection = await this.#inspect();
      if (inspection && inspection.value.State.StartedAt !== NEVER) {
        observer.onRunning(this.#running(inspection));
        return true;
      }
      if (isLast) return false;
      await delay(POLL_MS, over);
    }
  }

  #running(inspection: {readonly text: string; readonly value: Inspection}): Running {
    const data = Buffer.from(inspection.text).toString('base64');
    const name = networkName(this.#record);
    const address = inspection.value.NetworkSettings?.Networks?.[name]?.IPAddress;
    if (!address) return {data};
    const isNamed = this.#record.task.container?.docker?.network === 'USER';
    return {data, networkInfos: [{ip_addresses: [{protocol: 'IPv4', ip_address: address}], ...(isNamed ? {name} : {})}]};
  }

  /** Undefined when there is no such container, and when Docker gave no answer that can be read: whoever polls asks again. */
  async #inspect(): Promise<{readonly text: string; readonly value: Inspection} | undefined> {
    const result = await runCommand(dockerArgv(this.#settings, 'inspect', '--type=container', this.#name));
    if (result.code !== 0) return undefined;
    const value = parseInspection(result.stdout);
    return value && {text: result.stdout, value};
  }

  /** Waits as long as the container runs, also through a restart of the daemon. */
  async #waitForContainer(): Promise<ExitResult> {
    for (;;) {
      const waited = await runCommand(dockerArgv(this.#settings, 'wait', this.#name));
      const code = Number.parseInt(waited.stdout.trim(), 10);
      if (waited.code === 0 && Number.isInteger(code)) return this.#ending(code);
      const inspection = await this.#inspect();
      if (inspection && !inspection.value.State.Running) return this.#ending(inspection.value.State.ExitCode);
      if (!inspection) {
        const daemon = await runCommand(dockerArgv(this.#settings, 'version'));
        if (daemon.code === 0) return this.#ending(undefined);
      }
      await delay(1000);
    }
  }

  /** @param code undefined: the container is gone without a trace, as after SIGKILL and removal */
  #ending(code: number | undefined): ExitResult {
    this.#hasEnded = true;
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
