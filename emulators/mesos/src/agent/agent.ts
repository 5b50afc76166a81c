import type {AgentCall, AgentMessage, AgentRegistration} from '../common/agent-protocol.js';
import type {Clock} from '../common/clock.js';
import type {Log} from '../common/log.js';
import {type AgentInfo, type FrameworkInfo, isTerminal, type KillPolicy, type Resource, type TaskInfo} from '../common/wire.js';
import type {Containerizer} from './containers/container.js';
import {UNSUPPORTED} from './containers/unsupported.js';
import {describeRegistration, unknownTaskStatus} from './registration.js';
import {sandboxPath} from './sandbox.js';
import type {AgentRecord, Store} from './store.js';
import {keyOf, newRecord, recordKey, type TaskRecord} from './task-record.js';
import {TaskRun} from './task-run.js';
import {UpdateSender} from './update-sender.js';

export interface AgentDependencies {
  readonly store: Store;
  readonly workDir: string;
  readonly ip: string;
  readonly containerizers: Readonly<Partial<Record<'docker' | 'mesos', Containerizer>>>;
  /** Seconds. */
  readonly launchTimeout: number;
  readonly switchesUser: boolean;
  readonly removeDelay: number;
  readonly log: Log;
  readonly clock: Clock;
  /** @returns a new UUID */
  newId(): string;
  /** Sends a call to the master. @returns false when the master did not accept it */
  call(call: AgentCall): Promise<boolean>;
  /** The master has told this agent to shut down. */
  onShutdown(message: string): void;
}

/** The state of an agent: its identity, its tasks and their updates. It acts on the messages of the master. */
export class Agent {
  #info: AgentInfo;
  #total: readonly Resource[];
  readonly #parts: AgentDependencies;
  readonly #runs = new Map<string, TaskRun>();
  readonly #updates: UpdateSender;
  /** Terminated tasks, for /state and for the removal of their containers. */
  #completed: TaskRecord[] = [];
  #isClosed = false;

  constructor(parts: AgentDependencies, info: AgentInfo, recovered: AgentRecord | undefined) {
    this.#parts = parts;
    this.#info = recovered?.info ?? info;
    this.#total = recovered?.total ?? info.resources;
    this.#updates = new UpdateSender({now: () => parts.clock.now(), call: parts.call});
  }

  get info(): AgentInfo {
    return this.#info;
  }

  get total(): readonly Resource[] {
    return this.#total;
  }

