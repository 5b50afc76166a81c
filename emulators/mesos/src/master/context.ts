import type {AgentMessage} from '../common/agent-protocol.js';
import type {MasterInfo} from '../common/wire.js';
import type {MasterState} from './state.js';

/** What the state machine requests from its caller. */
export type Effect =
  | {readonly kind: 'event'; readonly stream: string; readonly event: object}
  | {readonly kind: 'agent'; readonly stream: string; readonly message: AgentMessage}
  /** End the stream of a framework or an agent with its last chunk. */
  | {readonly kind: 'end-stream'; readonly stream: string}
  /** The list of agents changed and must be saved. */
  | {readonly kind: 'save-registry'}
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

/** What the functions of the state machine use: its state, its settings, the time and effects. They do no IO and read no clock themselves. */
export interface Context {
  readonly state: MasterState;
  readonly settings: MasterSettings;
  /** Seconds since the epoch. */
  now(): number;
  emit(effect: Effect): void;
}
