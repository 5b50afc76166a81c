import type {AgentInfo, FrameworkInfo, Resource, TaskInfo, TaskState, TaskStatus} from '../common/wire.js';

/** What an agent sends to /hw5/v1/agent: the first opens its stream, the others carry the stream's id. */
export interface AgentRegistration {
  readonly info: AgentInfo;
  readonly ip: string;
  readonly version: string;
  /** With dynamic reservations. */
  readonly total: readonly Resource[];
  readonly frameworks: readonly FrameworkInfo[];
  /** All whose end is not acknowledged yet. */
  readonly tasks: readonly {
    readonly framework_id: string;
    readonly task: TaskInfo;
    readonly role: string;
    readonly state: TaskState;
    readonly statuses: readonly TaskStatus[];
  }[];
}

export type AgentCall =
  | {readonly type: 'REGISTER'; readonly register: AgentRegistration}
  | {readonly type: 'PONG'}
  | {readonly type: 'UPDATE'; readonly framework_id: string; readonly status: TaskStatus; readonly latest_state: TaskState}
  | {readonly type: 'UNREGISTER'};
