import type {AgentInfo, FrameworkInfo, KillPolicy, Resource, TaskInfo, TaskState, TaskStatus} from './wire.js';

/** How agents and their master talk: calls to POST /hw5/v1/agent, and messages over the stream that REGISTER opens. See ../../README.md. */

/** What an agent reports about itself when it registers. */
export interface AgentRegistration {
  readonly info: AgentInfo;
  readonly ip: string;
  readonly version: string;
  /** Including dynamic reservations. */
  readonly total: readonly Resource[];
  readonly frameworks: readonly FrameworkInfo[];
  /** Those that run, and those whose terminal update the framework has not acknowledged yet. */
  readonly tasks: readonly {
    readonly framework_id: string;
    readonly task: TaskInfo;
    readonly role: string;
    readonly state: TaskState;
    readonly statuses: readonly TaskStatus[];
  }[];
}

/** What an agent sends. REGISTER opens the stream, the other calls carry the stream's id in Mesos-Stream-Id. */
export type AgentCall =
  | {readonly type: 'REGISTER'; readonly register: AgentRegistration}
  | {readonly type: 'PONG'}
  | {readonly type: 'UPDATE'; readonly framework_id: string; readonly status: TaskStatus; readonly latest_state: TaskState}
  | {readonly type: 'UNREGISTER'};

/** What the master sends over the agent's stream. */
export type AgentMessage =
  | {
      readonly type: 'REGISTERED';
      readonly agent_id: string;
      readonly master_id: string;
      /** When nothing arrives for this many seconds, the master or the connection to it has failed. */
      readonly stream_timeout_seconds: number;
      /** When no PING arrives for this many seconds, an upstream agent looks for its master again. */
      readonly ping_timeout_seconds: number;
      /** The tasks the master has on record for this agent; the agent reports those it does not know as lost. */
      readonly tasks: readonly {readonly framework_id: string; readonly task_id: string; readonly is_partition_aware: boolean}[];
    }
  | {readonly type: 'PING'}
  | {readonly type: 'RUN_TASK'; readonly framework: FrameworkInfo; readonly task: TaskInfo; readonly role: string}
  | {readonly type: 'KILL_TASK'; readonly framework_id: string; readonly task_id: string; readonly kill_policy?: KillPolicy}
  | {readonly type: 'ACKNOWLEDGE'; readonly framework_id: string; readonly task_id: string; readonly uuid: string}
  | {readonly type: 'UPDATE_FRAMEWORK'; readonly framework: FrameworkInfo}
  | {readonly type: 'SHUTDOWN_FRAMEWORK'; readonly framework_id: string}
  | {readonly type: 'CHECKPOINT_RESOURCES'; readonly total: readonly Resource[]}
  | {readonly type: 'SHUTDOWN'; readonly message: string};
