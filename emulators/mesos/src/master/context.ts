import type {AgentMessage} from '../common/agent-protocol.js';
import type {MasterInfo} from '../common/wire.js';
import type {MasterState} from './state.js';

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
