import {type Clock, delay} from '../common/clock.js';
import {hasCapability, isTerminal, type KillPolicy, type TaskState, type TaskStatus} from '../common/wire.js';
import {
  type Container,
  type Containerizer,
  type ContainerObserver,
  type ExitResult,
  LaunchError,
  type Running,
  RunOptionsError,
} from './containers/container.js';
import {fetchUris} from './fetcher.js';
import {watchHealth} from './health/checker.js';
import {probe} from './health/probe.js';
import {findOwner, makeSandbox} from './sandbox.js';
import type {ProcessStatistics} from './statistics.js';
import {containerStatus, type TaskRecord} from './task-record.js';

export interface TaskRunDependencies {
  readonly containerizer: Containerizer;
  readonly agentId: string;
  readonly agentIp: string;
  /** Seconds. */
  readonly launchTimeout: number;
  /** Run tasks as the user they specify (--switch_user). */
  readonly switchesUser: boolean;
  readonly clock: Clock;
  /** 16 random bytes in base64. */
  newUuid(): string;
  /** The record changed: it must be checkpointed, and there may be a new update to send. */
  onChange(record: TaskRecord): void;
  /** Reports an unexpected error. */
  onBug(error: unknown): void;
}

/** Runs one task from its launch to its end. Each change of its state appends an update to the record's `pending`. */
export class TaskRun {
  readonly record: TaskRecord;
  readonly #parts: TaskRunDependencies;
  readonly #finished = new AbortController();
  readonly #launching = new AbortController();
  #container: Container | undefined;
  #killPolicy: KillPolicy | undefined;

  constructor(record: TaskRecord, parts: TaskRunDependencies) {
    this.record = record;
    this.#parts = parts;
  }

