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
  /** The newest state the agent knows, acknowledged or not. */
  state: TaskState;
  /** One for each state told to the framework, without `data`. */
  statuses: readonly TaskStatus[];
  /** The newest status forwarded to the framework. */
  forwarded?: {readonly state: TaskState; readonly uuid: string} | undefined;
}

export interface Framework {
  readonly id: string;
  info: FrameworkInfo;
  roles: readonly string[];
  suppressed: Set<string>;
  /** The event stream; undefined while disconnected. */
  stream: string | undefined;
  /** Known only from an agent that came back, has not subscribed at this master yet. */
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
  /** Its stream of messages; undefined while disconnected. */
  stream: string | undefined;
  registeredAt: number;
  reregisteredAt?: number;
  nextPing: number;
  isPongPending: boolean;
  missedPings: number;
  /** Kills to repeat when it comes back: [framework, task]. */
  pendingKills: (readonly [string, string])[];
}

export interface Offer {
  readonly id: string;
  readonly frameworkId: string;
  readonly agentId: string;
  readonly role: string;
  readonly resources: Resources;
  /** When --offer_timeout rescinds it. */
  readonly expiresAt: number | undefined;
}

/** A framework does not want these (or fewer) resources of an agent until then. */
export interface OfferFilter {
  readonly frameworkId: string;
  readonly role: string;
  readonly agentId: string;
  readonly resources: Resources;
  readonly until: number;
}

/** An agent the registry remembers which has not come back to this master yet. */
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
  /** id → since when. */
  readonly unreachable: Map<string, number>;
  readonly gone: Map<string, number>;
  readonly offers: Map<string, Offer>;
  filters: OfferFilter[];
  /** Streams of operators' events → when the next heartbeat is due. */
  readonly operators: Map<string, number>;
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
  };
}
