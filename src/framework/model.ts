import type {TaskAction} from '../scheduler-api/commands.js';
import type {TaskSpec} from '../scheduler-api/task.js';
import type {Call, MesosEvent, Offer, Resource} from './mesos.js';
import {defaultSettings, type Settings} from './settings.js';

/**
 * The phase of a run:
 * intended: its record is being written, and nothing was sent to Mesos yet;
 * staging, starting, running, killing: as Mesos reports;
 * lost: Mesos reported UNREACHABLE, UNKNOWN or LOST, so its container may be alive.
 */
export type RunPhase = 'intended' | 'staging' | 'starting' | 'running' | 'killing' | 'lost';

/**
 * Why a run is marked for termination; decides whether its end counts as a failure of the task:
 * undesired: its task is not desired, or has another run;
 * roll: its description changed;
 * restart: an operator restarted or killed it;
 * failure: it did not start in time, or is unhealthy;
 * unknown: it is in no record (see `onUnknownTask` in updates.ts);
 * abandoned: it was lost for so long that it was replaced.
 */
export type TerminationKind = 'undesired' | 'roll' | 'restart' | 'failure' | 'unknown' | 'abandoned';

/** A reconciliation that Mesos has not answered: since when, when it is requested next, and how often it was. */
export interface PendingReconciliation {
  readonly since: number;
  readonly dueAt: number;
  readonly tries: number;
}

/** A run: one launched task id, whose container may be alive. Times are milliseconds since 1970. */
export interface TaskRun {
  taskId: string;
  name: string;
  address: string;
  agentId: string;
  node: string;
  specHash: string;
  launchedAt: number;
  phase: RunPhase;
  /** When this phase began. */
  since: number;
  /** An agent has reported it, so the launch has reached an agent. */
  isReported: boolean;
  hasRun: boolean;
  healthy: boolean | null;
  /** When it became running and, if it has a health check, healthy; null while it is not. */
  okSince: number | null;
  unhealthySince: number | null;
  containerId: string | null;
  message: string;
  termination: {kind: TerminationKind; reason: string; graceSeconds: number} | null;
  killSentAt: number | null;
  lostSince: number | null;
  /** It was lost for so long that its address is no longer reserved for it. If it returns it is killed. */
  abandoned: boolean;
  /** Null when Mesos has confirmed the phase. */
  reconciliation: PendingReconciliation | null;
  /** The launch to send; null in every phase but `intended`. */
  intent: {saveId: number | null; offerId: string; resources: readonly Resource[]} | null;
}

/** What is kept of a desired task across its runs. */
export interface Slot {
  name: string;
  /** Failures in a row. */
  failures: number;
  /** Runs that ended and had to be replaced. */
  restarts: number;
  /** The earliest time of the next launch. */
  notBefore: number;
  /** How its last run ended, for people. */
  message: string;
  since: number;
  /** A rolling replacement ended its last run, and none has been healthy since. */
  isRolled: boolean;
  /** The node on which the last launch failed before it ran: the last choice for the next one. */
  failedOn: string | null;
}

/** Endpoints that ended runs may have left at an address, whichever task had it and whichever gets it next. */
export interface StaleEndpoints {
  address: string;
  /** Container ids of dead or abandoned runs, whose endpoints may still occupy the address. */
  containers: readonly string[];
  /** Whether the address must be freed before the next launch; null when that failed too often. */
  freeing: 'needed' | 'running' | null;
  /** When the running attempt began. */
  since: number;
  /** Attempts that failed in a row, and the earliest time of the next one. */
  tries: number;
  notBefore: number;
  /** Why the last attempt failed, for people. */
  message: string;
}

/** The state of the reducer. Immutable outside of `reduce`, which returns a new one for each event. */
export interface ReducerState {
  settings: Settings;
  connected: boolean;
  /** Why there is no subscription, for people; empty when there is one. */
  connection: string;
  frameworkId: string | null;
  desired: readonly TaskSpec[];
  /** Desired task → the hash of its description. */
  hashes: Readonly<Record<string, string>>;
  desiredAt: number;
  /** The number in the next task id. Never decreases. */
  counter: number;
  runs: Record<string, TaskRun>;
  slots: Record<string, Slot>;
  /** By address. */
  staleEndpoints: Record<string, StaleEndpoints>;
  offers: Record<string, {offer: Offer; at: number}>;
  /**
   * Whether Mesos sends offers: SUPPRESS stopped all of them; a DECLINE or an ACCEPT filtered some; when REVIVE was sent last, and for
   * which tasks.
   */
  offerFlow: {suppressed: boolean; filtered: boolean; revivedAt: number; revivedFor: string[]};
  /** When the next implicit reconciliation (of all tasks) is due. */
  implicitAt: number;
  /** Why no offer fitted a task: name → node → reason. */
  rejections: Record<string, Record<string, string>>;
  saveId: number;
}

