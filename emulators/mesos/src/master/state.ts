import type {Resources} from '../common/resources.js';
import type {AgentInfo, Attribute, FrameworkInfo, TaskInfo, TaskState, TaskStatus} from '../common/wire.js';

/** All times in seconds since the epoch. */

export interface Task {
  readonly info: TaskInfo;
  readonly frameworkId: string;
  readonly agentId: string;
  /** The role its resources are allocated to. */
  readonly role: string;
  readonly resources: Resources;
  /** The latest state reported by the agent, acknowledged or not. */
  state: TaskState;
  /** The last status of each state that was sent to the framework, without `data`. */
  statuses: readonly TaskStatus[];
  /** The latest status that was forwarded to the framework. */
  forwarded?: {readonly state: TaskState; readonly uuid: string} | undefined;
}

export interface Framework {
  readonly id: string;
  info: FrameworkInfo;
  roles: readonly string[];
  suppressed: Set<string>;
  /** The id of its event stream; undefined while disconnected. */
  stream: string | undefined;
  /** An agent has reported the framework's tasks, but the framework has not subscribed to this master yet. */
  isRecovered: boolean;
  registeredAt: number;
  reregisteredAt?: number;
  unregisteredAt?: number;
  /** When a disconnected framework is removed. */
  removeAt?: number | undefined;
  nextHeartbeat: number;
  readonly tasks: Map<string, Task>;
  readonly unreachableTasks: Map<string, Task>;
  completedTasks: Task[];
}

export interface Agent {
  readonly id: string;
  info: AgentInfo;
  ip: string;
  total: Resources;
  version: string;
  /** The id of its stream; undefined while disconnected. */
  stream: string | undefined;
  registeredAt: number;
  reregisteredAt?: number;
  nextPing: number;
  isPongPending: boolean;
  missedPings: number;
  /** KILL calls received while it was disconnected, sent when it registers again: [framework, task]. */
  pendingKills: (readonly [string, string])[];
}

export interface Offer {
  readonly id: string;
  readonly frameworkId: string;
  readonly agentId: string;
  readonly role: string;
  readonly resources: Resources;
  /** When it is rescinded because of --offer_timeout. */
  readonly expiresAt: number | undefined;
}

/** Prevents offers of these resources, or of a part of them, to a framework until a time. */
export interface OfferFilter {
  readonly frameworkId: string;
  readonly role: string;
  readonly agentId: string;
  readonly resources: Resources;
  readonly until: number;
}

/** An agent in the registry that has not registered again since the master restarted. */
export interface RecoveredAgent {
  readonly info: AgentInfo;
  readonly attributes: readonly Attribute[];
  readonly until: number;
}

export interface MasterState {
  readonly id: string;
  readonly startedAt: number;
  nextFramework: number;
  nextAgent: number;
  nextOffer: number;
  nextAllocation: number;
  readonly frameworks: Map<string, Framework>;
  completedFrameworks: Framework[];
  readonly agents: Map<string, Agent>;
  readonly recovered: Map<string, RecoveredAgent>;
  /** Agent ids, with the time at which they became unreachable. */
  readonly unreachable: Map<string, number>;
  readonly gone: Map<string, number>;
  readonly offers: Map<string, Offer>;
  filters: OfferFilter[];
  /** The event streams of operators, with the time of the next heartbeat. */
  readonly operators: Map<string, number>;
  /** For /metrics/snapshot. */
  readonly counters: Map<string, number>;
}

export function emptyState(id: string, now: number): MasterState {
  return {
    id,
    startedAt: now,
    nextFramework: 0,
    nextAgent: 0,
    nextOffer: 0,
    nextAllocation: now,
    frameworks: new Map(),
    completedFrameworks: [],
    agents: new Map(),
    recovered: new Map(),
    unreachable: new Map(),
    gone: new Map(),
    offers: new Map(),
    filters: [],
    operators: new Map(),
    counters: new Map(),
  };
}
