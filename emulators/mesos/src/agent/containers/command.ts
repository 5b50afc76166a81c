import {type ChildProcess, spawn} from 'node:child_process';
import {chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync} from 'node:fs';
import {constants} from 'node:os';
import {join} from 'node:path';
import type {EnvironmentVariable} from '../../common/wire.js';
import {variableValue} from '../environment.js';
import {delay, identifyProcess, isAlive, waitForExit} from '../processes.js';
import {type ProcessStatistics, processesOfSession, sumStatistics} from '../statistics.js';
import type {TaskRecord} from '../task-record.js';
import {findUser, type User} from '../users.js';
import type {Container, Containerizer, ContainerObserver, ExitResult} from './container.js';

/**
 * The executor of command tasks: a shell that runs the task in a session of its own and writes down its pid and how it ended, so that an
 * agent that was away learns it too. Arguments: the directory for that, then the task's argv. stderr of a program that is missing goes
 * where the task's goes.
 */
const EXECUTOR = `d=$1; shift
setsid "$@" &
echo $! > "$d/pid"
wait $!
echo $? > "$d/exit.new"
mv "$d/exit.new" "$d/exit"`;

const SIGNAL_NAMES: Readonly<Record<string, string>> = {
  SIGTERM: 'Terminated',
  SIGKILL: 'Killed',
  SIGINT: 'Interrupt',
  SIGSEGV: 'Segmentation fault',
  SIGABRT: 'Aborted',
  SIGHUP: 'Hangup',
};

/** Seconds; Mesos' own. */
const DEFAULT_GRACE = 3;
const POLL_MS = 100;

export interface CommandSettings {
  readonly runtimeDir: string;
  readonly switchesUser: boolean;
  environment(record: TaskRecord): readonly EnvironmentVariable[];
}

/** Tasks as processes of this machine, without isolation (genuine Mesos with --launcher=posix and --isolation=posix). */
export class CommandContainerizer implements Containerizer {
  readonly #settings: CommandSettings;

  constructor(settings: CommandSettings) {
    this.#settings = settings;
  }

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
  #hasEnded = false;

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
    return error ? this.#end({isSuccess: false, message: error.message}) : this.#ending();
  }

  async resume(observer: ContainerObserver): Promise<ExitResult> {
    if (this.#record.state === 'TASK_STARTING') observer.onRunning({});
    while (this.#record.process !== undefined && isAlive(this.#record.process)) await delay(POLL_MS);
    return this.#ending();
  }

  async kill(graceSeconds: number | undefined): Promise<void> {
    this.#signal('SIGTERM');
    const until = Date.now() + (graceSeconds ?? DEFAULT_GRACE) * 1000;
    while (!this.#isOver() && Date.now() < until) await delay(POLL_MS);
    while (!this.#isOver()) {
      this.#signal('SIGKILL');
      await delay(POLL_MS);
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
    const child = spawn('/bin/sh', ['-c', EXECUTOR, 'hw5-executor', this.#directory, ...this.#argv()], {
      detached: true,
      stdio: ['ignore', out, err],
      cwd: sandbox,
      env: Object.fromEntries(
        this.#settings.environment(this.#record).map((variable) => [variable.name, variableValue(variable)]),
      ),
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
    // arguments[0] is the program's own name for itself; setsid has no way to set that.
    return [command.value ?? command.arguments?.[0] ?? 'true', ...rest];
  }

  #user(): User | undefined {
    const name = this.#record.task.command?.user ?? this.#record.framework.user;
    const user = this.#settings.switchesUser ? findUser(name) : undefined;
    return user && user.uid !== process.getuid?.() && process.getuid?.() === 0 ? user : undefined;
  }

  #isOver(): boolean {
    return this.#hasEnded || this.#record.process === undefined || !isAlive(this.#record.process);
  }

  /** To the whole session of the task, but not to its executor. */
  #signal(signal: NodeJS.Signals): void {
    const session = this.#session();
    try {
      if (session !== undefined) process.kill(-session, signal);
    } catch {
      // It is over.
    }
  }

  /** The number of the task's session; undefined before it has started. */
  #session(): number | undefined {
    try {
      const pid = Number(readFileSync(join(this.#directory, 'pid'), 'utf8'));
      return pid > 1 ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  #ending(): ExitResult {
    const path = join(this.#directory, 'exit');
    if (!existsSync(path)) {
      this.#signal('SIGKILL');
      return this.#end({isSuccess: false, message: 'Executor terminated', isExecutorLost: true});
    }
    const status = Number(readFileSync(path, 'utf8'));
    // What is left of its session must not outlive the task.
    this.#signal('SIGKILL');
    const signal = Object.entries(constants.signals).find(([, number]) => number === status - 128)?.[0];
    if (signal !== undefined)
      return this.#end({isSuccess: false, message: `Command terminated with signal ${SIGNAL_NAMES[signal] ?? signal}`});
    // Mesos' launcher exits with 1 when it can't execute the program, where a shell says 126 or 127.
    const shown = this.#record.task.command?.shell === false && (status === 126 || status === 127) ? 1 : status;
    return this.#end({isSuccess: status === 0, message: `Command exited with status ${shown}`});
  }

  #end(ending: ExitResult): ExitResult {
    this.#hasEnded = true;
    return ending;
  }
}
