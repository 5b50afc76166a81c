import type {Call} from './mesos.js';
import type {Effect, ReducerState, Slot} from './model.js';

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
      failing: null,
      isRolled: false,
      failedOn: null,
    };
    reduction.state.slots[name] = slot;
  }
  return slot;
}
