import type {ContainerStatus, FrameworkInfo, NetworkInfo, TaskInfo, TaskState, TaskStatus} from '../common/wire.js';

/** A process of ours that may outlive this agent. The start time (ticks since boot) tells it from a later process with its number. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

/** All that is known of a task; written down at every change, so that a restarted agent goes on where the last one was. */
export interface TaskRecord {
  framework: FrameworkInfo;
  readonly task: TaskInfo;
  readonly role: string;
  readonly containerId: string;
  readonly sandbox: string;
  readonly containerizer: 'docker' | 'mesos';
  state: TaskState;
  /** Without `data`, one for each state. */
  statuses: TaskStatus[];
  /** Not acknowledged; the first one is under way. */
  pending: TaskStatus[];
  killRequested: boolean;
  /** It took longer than its max_completion_time: its end is a failure. */
  isTimedOut?: true;
  healthy?: boolean;
  process?: ProcessIdentity;
  /** On a named network: the container's own address. */
  networkInfos?: readonly NetworkInfo[];
  /** When its docker container may be removed, seconds since the epoch. */
  removeAt?: number;
}

export function keyOf(frameworkId: string, taskId: string): string {
  return `${frameworkId}/${taskId}`;
}

export function recordKey(record: TaskRecord): string {
  return keyOf(record.framework.id!.value, record.task.task_id.value);
}

/** What an update says of the container. The address is the agent's until the container runs, and again when it is over, as with Mesos. */
export function containerStatus(record: TaskRecord, agentIp: string): ContainerStatus {
  const own: NetworkInfo = {ip_addresses: [{protocol: 'IPv4', ip_address: agentIp}]};
  return {
    container_id: {value: record.containerId},
    network_infos: record.networkInfos ?? [own],
    ...(record.containerizer === 'mesos' && record.process ? {executor_pid: record.process.pid} : {}),
  };
}
