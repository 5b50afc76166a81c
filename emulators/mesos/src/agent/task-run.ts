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
import {delay} from './processes.js';
import {findOwner, makeSandbox} from './sandbox.js';
import type {ProcessStatistics} from './statistics.js';
import {containerStatus, type TaskRecord} from './task-record.js';

/** What a timer of Node can wait at most, in ms. */
const MAX_DELAY = 2 ** 31 - 1;

export interface TaskRunDependencies {
  readonly containerizer: Containerizer;
  readonly agentId: string;
  readonly agentIp: string;
  /** Seconds. */
  readonly launchTimeout: number;
  /** Tasks run as the user they name (--switch_user). */
  readonly switchesUser: boolean;
  now(): number;
  /** 16 random bytes in base64. */
  newUuid(): string;
  /** The record changed: write it down; there may be something new to send. */
  onChange(record: TaskRecord): void;
  /** Something that must not happen. */
  onBug(error: unknown): void;
}

/** The life of one task on this agent: each step appends a status to the record's `pending`. */
export class TaskRun {
  readonly record: TaskRecord;
  readonly #parts: TaskRunDependencies;
  readonly #over = new AbortController();
  readonly #launching = new AbortController();
  #container: Container | undefined;
  #killPolicy: KillPolicy | undefined;

  constructor(record: TaskRecord, parts: TaskRunDependencies) {
    this.record = record;
    this.#parts = parts;
  }

  /** Launches the task; returns when it is over. */
  async start(): Promise<void> {
    const container = await this.#launch();
    if (!container) return;
    this.#container = container;
    if (this.record.containerizer === 'docker') this.#update('TASK_STARTING', {source: 'SOURCE_EXECUTOR'});
    const ending = container.run(this.#watch());
    this.#limitTime().catch(this.#parts.onBug);
    await this.#follow(ending);
  }

  /** Goes on with a task that an agent before this one started. */
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
    this.#limitTime().catch(this.#parts.onBug);
    await this.#follow(this.#container.resume(this.#watch()));
  }

  /** KILL of the framework. */
  kill(policy: KillPolicy | undefined): void {
    if (isTerminal(this.record.state)) return;
    this.#killPolicy = policy ?? this.record.task.kill_policy;
    const isFirst = !this.record.killRequested;
    this.record.killRequested = true;
    if (!this.#container) {
      // Still pulling or fetching.
      this.#launching.abort();
      this.#parts.onChange(this.record);
      return;
    }
    if (isFirst) this.#endContainer();
  }

  /** What it uses; undefined before its container is there. */
  async statistics(): Promise<ProcessStatistics | undefined> {
    return this.#container?.statistics();
  }

  /** Ends the task though nobody asked for it. */
  #endByItself(): void {
    if (this.record.killRequested) return;
    this.record.killRequested = true;
    this.#endContainer();
  }

  #endContainer(): void {
    this.#over.abort();
    if (hasCapability(this.record.framework, 'TASK_KILLING_STATE')) this.#update('TASK_KILLING', {source: 'SOURCE_EXECUTOR'});
    else this.#parts.onChange(this.record);
    const grace = this.#killPolicy?.grace_period?.nanoseconds;
    this.#container?.kill(grace === undefined ? undefined : grace / 1e9).catch(this.#parts.onBug);
  }

  /** Everything before the container's own process; undefined when it came to nothing. */
  async #launch(): Promise<Container | undefined> {
    const {containerizer, launchTimeout, switchesUser} = this.#parts;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#launching.abort();
    }, launchTimeout * 1000);
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
      clearTimeout(timer);
    }
    if (isLate && !this.record.killRequested) {
      const message = `Failed to launch container: it was not ready within ${launchTimeout} s`;
      this.#update('TASK_FAILED', {source: 'SOURCE_AGENT', reason: 'REASON_CONTAINER_LAUNCH_FAILED', message}, false);
      return undefined;
    }
    const message = 'Killed before delivery to the executor';
    this.#update('TASK_KILLED', {source: 'SOURCE_AGENT', reason: 'REASON_TASK_KILLED_DURING_LAUNCH', message}, false);
    return undefined;
  }

  #watch(): ContainerObserver {
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
      signal: this.#over.signal,
      now: this.#parts.now,
      probe: () => probe(check, this.#container!),
      onUpdate: (update) => {
        this.record.healthy = update.isHealthy;
        this.#update('TASK_RUNNING', {source: 'SOURCE_EXECUTOR', reason: 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED'});
        if (update.mustKill) this.#endByItself();
      },
    });
    watching.catch(this.#parts.onBug);
  }

  /** Ends the task when its max_completion_time is over, counted from its start, also through restarts of the agent. */
  async #limitTime(): Promise<void> {
    const limit = this.record.task.max_completion_time?.nanoseconds;
    if (limit === undefined) return;
    const startedAt = this.record.statuses.find((status) => status.state === 'TASK_STARTING')?.timestamp ?? this.#parts.now();
    for (;;) {
      const left = startedAt + limit / 1e9 - this.#parts.now();
      if (left <= 0) break;
      await delay(Math.min(left * 1000, MAX_DELAY), this.#over.signal);
      if (this.#over.signal.aborted) return;
    }
    if (this.record.killRequested) return;
    this.record.isTimedOut = true;
    this.#endByItself();
  }

  async #follow(ending: Promise<ExitResult>): Promise<void> {
    const {isSuccess, message, isExecutorLost} = await ending;
    this.#over.abort();
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
      timestamp: this.#parts.now(),
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
