/**
 * The JSON shapes of the v1 API that master and agent share (include/mesos/v1/mesos.proto of apache/mesos).
 * Only the fields that the emulator reads are declared; others are passed on unchanged.
 */

export interface Value {
  readonly value: string;
}

export interface Range {
  readonly begin: number;
  readonly end: number;
}

export interface Labels {
  readonly labels?: readonly {readonly key: string; readonly value?: string}[];
}

export interface Reservation {
  readonly type?: string;
  readonly role: string;
  readonly principal?: string;
  readonly labels?: Labels;
}

export interface Resource {
  readonly name: string;
  readonly type: 'SCALAR' | 'RANGES' | 'SET';
  readonly scalar?: {readonly value: number};
  readonly ranges?: {readonly range: readonly Range[]};
  readonly set?: {readonly item: readonly string[]};
  /** Static or dynamic reservation in the form for frameworks without RESERVATION_REFINEMENT. */
  readonly role?: string;
  readonly reservation?: unknown;
  readonly reservations?: readonly Reservation[];
  readonly allocation_info?: {readonly role: string};
  /** Persistent volumes, oversubscription, sharing and resource providers are not supported: a resource with one of these is rejected. */
  readonly disk?: unknown;
  readonly revocable?: unknown;
  readonly shared?: unknown;
  readonly provider_id?: unknown;
}

export interface Attribute {
  readonly name: string;
  readonly type: 'TEXT' | 'SCALAR' | 'RANGES';
  readonly text?: {readonly value: string};
  readonly scalar?: {readonly value: number};
  readonly ranges?: {readonly range: readonly Range[]};
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly type?: string;
  readonly value?: string;
  /** `data` in base64. */
  readonly secret?: {readonly type?: string; readonly value?: {readonly data: string}};
}

export interface CommandUri {
  readonly value: string;
  readonly executable?: boolean;
  readonly extract?: boolean;
  readonly output_file?: string;
}

export interface CommandInfo {
  readonly value?: string;
  /** Default true: `value` is run by `sh -c`. */
  readonly shell?: boolean;
  readonly arguments?: readonly string[];
  readonly environment?: {readonly variables?: readonly EnvironmentVariable[]};
  readonly uris?: readonly CommandUri[];
  readonly user?: string;
}

export interface Volume {
  readonly container_path: string;
  readonly host_path?: string;
  readonly mode?: 'RW' | 'RO';
  readonly image?: unknown;
  readonly source?: {
    readonly type?: string;
    readonly docker_volume?: {readonly driver?: string; readonly name: string; readonly driver_options?: unknown};
  };
}

export interface NetworkInfo {
  readonly name?: string;
  readonly ip_addresses?: readonly {readonly protocol?: string; readonly ip_address?: string}[];
}

export interface PortMapping {
  readonly host_port: number;
  readonly container_port: number;
  readonly protocol?: string;
}

/** An option of `docker run`. */
export interface Parameter {
  readonly key: string;
  readonly value: string;
}

export interface DockerInfo {
  readonly image: string;
  readonly network?: 'HOST' | 'BRIDGE' | 'NONE' | 'USER';
  readonly privileged?: boolean;
  readonly parameters?: readonly Parameter[];
  readonly port_mappings?: readonly PortMapping[];
  readonly force_pull_image?: boolean;
  readonly volume_driver?: string;
}

/** A terminal for the task. */
export interface TtyInfo {
  readonly window_size?: {readonly rows: number; readonly columns: number};
}

export interface ContainerInfo {
  readonly type: 'DOCKER' | 'MESOS';
  readonly docker?: DockerInfo;
  readonly mesos?: {readonly image?: unknown};
  readonly volumes?: readonly Volume[];
  readonly hostname?: string;
  readonly network_infos?: readonly NetworkInfo[];
  readonly linux_info?: unknown;
  readonly rlimit_info?: unknown;
  readonly tty_info?: TtyInfo;
}

/** Times in seconds. */
export interface HealthCheck {
  readonly type?: 'COMMAND' | 'HTTP' | 'TCP';
  readonly delay_seconds?: number;
  readonly interval_seconds?: number;
  readonly timeout_seconds?: number;
  readonly consecutive_failures?: number;
  readonly grace_period_seconds?: number;
  readonly command?: CommandInfo;
  readonly http?: {readonly port: number; readonly path?: string; readonly scheme?: string};
  readonly tcp?: {readonly port: number};
}

