import type {ContainerStatus, FrameworkInfo, NetworkInfo, TaskInfo, TaskState, TaskStatus} from '../common/wire.js';

/** A process that may outlive the agent. The start time (in ticks since boot) distinguishes it from a later process with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

/** What the agent knows of a task. It is checkpointed at every change, so that a restarted agent can continue from it. */
export interface TaskRecord {
  framework: FrameworkInfo;
  readonly task: TaskInfo;
  readonly role: string;
  readonly containerId: string;
  readonly sandbox: string;
  readonly containerizer: 'docker' | 'mesos';
  state: TaskState;
  /** The last status of each state, without `data`. */
  statuses: TaskStatus[];
  /** Updates that are not acknowledged yet; the first one has been sent. */
  pending: TaskStatus[];
  killRequested: boolean;
  /** The task exceeded its max_completion_time: it is reported as failed. */
  isTimedOut?: true;
  healthy?: boolean;
  process?: ProcessIdentity;
  /** The address of a container on a named network. */
  networkInfos?: readonly NetworkInfo[];
  /** When its docker container is removed, in seconds since the epoch. */
  removeAt?: number;
}

/** The record of a task that is to be launched. */
export function newRecord(
  given: Pick<TaskRecord, 'framework' | 'task' | 'role' | 'containerId' | 'sandbox' | 'containerizer'>,
): TaskRecord {
  return {...given, state: 'TASK_STAGING', statuses: [], pending: [], killRequested: false};
}

export function keyOf(frameworkId: string, taskId: string): string {
  return `${frameworkId}/${taskId}`;
}

export function recordKey(record: TaskRecord): string {
  return keyOf(record.framework.id!.value, record.task.task_id.value);
}

/** The container_status of an update. As in upstream Mesos, the address is the agent's except while the container runs. */
export function containerStatus(record: TaskRecord, agentIp: string): ContainerStatus {
  const own: NetworkInfo = {ip_addresses: [{protocol: 'IPv4', ip_address: agentIp}]};
  return {
    container_id: {value: record.containerId},
    network_infos: record.networkInfos ?? [own],
    ...(record.containerizer === 'mesos' && record.process ? {executor_pid: record.process.pid} : {}),
  };
}
