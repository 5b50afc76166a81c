import type {TaskAction} from '../scheduler-api/commands.js';
import type {TaskSpec} from '../scheduler-api/task.js';
import type {Call, MesosEvent, Offer} from './mesos.js';
import {defaultSettings, type Settings} from './settings.js';
import type {TaskRun} from './task-run.js';

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
  /** The last failures in a row that had the same reason; null when there was none. Counts only while `failures` is not 0. */
  failing: Failing | null;
  /** A rolling replacement ended its last run, and none has been healthy since. */
  isRolled: boolean;
  /** The node on which the last launch failed before it ran: the last choice for the next one. */
  failedOn: string | null;
}

export interface Failing {
  readonly times: number;
  /** As Mesos reported the last one. */
  readonly status: string;
  /** The same, with Docker's reason if it is known; for people. */
  readonly reason: string;
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
  /** When the present subscription began, or the last one. */
  subscribedAt: number;
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
  /** Agent → where it answers, as `http://198.18.0.10:5051`, by its last offer. */
  agentOrigins: Readonly<Record<string, string>>;
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
  /** Why a container could not be started, as its executor recorded it. */
  | {readonly type: 'end-explained'; readonly name: string; readonly taskId: string; readonly reason: string}
  | {readonly type: 'desired'; readonly tasks: readonly TaskSpec[]; readonly at: number}
  | {readonly type: 'command'; readonly action: TaskAction; readonly name: string}
  | {readonly type: 'tick'};

/** One change of the store; keys are relative to the framework's own prefix. */
export type StoreOp =
  | {readonly op: 'put'; readonly key: string; readonly value: unknown}
  | {readonly op: 'delete'; readonly key: string};

/** Where the output of a run's executor is. */
export interface Sandbox {
  /** The agent's, as `http://198.18.0.10:5051`. */
  readonly origin: string;
  readonly agentId: string;
  readonly frameworkId: string;
  readonly taskId: string;
  readonly containerId: string;
}

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
  /** Read in the sandbox of a run why its container could not be started, then dispatch `end-explained`. */
  | {readonly type: 'explain-end'; readonly name: string; readonly sandbox: Sandbox}
  | {readonly type: 'log'; readonly level: 'info' | 'warn'; readonly message: string}
  | {readonly type: 'reply'; readonly ok: boolean; readonly message: string};

/** The state of a scheduler that starts for the first time. */
export function emptyState(settings: Settings = defaultSettings): ReducerState {
  return {
    settings,
    connected: false,
    connection: 'not yet subscribed',
    subscribedAt: 0,
    frameworkId: null,
    desired: [],
    hashes: {},
    desiredAt: 0,
    counter: 0,
    runs: {},
    slots: {},
    staleEndpoints: {},
    offers: {},
    agentOrigins: {},
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
