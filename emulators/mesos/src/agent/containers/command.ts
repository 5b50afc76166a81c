import {type ChildProcess, spawn} from 'node:child_process';
import {chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync} from 'node:fs';
import {constants} from 'node:os';
import {join} from 'node:path';
import {type Clock, delay} from '../../common/clock.js';
import type {EnvironmentVariable} from '../../common/wire.js';
import {variableValue} from '../environment.js';
import {identifyProcess, isAlive, waitForExit} from '../processes.js';
import {type ProcessStatistics, processesOfSession, sumStatistics} from '../statistics.js';
import type {TaskRecord} from '../task-record.js';
import {findUser, type User} from '../users.js';
import {executorArgv} from './command-executor.js';
import type {Container, Containerizer, ContainerObserver, ExitResult} from './container.js';

const SIGNAL_NAMES: Readonly<Record<string, string>> = {
  SIGTERM: 'Terminated',
  SIGKILL: 'Killed',
  SIGINT: 'Interrupt',
  SIGSEGV: 'Segmentation fault',
  SIGABRT: 'Aborted',
  SIGHUP: 'Hangup',
};

/** In seconds, as in upstream Mesos. */
const DEFAULT_GRACE_PERIOD = 3;
const POLL_SECONDS = 0.1;

export interface CommandSettings {
  readonly runtimeDir: string;
  readonly switchesUser: boolean;
  readonly clock: Clock;
  environment(record: TaskRecord): readonly EnvironmentVariable[];
}

/** Runs tasks as processes without isolation, as upstream Mesos with --launcher=posix and --isolation=posix/cpu,posix/mem. */
export class CommandContainerizer implements Containerizer {
  readonly #settings: CommandSettings;

  constructor(settings: CommandSettings) {
    this.#settings = settings;
  }

  async check(): Promise<void> {}

  async prepare(): Promise<void> {}

  create(record: TaskRecord): Container {
    return new CommandContainer(this.#settings, record);
  }

  async removeOrphans(): Promise<void> {}

  async cleanUp(record: TaskRecord): Promise<void> {
    rmSync(join(this.#settings.runtimeDir, 'containers', record.containerId), {recursive: true, force: true});
  }
}

class CommandContainer implements Container {
  readonly #settings: CommandSettings;
  readonly #record: TaskRecord;
  readonly #directory: string;
  #hasExited = false;

  constructor(settings: CommandSettings, record: TaskRecord) {
    this.#settings = settings;
    this.#record = record;
    this.#directory = join(settings.runtimeDir, 'containers', record.containerId);
  }

  async run(observer: ContainerObserver): Promise<ExitResult> {
    mkdirSync(this.#directory, {recursive: true});
    const user = this.#user();
    if (user) chownSync(this.#directory, user.uid, user.gid);
    const child = this.#spawn(user);
    const exit = waitForExit(child);
    const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
    if (identity) this.#record.process = identity;
    observer.onRunning({});
    const {error} = await exit;
    return error ? this.#exited({isSuccess: false, message: error.message}) : this.#exitResult();
  }

  async resume(observer: ContainerObserver): Promise<ExitResult> {
    if (this.#record.state === 'TASK_STARTING') observer.onRunning({});
    while (this.#record.process !== undefined && isAlive(this.#record.process)) await delay(this.#settings.clock, POLL_SECONDS);
    return this.#exitResult();
  }

  async kill(graceSeconds: number | undefined): Promise<void> {
    const {clock} = this.#settings;
    const until = clock.now() + (graceSeconds ?? DEFAULT_GRACE_PERIOD);
    let isSignaled = false;
    while (!this.#isFinished() && clock.now() < until) {
      // The executor may not have started the task yet.
      if (!isSignaled) isSignaled = this.#signal('SIGTERM');
      await delay(clock, POLL_SECONDS);
    }
    while (!this.#isFinished()) {
      this.#signal('SIGKILL');
      await delay(clock, POLL_SECONDS);
    }
  }

  async statistics(): Promise<ProcessStatistics | undefined> {
    const session = this.#session();
    return session === undefined ? undefined : sumStatistics(processesOfSession(session));
  }

  async execArgv(argv: readonly string[]): Promise<readonly string[]> {
    return argv;
  }

  async networkArgv(argv: readonly string[]): Promise<readonly string[]> {
    return argv;
  }

  #spawn(user: User | undefined): ChildProcess {
    const {sandbox} = this.#record;
    const out = openSync(join(sandbox, 'stdout'), 'a');
    const err = openSync(join(sandbox, 'stderr'), 'a');
    const variables = this.#settings.environment(this.#record);
    const env = Object.fromEntries(variables.map((variable) => [variable.name, variableValue(variable)]));
    const terminal = this.#record.task.container?.tty_info;
    const [program, ...rest] = executorArgv(this.#directory, this.#argv(), terminal && {...terminal, shell: env.SHELL});
    const child = spawn(program!, rest, {
      detached: true,
      stdio: ['ignore', out, err],
      cwd: sandbox,
      env,
      ...(user ? {uid: user.uid, gid: user.gid} : {}),
    });
    closeSync(out);
    closeSync(err);
    child.unref();
    return child;
  }

  #argv(): readonly string[] {
    const {command} = this.#record.task;
    if (command?.shell !== false) return ['/bin/sh', '-c', command?.value ?? 'true'];
    const [, ...rest] = command.arguments ?? [];
    // arguments[0] would be the argv[0] of the program, which setsid cannot set.
    return [command.value ?? command.arguments?.[0] ?? 'true', ...rest];
  }

  #user(): User | undefined {
    const name = this.#record.task.command?.user ?? this.#record.framework.user;
    const user = this.#settings.switchesUser ? findUser(name) : undefined;
    return user && user.uid !== process.getuid?.() && process.getuid?.() === 0 ? user : undefined;
  }

  #isFinished(): boolean {
    return this.#hasExited || this.#record.process === undefined || !isAlive(this.#record.process);
  }

  /** Signals the task's process group, which does not contain the executor. @returns false when the task has not started yet */
  #signal(signal: NodeJS.Signals): boolean {
    const session = this.#session();
    if (session === undefined) return false;
    try {
      process.kill(-session, signal);
    } catch {
      // The processes have already exited.
    }
    return true;
  }

  /** The session id of the task; undefined before it has started. */
  #session(): number | undefined {
    try {
      const pid = Number(readFileSync(join(this.#directory, 'pid'), 'utf8'));
      return pid > 1 ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  #exitResult(): ExitResult {
    const path = join(this.#directory, 'exit');
    if (!existsSync(path)) {
      this.#signal('SIGKILL');
      return this.#exited({isSuccess: false, message: 'Executor terminated', isExecutorLost: true});
    }
    const status = Number(readFileSync(path, 'utf8'));
    // The remaining processes of its session must not outlive the task.
    this.#signal('SIGKILL');
    const signal = Object.entries(constants.signals).find(([, number]) => number === status - 128)?.[0];
    if (signal !== undefined)
      return this.#exited({isSuccess: false, message: `Command terminated with signal ${SIGNAL_NAMES[signal] ?? signal}`});
    // When the program cannot be executed, Mesos' launcher exits with 1, a shell with 126 or 127.
    const shown = this.#record.task.command?.shell === false && (status === 126 || status === 127) ? 1 : status;
    return this.#exited({isSuccess: status === 0, message: `Command exited with status ${shown}`});
  }

  #exited(result: ExitResult): ExitResult {
    this.#hasExited = true;
    return result;
  }
}