/** The inputs of the reducer. */
export type SchedulerEvent =
  | {readonly type: 'mesos'; readonly event: MesosEvent}
  | {readonly type: 'disconnected'; readonly reason: string}
  /** The master has removed the framework (TEARDOWN, or disconnected for longer than failover_timeout). */
  | {readonly type: 'framework-removed'}
  /** The save effect with this number and all earlier ones are durable. */
  | {readonly type: 'saved'; readonly id: number}
  | {readonly type: 'address-freed'; readonly address: string; readonly ok: boolean; readonly message: string}
  | {readonly type: 'desired'; readonly tasks: readonly TaskSpec[]; readonly at: number}
  | {readonly type: 'command'; readonly action: TaskAction; readonly name: string}
  | {readonly type: 'tick'};

/** One change of the store; keys are relative to the framework's own prefix. */
export type StoreOp =
  | {readonly op: 'put'; readonly key: string; readonly value: unknown}
  | {readonly op: 'delete'; readonly key: string};

/** The outputs of the reducer, for the leader to perform. Effects of one kind are performed in their order. */
export type Effect =
  | {readonly type: 'call'; readonly call: Call}
  /** Write `ops`, then send `acks`, then dispatch `saved`. Saves are never reordered, and repeated until they succeed. */
  | {readonly type: 'save'; readonly id: number; readonly ops: readonly StoreOp[]; readonly acks: readonly Call[]}
  | {
      readonly type: 'free-address';
      readonly name: string;
      readonly network: string;
      readonly address: string;
      readonly containers: readonly string[];
    }
  | {readonly type: 'log'; readonly level: 'info' | 'warn'; readonly message: string}
  | {readonly type: 'reply'; readonly ok: boolean; readonly message: string};

/** A reduction in progress: a private copy of the state, and the effects so far. See {@link copyOf} for what may be changed. */
export interface Reduction {
  readonly state: ReducerState;
  readonly now: number;
  readonly effects: Effect[];
  readonly acks: Call[];
}

/**
 * A copy whose maps, runs, slots, stale endpoints and offer flow may be changed. Values nested deeper are shared with the original: they
 * are replaced, never changed.
 */
export function copyOf(state: ReducerState): ReducerState {
  const copyEach = <T extends object>(records: Record<string, T>): Record<string, T> => {
    const copies: Record<string, T> = {};
    for (const key in records) copies[key] = {...records[key]!};
    return copies;
  };
  return {
    ...state,
    runs: copyEach(state.runs),
    slots: copyEach(state.slots),
    staleEndpoints: copyEach(state.staleEndpoints),
    offers: {...state.offers},
    offerFlow: {...state.offerFlow},
    rejections: {...state.rejections},
  };
}

/** Adds a line for the journal. */
export function addLog(reduction: Reduction, level: 'info' | 'warn', message: string): void {
  reduction.effects.push({type: 'log', level, message});
}

/** Adds a call to Mesos, which is sent when the reduction is complete. */
export function addCall(reduction: Reduction, call: Call): void {
  reduction.effects.push({type: 'call', call});
}

/** The slot of a task, created when it has none. */
export function slotOf(reduction: Reduction, name: string): Slot {
  let slot = reduction.state.slots[name];
  if (slot === undefined) {
    slot = {
      name,
      failures: 0,
      restarts: 0,
      notBefore: 0,
      message: '',
      since: reduction.now,
      isRolled: false,
      failedOn: null,
    };
    reduction.state.slots[name] = slot;
  }
  return slot;
}

/** The state of a scheduler that starts for the first time. */
export function emptyState(settings: Settings = defaultSettings): ReducerState {
  return {
    settings,
    connected: false,
    connection: 'not yet subscribed',
    frameworkId: null,
    desired: [],
    hashes: {},
    desiredAt: 0,
    counter: 0,
    runs: {},
    slots: {},
    staleEndpoints: {},
    offers: {},
    /**
     * Whether Mesos sends offers: SUPPRESS stopped all of them; a DECLINE or an ACCEPT filtered some; when REVIVE was sent last, and for
     * which tasks.
     */
    offerFlow: {suppressed: false, filtered: false, revivedAt: 0, revivedFor: []},
    implicitAt: 0,
    rejections: {},
    saveId: 0,
  };
}
