import type {TaskSpec} from '../scheduler-api/task.js';
import type {ReducerState, SchedulerEvent, StaleEndpoints} from './model.js';
import type {Reduction} from './reduction.js';
import {blockers} from './runs.js';
import type {TaskRun} from './task-run.js';

/** How many containers are kept per address. */
const CONTAINERS = 5;

/**
 * Records that a run's container may have left a stale endpoint in Docker's network, and with it an occupied address: a container that
 * failed to start does so, and one whose docker daemon or machine died. The next launch at the address waits until it is freed.
 */
export function recordStaleEndpoint({state}: Reduction, run: TaskRun): void {
  const known = state.staleEndpoints[run.address];
  const containers = [...(known?.containers ?? []), ...(run.containerId === null ? [] : [run.containerId])];
  state.staleEndpoints[run.address] = {
    address: run.address,
    containers: containers.slice(-CONTAINERS),
    freeing: 'needed',
    since: 0,
    tries: 0,
    notBefore: 0,
    message: known?.message ?? '',
  };
}

/** Whether a task can be launched at its address: nothing has to be freed there before, or freeing it failed too often. */
export function isAddressFree(state: ReducerState, spec: TaskSpec): boolean {
  return (state.staleEndpoints[spec.address]?.freeing ?? null) === null;
}

/** Frees the addresses at which desired tasks wait to be launched. */
export function freeAddresses(reduction: Reduction): void {
  const {state, now} = reduction;
  for (const spec of state.desired) {
    const endpoints = state.staleEndpoints[spec.address];
    if (endpoints === undefined) continue;
    if (endpoints.freeing === 'running' && now - endpoints.since >= state.settings.freeingLimitSeconds * 1000)
      failed(reduction, endpoints, 'it did not finish in time');
    if (endpoints.freeing !== 'needed' || endpoints.notBefore > now || blockers(state, spec).length > 0) continue;
    Object.assign(endpoints, {freeing: 'running', since: now} satisfies Partial<StaleEndpoints>);
    const {network, address} = spec;
    reduction.effects.push({type: 'free-address', name: spec.name, network, address, containers: endpoints.containers});
  }
}

/** Applies the result of freeing an address. The record is deleted only after a success: without it the endpoint could never be removed. */
export function onAddressFreed(
  reduction: Reduction,
  {address, ok, message}: Extract<SchedulerEvent, {type: 'address-freed'}>,
): void {
  const endpoints = reduction.state.staleEndpoints[address];
  // Another stale endpoint was recorded since then, or the attempt timed out and is repeated.
  if (endpoints?.freeing !== 'running') return;
  if (ok) delete reduction.state.staleEndpoints[address];
  else failed(reduction, endpoints, message);
}

/**
 * Schedules another attempt. After some attempts the task is launched anyway: if there is a stale endpoint Docker rejects the address, and
 * if there is none a broken docker on this node must not keep tasks from starting on the others.
 */
function failed({state, now}: Reduction, endpoints: StaleEndpoints, message: string): void {
  const {freeingTries, backoffSeconds, backoffCeilingSeconds} = state.settings;
  const tries = endpoints.tries + 1;
  const pause = Math.min(backoffSeconds * 2 ** endpoints.tries, backoffCeilingSeconds);
  Object.assign(endpoints, {
    freeing: tries < freeingTries ? 'needed' : null,
    tries,
    notBefore: now + pause * 1000,
    message,
  } satisfies Partial<StaleEndpoints>);
}