  /** Launches the task and waits until it terminates. */
  async start(): Promise<void> {
    const container = await this.#launch();
    if (!container) return;
    this.#container = container;
    if (this.record.containerizer === 'docker') this.#update('TASK_STARTING', {source: 'SOURCE_EXECUTOR'});
    const exit = container.run(this.#observer());
    this.#limitCompletionTime().catch(this.#parts.onBug);
    await this.#reportExit(exit);
  }

  /** Continues with a task that was started before the agent restarted. */
  async resume(): Promise<void> {
    if (isTerminal(this.record.state)) return;
    if (this.record.state === 'TASK_STAGING') {
      this.#update('TASK_FAILED', {
        source: 'SOURCE_AGENT',
        reason: 'REASON_EXECUTOR_TERMINATED',
        message: 'Agent restarted during the launch',
      });
      return;
    }
    this.#container = this.#parts.containerizer.create(this.record);
    if (this.record.killRequested) void this.#container.kill(undefined).catch(this.#parts.onBug);
    else if (this.record.state === 'TASK_RUNNING') this.#watchHealth();
    this.#limitCompletionTime().catch(this.#parts.onBug);
    await this.#reportExit(this.#container.resume(this.#observer()));
  }

  /** Resolves when the container of a resumed task is found alive; never if it has exited, which `resume` reports. */
  async foundAlive(): Promise<void> {
    if (await this.#container?.hasExited?.()) await new Promise(() => undefined);
  }

  /** Kills the task on behalf of the framework. */
  kill(policy: KillPolicy | undefined): void {
    if (isTerminal(this.record.state)) return;
    this.#killPolicy = policy ?? this.record.task.kill_policy;
    const isFirst = !this.record.killRequested;
    this.record.killRequested = true;
    if (!this.#container) {
      // The launch is still pulling the image or fetching URIs.
      this.#launching.abort();
      this.#parts.onChange(this.record);
      return;
    }
    if (isFirst) this.#stopContainer();
  }

  /** The resources its processes use; undefined before the container exists. */
  async statistics(): Promise<ProcessStatistics | undefined> {
    return this.#container?.statistics();
  }

  /** Kills the task on behalf of the executor: its health check failed, or it exceeded its max_completion_time. */
  #killByExecutor(): void {
    if (this.record.killRequested) return;
    this.record.killRequested = true;
    this.#stopContainer();
  }

  #stopContainer(): void {
    this.#finished.abort();
    if (hasCapability(this.record.framework, 'TASK_KILLING_STATE')) this.#update('TASK_KILLING', {source: 'SOURCE_EXECUTOR'});
    else this.#parts.onChange(this.record);
    const grace = this.#killPolicy?.grace_period?.nanoseconds;
    this.#container?.kill(grace === undefined ? undefined : grace / 1e9).catch(this.#parts.onBug);
  }

  /** Prepares sandbox, URIs and image and creates the container; undefined when that failed or the task was killed meanwhile. */
  async #launch(): Promise<Container | undefined> {
    const {containerizer, launchTimeout, switchesUser, clock} = this.#parts;
    let isTimedOut = false;
    const cancelTimeout = clock.schedule(launchTimeout, () => {
      isTimedOut = true;
      this.#launching.abort();
    });
    try {
      const owner = findOwner(this.record, switchesUser);
      makeSandbox(this.record, owner);
      await fetchUris(this.record, owner, this.#launching.signal);
      await containerizer.prepare(this.record, this.#launching.signal);
      if (!this.#launching.signal.aborted) return containerizer.create(this.record);
    } catch (error) {
      if (error instanceof RunOptionsError) {
        this.#update('TASK_STARTING', {source: 'SOURCE_EXECUTOR'});
        this.#update('TASK_FAILED', {
          source: 'SOURCE_EXECUTOR',
          message: `Failed to create docker run options: ${error.message}`,
        });
        return undefined;
      }
      if (!(error instanceof LaunchError)) throw error;
      if (!this.#launching.signal.aborted) {
        this.#update(error.state, {source: 'SOURCE_AGENT', reason: error.reason, message: error.message}, false);
        return undefined;
      }
    } finally {
      cancelTimeout();
    }
    if (isTimedOut && !this.record.killRequested) {
      const message = `Failed to launch container: it was not ready within ${launchTimeout} s`;
      this.#update('TASK_FAILED', {source: 'SOURCE_AGENT', reason: 'REASON_CONTAINER_LAUNCH_FAILED', message}, false);
      return undefined;
    }
    const message = 'Killed before delivery to the executor';
    this.#update('TASK_KILLED', {source: 'SOURCE_AGENT', reason: 'REASON_TASK_KILLED_DURING_LAUNCH', message}, false);
    return undefined;
  }

  #observer(): ContainerObserver {
    return {onRunning: (running) => this.#onRunning(running), save: () => this.#parts.onChange(this.record)};
  }

  #onRunning(running: Running): void {
    if (running.networkInfos) this.record.networkInfos = running.networkInfos;
    if (this.record.containerizer === 'mesos' && this.record.state === 'TASK_STAGING')
      this.#update('TASK_STARTING', {source: 'SOURCE_EXECUTOR'});
    this.#update('TASK_RUNNING', {source: 'SOURCE_EXECUTOR', ...(running.data === undefined ? {} : {data: running.data})});
    this.#watchHealth();
  }

  #watchHealth(): void {
    const check = this.record.task.health_check;
    if (!check || this.record.killRequested) return;
    const watching = watchHealth(check, {
      signal: this.#finished.signal,
      clock: this.#parts.clock,
      probe: () => probe(check, this.#container!),
      onUpdate: (update) => {
        this.record.healthy = update.isHealthy;
        this.#update('TASK_RUNNING', {source: 'SOURCE_EXECUTOR', reason: 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED'});
        if (update.mustKill) this.#killByExecutor();
      },
    });
    watching.catch(this.#parts.onBug);
  }

  /** Kills the task when it exceeds its max_completion_time, counted from its first start: a restart of the agent does not extend it. */
  async #limitCompletionTime(): Promise<void> {
    const limit = this.record.task.max_completion_time?.nanoseconds;
    if (limit === undefined) return;
    const startedAt =
      this.record.statuses.find((status) => status.state === 'TASK_STARTING')?.timestamp ?? this.#parts.clock.now();
    const {clock} = this.#parts;
    const secondsLeft = (): number => startedAt + limit / 1e9 - clock.now();
    while (secondsLeft() > 0) {
      await delay(clock, secondsLeft(), this.#finished.signal);
      if (this.#finished.signal.aborted) return;
    }
    if (this.record.killRequested) return;
    this.record.isTimedOut = true;
    this.#killByExecutor();
  }

  async #reportExit(exit: Promise<ExitResult>): Promise<void> {
    const {isSuccess, message, isExecutorLost} = await exit;
    this.#finished.abort();
    delete this.record.networkInfos;
    if (isExecutorLost) {
      this.#update('TASK_FAILED', {source: 'SOURCE_AGENT', reason: 'REASON_EXECUTOR_TERMINATED', message}, false);
      return;
    }
    if (this.record.isTimedOut) {
      this.#update('TASK_FAILED', {source: 'SOURCE_EXECUTOR', reason: 'REASON_MAX_COMPLETION_TIME_REACHED', message});
      return;
    }
    const state = this.record.killRequested ? 'TASK_KILLED' : isSuccess ? 'TASK_FINISHED' : 'TASK_FAILED';
    this.#update(state, {source: 'SOURCE_EXECUTOR', message});
  }

  #update(state: TaskState, fields: Partial<TaskStatus>, hasContainer = true): void {
    const {record} = this;
    const {message, source, reason, data} = fields;
    const status: TaskStatus = {
      task_id: record.task.task_id,
      state,
      ...(message === undefined ? {} : {message}),
      ...(source === undefined ? {} : {source}),
      ...(reason === undefined ? {} : {reason}),
      ...(data === undefined ? {} : {data}),
      agent_id: {value: this.#parts.agentId},
      executor_id: {value: record.task.task_id.value},
      timestamp: this.#parts.clock.now(),
      uuid: this.#parts.newUuid(),
      ...(record.healthy === undefined ? {} : {healthy: record.healthy}),
      ...(hasContainer ? {container_status: containerStatus(record, this.#parts.agentIp)} : {}),
    };
    const {data: _, ...rest} = status;
    record.state = state;
    record.statuses = [...(record.statuses.at(-1)?.state === state ? record.statuses.slice(0, -1) : record.statuses), rest];
    record.pending.push(status);
    this.#parts.onChange(record);
  }
}
