/**
 * The part of Mesos' v1 scheduler API that the framework speaks, as JSON.
 * Source: include/mesos/v1/{mesos,scheduler/scheduler}.proto. Fields that are not read are left out; unknown ones are ignored.
 */

export interface Id {
  readonly value: string;
}

export interface Resource {
  readonly name: string;
  readonly type: string;
  readonly scalar?: {readonly value: number};
  /** `*` when unreserved; the format before reservation refinement, which a framework without that capability gets. */
  readonly role?: string;
  /** Who reserved it dynamically; a static reservation has a role only. */
  readonly reservation?: unknown;
  readonly revocable?: unknown;
  readonly disk?: unknown;
  readonly shared?: unknown;
}

export interface Offer {
  readonly id: Id;
  readonly agent_id: Id;
  readonly hostname: string;
  /** Where the agent itself answers. */
  readonly url?: {readonly scheme?: string; readonly address: {readonly ip?: string; readonly port?: number}};
  readonly resources?: readonly Resource[];
  readonly unavailability?: {readonly start: {readonly nanoseconds: number}};
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

export interface TaskStatus {
  readonly task_id: Id;
  readonly state: TaskState;
  readonly message?: string;
  readonly source?: 'SOURCE_MASTER' | 'SOURCE_AGENT' | 'SOURCE_EXECUTOR';
  readonly reason?: string;
  readonly agent_id?: Id;
  /** Present on updates from agents, which must be acknowledged; absent on the master's own. */
  readonly uuid?: string;
  readonly healthy?: boolean;
  readonly timestamp?: number;
  readonly container_status?: {
    readonly container_id?: Id;
    readonly network_infos?: readonly {
      readonly name?: string;
      readonly ip_addresses?: readonly {readonly ip_address?: string}[];
    }[];
  };
}

export interface MasterInfo {
  readonly id: string;
  readonly hostname?: string;
  readonly version?: string;
  readonly address?: {readonly hostname?: string; readonly ip?: string; readonly port: number};
}

export interface Subscribed {
  readonly framework_id: Id;
  readonly heartbeat_interval_seconds?: number;
  readonly master_info?: MasterInfo;
}

export type MesosEvent =
  | {readonly type: 'SUBSCRIBED'; readonly subscribed: Subscribed}
  | {readonly type: 'OFFERS'; readonly offers: {readonly offers: readonly Offer[]}}
  | {readonly type: 'INVERSE_OFFERS'}
  | {readonly type: 'RESCIND'; readonly rescind: {readonly offer_id: Id}}
  | {readonly type: 'RESCIND_INVERSE_OFFER'}
  | {readonly type: 'UPDATE'; readonly update: {readonly status: TaskStatus}}
  | {readonly type: 'UPDATE_OPERATION_STATUS'}
  | {readonly type: 'MESSAGE'}
  | {readonly type: 'FAILURE'; readonly failure: {readonly agent_id?: Id; readonly executor_id?: Id; readonly status?: number}}
  | {readonly type: 'ERROR'; readonly error: {readonly message: string}}
  | {readonly type: 'HEARTBEAT'};

export interface FrameworkInfo {
  readonly user: string;
  readonly name: string;
  readonly id?: Id;
  /** Seconds for which the master keeps the tasks of a framework that is gone. */
  readonly failover_timeout: number;
  readonly checkpoint: boolean;
  readonly hostname?: string;
  readonly principal?: string;
  readonly roles: readonly string[];
  readonly capabilities: readonly {readonly type: string}[];
}

export interface HealthCheck {
  readonly type: 'HTTP' | 'TCP';
  readonly http?: {readonly port: number; readonly path: string; readonly scheme: string};
  readonly tcp?: {readonly port: number};
  readonly delay_seconds: number;
  readonly interval_seconds: number;
  readonly timeout_seconds: number;
  readonly consecutive_failures: number;
  readonly grace_period_seconds: number;
}

export interface KillPolicy {
  readonly grace_period: {readonly nanoseconds: number};
}

export interface TaskInfo {
  readonly name: string;
  readonly task_id: Id;
  readonly agent_id: Id;
  readonly resources: readonly Resource[];
  readonly container: {
    readonly type: 'DOCKER';
    readonly docker: {
      readonly image: string;
      readonly network: 'USER';
      readonly privileged: boolean;
      readonly force_pull_image: boolean;
      readonly parameters: readonly {readonly key: string; readonly value: string}[];
    };
    readonly network_infos: readonly {readonly name: string}[];
    readonly volumes: readonly {readonly container_path: string; readonly host_path: string; readonly mode: 'RO' | 'RW'}[];
    readonly hostname?: string;
  };
  readonly command: {
    readonly shell: false;
    readonly value?: string;
    readonly arguments: readonly string[];
    readonly environment?: {readonly variables: readonly {readonly name: string; readonly value: string}[]};
  };
  readonly health_check?: HealthCheck;
  readonly kill_policy: KillPolicy;
}

export interface Filters {
  readonly refuse_seconds: number;
}

/** A call without its `framework_id`, which the client adds. SUBSCRIBE is not here: it opens the stream and is the client's own. */
export type Call =
  | {
      readonly type: 'ACCEPT';
      readonly accept: {
        readonly offer_ids: readonly Id[];
        readonly operations: readonly {readonly type: 'LAUNCH'; readonly launch: {readonly task_infos: readonly TaskInfo[]}}[];
        readonly filters: Filters;
      };
    }
  | {readonly type: 'DECLINE'; readonly decline: {readonly offer_ids: readonly Id[]; readonly filters: Filters}}
  | {readonly type: 'REVIVE'}
  | {readonly type: 'SUPPRESS'}
  | {
      readonly type: 'KILL';
      readonly kill: {readonly task_id: Id; readonly agent_id?: Id; readonly kill_policy?: KillPolicy};
    }
  | {
      readonly type: 'ACKNOWLEDGE';
      readonly acknowledge: {readonly agent_id: Id; readonly task_id: Id; readonly uuid: string};
    }
  | {
      readonly type: 'RECONCILE';
      readonly reconcile: {readonly tasks: readonly {readonly task_id: Id; readonly agent_id?: Id}[]};
    }
  | {readonly type: 'TEARDOWN'};
