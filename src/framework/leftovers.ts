import type {TaskSpec} from '../scheduler-api/task.js';
import type {Leftovers, ReducerState, Run, SchedulerEvent, Turn} from './model.js';
import {blockers} from './runs.js';

/** How many left-behind containers of an address are remembered. */
const CONTAINERS = 5;

/**
 * Notes that a run's container may have left its endpoint and its address behind, as one does that failed to start, or whose
 * docker daemon or machine died (reference/lab-facts.md). The next task at the address waits until that is cleared away.
 */
export function leaveBehind({state}: Turn, run: Run): void {
  const known = state.leftovers[run.address];
  const containers = [...(known?.containers ?? []), ...(run.containerId === null ? [] : [run.containerId])];
  state.leftovers[run.address] = {
    address: run.address,
    containers: containers.slice(-CONTAINERS),
    freeing: 'needed',
    since: 0,
    tries: 0,
    notBefore: 0,
    message: known?.message ?? '',
  };
}

/** Is nothing in the way of a launch at a task's address that could be cleared away before? */
export function isCleared(state: ReducerState, spec: TaskSpec): boolean {
  return (state.leftovers[spec.address]?.freeing ?? null) === null;
}

/** Has the addresses freed at which a wanted task is to start. */
export function freeAddresses(turn: Turn): void {
  const {state, now} = turn;
  for (const spec of state.desired) {
    const left = state.leftovers[spec.address];
    if (left === undefined) continue;
    if (left.freeing === 'running' && now - left.since >= state.settings.freeingLimitSeconds * 1000)
      failed(turn, left, 'nothing was heard of it');
    if (left.freeing !== 'needed' || left.notBefore > now || blockers(state, spec).length > 0) continue;
    Object.assign(left, {freeing: 'running', since: now} satisfies Partial<Leftovers>);
    const {network, address} = spec;
    turn.effects.push({type: 'free-address', name: spec.name, network, address, containers: left.containers});
  }
}

/** Takes in how a freeing ended. Only a successful one lets the leftovers be forgotten: else nobody could ever clear them away. */
export function onFreed(turn: Turn, {address, ok, message}: Extract<SchedulerEvent, {type: 'address-freed'}>): void {
  const left = turn.state.leftovers[address];
  // Something was left behind anew meanwhile, or it took too long and is tried again.
  if (left?.freeing !== 'running') return;
  if (ok) delete turn.state.leftovers[address];
  else failed(turn, left, message);
}

/**
 * Tries again after a pause. After some tries the launch goes ahead all the same: where something really is left behind, Docker
 * refuses the address, and where nothing is, a broken docker on this node must not keep tasks from starting on the others.
 */
function failed({state, now}: Turn, left: Leftovers, message: string): void {
  const {freeingTries, backoffSeconds, backoffCeilingSeconds} = state.settings;
  const tries = left.tries + 1;
  const pause = Math.min(backoffSeconds * 2 ** left.tries, backoffCeilingSeconds);
  Object.assign(left, {
    freeing: tries < freeingTries ? 'needed' : null,
    tries,
    notBefore: now + pause * 1000,
    message,
  } satisfies Partial<Leftovers>);
}
