import type {NetworkInfo} from '../../common/wire.js';
import type {ProcessStatistics} from '../statistics.js';
import type {TaskRecord} from '../task-record.js';

/** How a container ended. */
export interface ExitResult {
  readonly isSuccess: boolean;
  readonly message: string;
  /** What ran it vanished: nobody knows how the task ended. */
  readonly isExecutorLost?: true;
}

/** What is known once it runs. */
export interface Running {
  /** For the update's `data`, base64. */
  readonly data?: string;
  readonly networkInfos?: readonly NetworkInfo[];
}

/** What follows a container's life. `save` writes the record down after the container changed it. */
export interface ContainerObserver {
  onRunning(running: Running): void;
  save(): void;
}

export interface Container {
  /** Starts it and waits for its end. */
  run(watch: ContainerObserver): Promise<ExitResult>;
  /** After a restart of the agent: waits for the end of what the last agent started. */
  resume(watch: ContainerObserver): Promise<ExitResult>;
  /** Asks it to end, and makes it end after the grace period (seconds; undefined: the default). */
  kill(graceSeconds: number | undefined): Promise<void>;
  /** What its processes use now; undefined when it has none. */
  statistics(): Promise<ProcessStatistics | undefined>;
  /** The argv that runs a command of a COMMAND health check where the task is. */
  execArgv(argv: readonly string[]): Promise<readonly string[]>;
  /** The argv that runs a program in the task's network namespace. */
  networkArgv(argv: readonly string[]): Promise<readonly string[]>;
}

export interface Containerizer {
  /** What has to be there before the task starts, such as its image. @throws {LaunchError} */
  prepare(record: TaskRecord, signal: AbortSignal): Promise<void>;
  /** @throws {RunOptionsError} */
  create(record: TaskRecord): Container;
  /** At the agent's start: ends what no record tells of. */
  removeOrphans(known: ReadonlySet<string>): Promise<void>;
  /** Removes what a container left behind when it is no longer wanted. */
  cleanUp(record: TaskRecord): Promise<void>;
}

/** The agent could not launch the container: the update comes from the agent, not from an executor. */
export class LaunchError extends Error {
  readonly state: 'TASK_FAILED' | 'TASK_LOST';
  readonly reason: string;

  constructor(message: string, state: 'TASK_FAILED' | 'TASK_LOST' = 'TASK_FAILED', reason = 'REASON_CONTAINER_LAUNCH_FAILED') {
    super(message);
    this.state = state;
    this.reason = reason;
  }
}

/** The task asks for what docker can't be told. */
export class RunOptionsError extends Error {}