export interface KillPolicy {
  readonly grace_period?: {readonly nanoseconds: number};
}

export interface TaskInfo {
  readonly name: string;
  readonly task_id: Value;
  readonly agent_id: Value;
  readonly resources?: readonly Resource[];
  readonly executor?: unknown;
  readonly command?: CommandInfo;
  readonly container?: ContainerInfo;
  readonly health_check?: HealthCheck;
  readonly check?: unknown;
  readonly limits?: object;
  readonly max_completion_time?: {readonly nanoseconds: number};
  readonly kill_policy?: KillPolicy;
  readonly labels?: Labels;
  readonly discovery?: unknown;
}

export type TaskState =
  | 'TASK_STAGING'
  | 'TASK_STARTING'
  | 'TASK_RUNNING'
  | 'TASK_KILLING'
  | 'TASK_FINISHED'
  | 'TASK_FAILED'
  | 'TASK_KILLED'
  | 'TASK_ERROR'
  | 'TASK_LOST'
  | 'TASK_DROPPED'
  | 'TASK_UNREACHABLE'
  | 'TASK_GONE'
  | 'TASK_GONE_BY_OPERATOR'
  | 'TASK_UNKNOWN';

export interface ContainerStatus {
  readonly container_id: Value;
  readonly network_infos?: readonly NetworkInfo[];
  readonly executor_pid?: number;
}

/** `timestamp` in seconds since the epoch; `uuid` and `data` in base64. */
export interface TaskStatus {
  readonly task_id: Value;
  readonly state: TaskState;
  readonly message?: string;
  readonly source?: 'SOURCE_MASTER' | 'SOURCE_AGENT' | 'SOURCE_EXECUTOR';
  readonly reason?: string;
  readonly data?: string;
  readonly agent_id?: Value;
  readonly executor_id?: Value;
  readonly timestamp: number;
  readonly uuid?: string;
  readonly healthy?: boolean;
  readonly container_status?: ContainerStatus;
  readonly unreachable_time?: {readonly nanoseconds: number};
}

export interface FrameworkInfo {
  readonly user: string;
  readonly name: string;
  readonly id?: Value;
  /** Seconds. */
  readonly failover_timeout?: number;
  readonly checkpoint?: boolean;
  readonly role?: string;
  readonly roles?: readonly string[];
  readonly hostname?: string;
  readonly principal?: string;
  readonly webui_url?: string;
  readonly capabilities?: readonly {readonly type?: string}[];
  readonly labels?: unknown;
}

export interface AgentInfo {
  readonly hostname: string;
  readonly port: number;
  readonly resources: readonly Resource[];
  readonly attributes: readonly Attribute[];
  readonly id?: Value;
  readonly checkpoint: boolean;
}

export interface MasterInfo {
  readonly id: string;
  readonly ip: number;
  readonly port: number;
  readonly pid: string;
  readonly hostname: string;
  readonly version: string;
  readonly address: {readonly hostname: string; readonly ip: string; readonly port: number};
  readonly capabilities: readonly {readonly type: string}[];
}

/** The capabilities of an agent of upstream. The emulator's reject tasks and operations that use what they do not support. */
export const AGENT_CAPABILITIES: readonly string[] = [
  ...['MULTI_ROLE', 'HIERARCHICAL_ROLE', 'RESERVATION_REFINEMENT', 'RESOURCE_PROVIDER', 'RESIZE_VOLUME'],
  ...['AGENT_OPERATION_FEEDBACK', 'AGENT_DRAINING', 'TASK_RESOURCE_LIMITS'],
];

const TERMINAL: ReadonlySet<TaskState> = new Set<TaskState>([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
]);

/** Whether a task in this state has terminated. */
export function isTerminal(state: TaskState): boolean {
  return TERMINAL.has(state);
}

/** Whether the framework declared a capability, such as PARTITION_AWARE. */
export function hasCapability(info: FrameworkInfo, type: string): boolean {
  return info.capabilities?.some((capability) => capability.type === type) ?? false;
}

/** The roles a framework subscribes to: `roles` with MULTI_ROLE, else `role`, else `*`. */
export function rolesOf(info: FrameworkInfo): readonly string[] {
  return hasCapability(info, 'MULTI_ROLE') ? [...new Set(info.roles ?? [])] : [info.role ?? '*'];
}