  /** The tasks that have not terminated. */
  get running(): readonly TaskRun[] {
    return [...this.#runs.values()].filter((run) => !isTerminal(run.record.state));
  }

  get tasks(): readonly TaskRecord[] {
    return [...this.#runs.values()].map((run) => run.record);
  }

  get completed(): readonly TaskRecord[] {
    return this.#completed;
  }

  /**
   * Recovers the tasks of the previous agent with this work directory. Tasks of frameworks with checkpoint continue, others are killed.
   * @param killsAll kill all of them (--recover=cleanup)
   */
  async recover(killsAll: boolean): Promise<void> {
    if (this.#info.id === undefined) return;
    const records = this.#parts.store.loadTasks();
    const checked: Promise<void>[] = [];
    for (const record of records) {
      const containerizer = this.#parts.containerizers[record.containerizer];
      if (!containerizer) continue;
      const isKept = !killsAll && record.framework.checkpoint === true;
      if (isKept) {
        const run = this.#newRun(record, containerizer);
        this.#runs.set(recordKey(record), run);
        const ended = run.resume();
        this.#logFailure(run, ended);
        // The agent must not register with a task as running whose container has exited, for example in a reboot.
        checked.push(Promise.race([ended.catch(() => undefined), run.foundAlive()]));
      } else {
        this.#parts.log(`killing task ${record.task.task_id.value}: its framework has no checkpoint`);
        this.#parts.store.removeTask(record);
        if (!isTerminal(record.state)) await containerizer.create(record).kill(0);
        await containerizer.cleanUp(record);
      }
    }
    await Promise.all(checked);
    const known = new Set(records.map((record) => record.containerId));
    for (const containerizer of Object.values(this.#parts.containerizers)) await containerizer.removeOrphans(known);
  }

  registration(): AgentRegistration {
    return describeRegistration(this.#info, this.#total, this.#parts.ip, this.tasks);
  }

  handle(message: AgentMessage): void {
    switch (message.type) {
      case 'REGISTERED':
        this.#onRegistered(message);
        break;
      case 'PING':
        void this.#parts.call({type: 'PONG'});
        break;
      case 'RUN_TASK':
        this.#runTask(message.framework, message.task, message.role);
        break;
      case 'KILL_TASK':
        this.#killTask(message.framework_id, message.task_id, message.kill_policy);
        break;
      case 'ACKNOWLEDGE':
        this.#acknowledge(message.framework_id, message.task_id, message.uuid);
        break;
      case 'UPDATE_FRAMEWORK':
        this.#updateFramework(message.framework);
        break;
      case 'SHUTDOWN_FRAMEWORK':
        this.#shutdownFramework(message.framework_id);
        break;
      case 'CHECKPOINT_RESOURCES':
        this.#total = message.total;
        this.#save();
        break;
      case 'SHUTDOWN':
        this.#parts.onShutdown(message.message);
        break;
    }
  }

  /** Called periodically: repeats updates and removes the containers of terminated tasks after a while. */
  tick(): void {
    this.#updates.tick(this.tasks);
    const due = this.#completed.filter((record) => record.removeAt !== undefined && record.removeAt <= this.#parts.clock.now());
    for (const record of due) {
      delete record.removeAt;
      void this.#parts.containerizers[record.containerizer]?.cleanUp(record);
    }
  }

  /** Stops checkpointing: the work directory now belongs to the next agent. */
  close(): void {
    this.#isClosed = true;
  }

  /** Kills all tasks without sending their updates. */
  async shutdown(): Promise<void> {
    const {running} = this;
    this.#parts.store.forget();
    await Promise.all(running.map((run) => this.#parts.containerizers[run.record.containerizer]!.create(run.record).kill(0)));
  }

  #save(): void {
    this.#parts.store.save({info: this.#info, total: this.#total});
  }

  #onRegistered(message: AgentMessage & {type: 'REGISTERED'}): void {
    if (this.#info.id?.value !== message.agent_id) this.#info = {...this.#info, id: {value: message.agent_id}};
    this.#save();
    this.#parts.log(`registered with master ${message.master_id} as ${message.agent_id}`);
    for (const {framework_id, task_id, is_partition_aware} of message.tasks) {
      if (this.#runs.has(keyOf(framework_id, task_id))) continue;
      const about = {agentId: message.agent_id, timestamp: this.#parts.clock.now(), uuid: this.#newUuid()};
      const status = unknownTaskStatus(task_id, is_partition_aware, about);
      void this.#parts.call({type: 'UPDATE', framework_id, status, latest_state: status.state});
    }
    this.#updates.resend(this.tasks);
  }

  #runTask(framework: FrameworkInfo, task: TaskInfo, role: string): void {
    const frameworkId = framework.id!.value;
    const taskId = task.task_id.value;
    const key = keyOf(frameworkId, taskId);
    const kind = task.container?.type === 'DOCKER' ? 'docker' : 'mesos';
    const containerId = this.#parts.newId();
    const sandbox = sandboxPath(this.#parts.workDir, this.#info.id!.value, frameworkId, taskId, containerId);
    const record = newRecord({framework, task, role, containerId, sandbox, containerizer: kind});
    const containerizer = this.#parts.containerizers[kind];
    const run = this.#newRun(record, containerizer ?? UNSUPPORTED);
    this.#runs.set(key, run);
    this.#parts.store.saveTask(record);
    this.#parts.log(`running task ${taskId} of framework ${frameworkId} in container ${containerId}`);
    this.#logFailure(run, run.start());
  }

  #newRun(record: TaskRecord, containerizer: Containerizer): TaskRun {
    return new TaskRun(record, {
      containerizer,
      agentId: this.#info.id!.value,
      agentIp: this.#parts.ip,
      launchTimeout: this.#parts.launchTimeout,
      switchesUser: this.#parts.switchesUser,
      clock: this.#parts.clock,
      newUuid: () => this.#newUuid(),
      onChange: (changed) => this.#onChange(changed),
      onBug: (error) => this.#onBug(record, error),
    });
  }

  #logFailure(run: TaskRun, finished: Promise<void>): void {
    finished.catch((error: unknown) => this.#onBug(run.record, error));
  }

  #onBug(record: TaskRecord, error: unknown): void {
    this.#parts.log(`bug: task ${record.task.task_id.value}: ${error instanceof Error ? error.stack : String(error)}`);
  }

  #newUuid(): string {
    return Buffer.from(this.#parts.newId().replaceAll('-', ''), 'hex').toString('base64');
  }

  #onChange(record: TaskRecord): void {
    if (this.#isClosed || this.#runs.get(recordKey(record))?.record !== record) return;
    this.#parts.store.saveTask(record);
    this.#updates.sendNext(record);
  }

  #killTask(frameworkId: string, taskId: string, policy: KillPolicy | undefined): void {
    this.#runs.get(keyOf(frameworkId, taskId))?.kill(policy);
  }

  #acknowledge(frameworkId: string, taskId: string, uuid: string): void {
    const run = this.#runs.get(keyOf(frameworkId, taskId));
    if (!run || !this.#updates.acknowledge(run.record, uuid)) return;
    if (run.record.pending.length === 0 && isTerminal(run.record.state)) this.#complete(run.record);
    else this.#parts.store.saveTask(run.record);
  }

  #complete(record: TaskRecord): void {
    this.#runs.delete(recordKey(record));
    this.#parts.store.removeTask(record);
    record.removeAt = this.#parts.clock.now() + this.#parts.removeDelay;
    this.#completed = [...this.#completed, record].slice(-200);
  }

  #updateFramework(framework: FrameworkInfo): void {
    const records = this.tasks.filter((record) => record.framework.id?.value === framework.id?.value);
    for (const record of records) {
      record.framework = framework;
      this.#parts.store.saveTask(record);
    }
    this.#updates.resend(records);
  }

  #shutdownFramework(frameworkId: string): void {
    for (const run of this.#runs.values()) {
      if (run.record.framework.id?.value !== frameworkId) continue;
      // The framework is gone, so that its updates will not be acknowledged.
      this.#complete(run.record);
      run.kill({grace_period: {nanoseconds: 5e9}});
    }
  }
}
