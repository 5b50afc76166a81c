import type {FrameworkInfo, KillPolicy, MasterInfo, Resource, TaskInfo} from '../common/wire.js';
import type {MasterState} from './state.js';

/** What an agent is told over its stream. */
export type AgentMessage =
  | {
      readonly type: 'REGISTERED';
      readonly agent_id: string;
      readonly master_id: string;
      /** Seconds: silence longer than this means that the master or the way to it is gone. */
      readonly silence_limit_seconds: number;
      /** What the master believes to run there: the agent reports what it does not know as lost. */
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

/** What the machine asks of its edge. */
export type Effect =
  | {readonly kind: 'event'; readonly stream: string; readonly event: object}
  | {readonly kind: 'agent'; readonly stream: string; readonly message: AgentMessage}
  /** End a stream, of a framework or an agent, politely. */
  | {readonly kind: 'end'; readonly stream: string}
  /** The list of agents changed: write it down. */
  | {readonly kind: 'registry'}
  | {readonly kind: 'log'; readonly message: string};

/** All times in seconds. */
export interface MasterSettings {
  readonly masterInfo: MasterInfo;
  readonly agentPingTimeout: number;
  readonly maxAgentPingTimeouts: number;
  readonly agentReregisterTimeout: number;
  readonly offerTimeout: number | undefined;
  readonly allocationInterval: number;
  readonly heartbeatInterval: number;
  readonly maxCompletedFrameworks: number;
  readonly maxCompletedTasks: number;
}

/** What the functions of the machine work with: its state and its only ways outside. No clock, no randomness, no IO but through these. */
export interface Context {
  readonly state: MasterState;
  readonly settings: MasterSettings;
  /** Seconds since the epoch. */
  now(): number;
  emit(effect: Effect): void;
}
