import type {NetworkInfo} from '../../common/wire.js';
import type {ProcessStatistics} from '../statistics.js';
import type {TaskRecord} from '../task-record.js';

/** How a container exited. */
export interface ExitResult {
  readonly isSuccess: boolean;
  readonly message: string;
  /** The executor is gone, so that the exit status of the task is unknown. */
  readonly isExecutorLost?: true;
}

/** What is known of a container once it runs. */
export interface Running {
  /** The `data` of the TASK_RUNNING update, in base64. */
  readonly data?: string;
  readonly networkInfos?: readonly NetworkInfo[];
}

/** Notified of a container's progress. `save` checkpoints the task's record after the container changed it. */
export interface ContainerObserver {
  onRunning(running: Running): void;
  save(): void;
}

export interface Container {
  /** Starts the container and waits until it exits. */
  run(observer: ContainerObserver): Promise<ExitResult>;
  /** After a restart of the agent: waits until a container that the previous agent started exits. */
  resume(observer: ContainerObserver): Promise<ExitResult>;
  /** Whether a container that the previous agent started is known to have exited. */
  hasExited?(): Promise<boolean>;
  /** Stops the container: SIGTERM, then SIGKILL after the grace period (in seconds; undefined: the default). */
  kill(graceSeconds: number | undefined): Promise<void>;
  /** What its processes use at present; undefined when it has no processes. */
  statistics(): Promise<ProcessStatistics | undefined>;
  /** The argv that runs the command of a COMMAND health check inside the container. */
  execArgv(argv: readonly string[]): Promise<readonly string[]>;
  /** The argv that runs a program in the task's network namespace. */
  networkArgv(argv: readonly string[]): Promise<readonly string[]>;
}

export interface Containerizer {
  /** When the agent starts, before anything else: whether tasks can be run and recovered. @throws {ContainerizerError} */
  check(): Promise<void>;
  /** Provides what the task needs before it starts, such as its image. @throws {LaunchError} */
  prepare(record: TaskRecord, signal: AbortSignal): Promise<void>;
  /** @throws {RunOptionsError} */
  create(record: TaskRecord): Container;
  /** When the agent starts: stops containers that belong to no recorded task. */
  removeOrphans(known: ReadonlySet<string>): Promise<void>;
  /** Removes what remains of an exited container. */
  cleanUp(record: TaskRecord): Promise<void>;
}

/** A containerizer cannot be used: the agent exits. */
export class ContainerizerError extends Error {
  /** What failed: to create the containerizer, or to recover its containers. */
  readonly stage: 'create' | 'recover';

  constructor(stage: 'create' | 'recover', message: string) {
    super(message);
    this.stage = stage;
  }
}

/** The container could not be launched. The agent reports it, as there is no executor yet. */
export class LaunchError extends Error {
  readonly state: 'TASK_FAILED' | 'TASK_LOST';
  readonly reason: string;

  constructor(message: string, state: 'TASK_FAILED' | 'TASK_LOST' = 'TASK_FAILED', reason = 'REASON_CONTAINER_LAUNCH_FAILED') {
    super(message);
    this.state = state;
    this.reason = reason;
  }
}

/** The task cannot be expressed as options of `docker run`. */
export class RunOptionsError extends Error {}
