import {converge} from './converge.js';
import {onEndExplained} from './failures.js';
import {onMesosEvent, onRemoved} from './mesos-events.js';
import type {Effect, ReducerState, SchedulerEvent} from './model.js';
import {cancelIntended, launchIntended, requestOffersAgain} from './offers.js';
import {onCommand} from './operator-commands.js';
import {changesBetween} from './records.js';
import {addLog, copyOf, type Reduction, slotOf} from './reduction.js';
import {requestReconciliation} from './runs.js';
import {onAddressFreed} from './stale-endpoints.js';
import {hashesOf} from './task-info.js';

/**
 * The scheduler's decisions as a pure function: state, event and time → next state and effects.
 * @param now milliseconds since 1970
 */
export function reduce(
  before: ReducerState,
  event: SchedulerEvent,
  now: number,
): {readonly state: ReducerState; readonly effects: readonly Effect[]} {
  const reduction: Reduction = {state: copyOf(before), now, effects: [], acks: []};
  apply(reduction, event);
  converge(reduction);
  save(reduction, before);
  return {state: reduction.state, effects: reduction.effects};
}

function apply(reduction: Reduction, event: SchedulerEvent): void {
  const {state, now} = reduction;
  switch (event.type) {
    case 'mesos':
      onMesosEvent(reduction, event.event);
      return;
    case 'disconnected':
      state.connected = false;
      state.connection = event.reason;
      // The master rescinds all offers of a subscription that ended.
      state.offers = {};
      cancelIntended(reduction, 'the subscription broke');
      // Whatever happens to them from now on is not reported, so what is known about them has to be confirmed again.
      for (const run of Object.values(state.runs)) if (run.phase !== 'lost') requestReconciliation(run, now);
      return;
    case 'framework-removed':
      onRemoved(reduction);
      return;
    case 'saved':
      launchIntended(reduction, event.id);
      return;
    case 'address-freed':
      onAddressFreed(reduction, event);
      return;
    case 'end-explained':
      onEndExplained(reduction, event);
      return;
    case 'desired': {
      const before = state.hashes;
      state.desired = event.tasks;
      state.hashes = hashesOf(event.tasks);
      state.desiredAt = event.at;
      for (const {name} of event.tasks) {
        // The change may fix what made it fail, so the delay after its failures no longer applies.
        if (before[name] === state.hashes[name]) continue;
        Object.assign(slotOf(reduction, name), {failures: 0, notBefore: now, failedOn: null, isRolled: false});
        requestOffersAgain(reduction, name);
      }
      addLog(reduction, 'info', `${event.tasks.length} tasks are desired`);
      return;
    }
    case 'command':
      onCommand(reduction, event.action, event.name);
      return;
    case 'tick':
      return;
    default:
      event satisfies never;
  }
}

/** Saves the changes, and acknowledges updates only after that: a successor must know what was acknowledged. */
function save(reduction: Reduction, before: ReducerState): void {
  const {state} = reduction;
  const ops = changesBetween(before, state);
  if (ops.length === 0 && reduction.acks.length === 0) return;
  state.saveId++;
  for (const run of Object.values(state.runs))
    if (run.intent?.saveId === null) run.intent = {...run.intent, saveId: state.saveId};
  reduction.effects.push({type: 'save', id: state.saveId, ops, acks: reduction.acks});
}
