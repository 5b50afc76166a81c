import type {TaskAction} from '../scheduler-api/commands.js';
import type {TaskSpec} from '../scheduler-api/task.js';
import type {Call, MesosEvent, Offer, Resource} from './mesos.js';
import {defaultSettings, type Settings} from './settings.js';

/**
 * Where a run (one launched task id) is:
 * intended: its record is being written, nothing was sent; staging, starting, running, killing: as Mesos says;
 * lost: Mesos cannot say (UNREACHABLE, UNKNOWN, LOST): its container may live.
 */
export type RunPhase = 'intended' | 'staging' | 'starting' | 'running' | 'killing' | 'lost';

/** Why a run is to end; decides whether its end counts as a failure of the task. */
export type CondemnedKind = 'unwanted' | 'roll' | 'restart' | 'failure' | 'stranger' | 'zombie';

/** A reconciliation: since when the answer is missing, when it is asked next, and how often it was. */
export interface Question {
  readonly since: number;
  readonly dueAt: number;
  readonly tries: number;
}

/** One task id that may have a living container. Times are milliseconds since 1970. */
export interface Run {
  taskId: string;
  name: string;
  address: string;
  agentId: string;
  node: string;
  specHash: string;
  launchedAt: number;
  phase: RunPhase;
  /** Since when the phase is so. */
  since: number;
  /** An agent spoke of it: it was not merely sent. */
  isSeen: boolean;
  hasRun: boolean;
  healthy: boolean | null;
  /** Since when it is running and, if it has a health check, healthy. */
  okSince: number | null;
  unhealthySince: number | null;
  containerId: string | null;
  message: string;
  condemned: {kind: CondemnedKind; reason: string; graceSeconds: number} | null;
  killSentAt: number | null;
  lostSince: number | null;
  /** The fence was opened: it no longer keeps its address. If it comes back it is killed. */
  released: boolean;
  /** A reconciliation that has not been answered yet. */
  question: Question | null;
  /** Only while intended. */
  intent: {saveId: number | null; offerId: string; resources: readonly Resource[]} | null;
}

/** What is remembered of a desired task from run to run. */
export interface Slot {
  name: string;
  /** Failures in a row. */
  failures: number;
  /** Runs that ended and had to be replaced. */
  restarts: number;
  /** Not to be launched before. */
  notBefore: number;
  /** Of the last end, in plain words. */
  message: string;
  since: number;
  /** The roll ended its last run, and none has been well since. */
  isRolled: boolean;
  /** Where the last launch failed before it ran: tried last. */
  failedOn: string | null;
}

/** What ended runs may have left behind at an address, whichever task had it and whichever gets it next. */
export interface Leftovers {
  address: string;
  /** Container ids of runs that are dead or given up, whose endpoints may still hold the address. */
  containers: readonly string[];
  /** The address is to be freed before the next launch; null: that was tried often enough. */
  freeing: 'needed' | 'running' | null;
  /** Since when the freeing runs. */
  since: number;
  /** Freeings that failed in a row, and when the next one may begin. */
  tries: number;
  notBefore: number;
  /** Why the last freeing failed, in plain words. */
  message: string;
}

/** All that the scheduler knows. Only {@link reduce} makes new ones; nobody changes one. */
export interface ReducerState {
  settings: Settings;
  connected: boolean;
  /** Why there is no subscription, in plain words. */
  connection: string;
  frameworkId: string | null;
  desired: readonly TaskSpec[];
  /** Of each wanted task, the hash of its description. */
  hashes: Readonly<Record<string, string>>;
  desiredAt: number;
  /** The number of the next task id. Never goes back. */
  counter: number;
  runs: Record<string, Run>;
  slots: Record<string, Slot>;
  /** By address. */
  leftovers: Record<string, Leftovers>;
  offers: Record<string, {offer: Offer; at: number}>;
  market: {suppressed: boolean; filtered: boolean; revivedAt: number; wanted: string[]};
  implicitAt: number;
  /** Why a task was not placed: name → node → reason. */
  refusals: Record<string, Record<string, string>>;
  saveId: number;
}

/** What happens to the scheduler. */
export type SchedulerEvent =
  | {readonly type: 'mesos'; readonly event: MesosEvent}
  | {readonly type: 'disconnected'; readonly reason: string}
  /** The master has removed our framework (TEARDOWN, or away for longer than failover_timeout). */
  | {readonly type: 'framework-removed'}
  /** The save effect of this number, and all before it, are durable. */
  | {readonly type: 'saved'; readonly id: number}
  | {readonly type: 'address-freed'; readonly address: string; readonly ok: boolean; readonly message: string}
  | {readonly type: 'desired'; readonly tasks: readonly TaskSpec[]; readonly at: number}
  | {readonly type: 'command'; readonly action: TaskAction; readonly name: string}
  | {readonly type: 'tick'};

/** One change of the store; keys are relative to the framework's own prefix. */
export type StoreOp =
  | {readonly op: 'put'; readonly key: string; readonly value: unknown}
  | {readonly op: 'delete'; readonly key: string};

/** What is to be done about it. Effects of one kind happen in their order. */
export type Effect =
  | {readonly type: 'call'; readonly call: Call}
  /** Write, then send `acks`, then tell the reducer `saved`. Saves are never reordered, and repeated until they succeed. */
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

/** One reduction under way: a private copy of the state, and the effects so far. See {@link copyOf} for what may be changed. */
export interface Turn {
  readonly state: ReducerState;
  readonly now: number;
  readonly effects: Effect[];
  readonly acks: Call[];
}

/**
 * A copy whose maps, runs, slots, leftovers and market may be changed. What is nested deeper is shared with the original: it is replaced,
 * never changed.
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
    leftovers: copyEach(state.leftovers),
    offers: {...state.offers},
    market: {...state.market},
    refusals: {...state.refusals},
  };
}

/** Notes a line for the journal. */
export function note(turn: Turn, level: 'info' | 'warn', message: string): void {
  turn.effects.push({type: 'log', level, message});
}

/** Sends a call as soon as the reduction is done. */
export function send(turn: Turn, call: Call): void {
  turn.effects.push({type: 'call', call});
}

/** The slot of a task, made when there is none. */
export function slotOf(turn: Turn, name: string): Slot {
  let slot = turn.state.slots[name];
  if (slot === undefined) {
    slot = {
      name,
      failures: 0,
      restarts: 0,
      notBefore: 0,
      message: '',
      since: turn.now,
      isRolled: false,
      failedOn: null,
    };
    turn.state.slots[name] = slot;
  }
  return slot;
}

/** A state with nothing in it yet, for tests and for a first start. */
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
    leftovers: {},
    offers: {},
    market: {suppressed: false, filtered: false, revivedAt: 0, wanted: []},
    implicitAt: 0,
    refusals: {},
    saveId: 0,
  };
}
