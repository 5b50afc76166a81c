import {add, NONE, type Resources, subtract} from '../common/resources.js';
import {isTerminal} from '../common/wire.js';
import type {Context} from './context.js';
import {countOffers} from './counters.js';
import {sendEvent} from './send.js';
import type {Agent, Framework, MasterState, Offer} from './state.js';

/** The resources of a framework's offers and running tasks, on one agent or on all. */
export function allocatedTo(state: MasterState, framework: Framework, agentId?: string): Resources {
  return add(usedBy(framework, agentId), offeredTo(state, framework, agentId));
}

/** The resources of a framework's tasks by role. Terminated tasks hold none, even if their last update is not acknowledged yet. */
export function usedByRole(framework: Framework, agentId?: string): Map<string, Resources> {
  return sumByRole(
    [...framework.tasks.values()].filter(
      (task) => (agentId === undefined || task.agentId === agentId) && !isTerminal(task.state),
    ),
  );
}

export function offeredByRole(state: MasterState, framework: Framework, agentId?: string): Map<string, Resources> {
  return sumByRole(
    [...state.offers.values()].filter(
      (offer) => offer.frameworkId === framework.id && (agentId === undefined || offer.agentId === agentId),
    ),
  );
}

function sumByRole(parts: readonly {readonly role: string; readonly resources: Resources}[]): Map<string, Resources> {
  const sums = new Map<string, Resources>();
  for (const {role, resources} of parts) sums.set(role, add(sums.get(role) ?? NONE, resources));
  return sums;
}

function total(byRole: ReadonlyMap<string, Resources>): Resources {
  return [...byRole.values()].reduce(add, NONE);
}

export function usedBy(framework: Framework, agentId?: string): Resources {
  return total(usedByRole(framework, agentId));
}

export function offeredTo(state: MasterState, framework: Framework, agentId?: string): Resources {
  return total(offeredByRole(state, framework, agentId));
}

/** The resources of all tasks on an agent. */
export function usedOn(state: MasterState, agent: Agent): Resources {
  return [...state.frameworks.values()].reduce((sum, framework) => add(sum, usedBy(framework, agent.id)), NONE);
}

export function offeredOn(state: MasterState, agent: Agent): Resources {
  return [...state.offers.values()]
    .filter((offer) => offer.agentId === agent.id)
    .reduce((sum, offer) => add(sum, offer.resources), NONE);
}

/** The resources of an agent that can be offered. */
export function availableOn(state: MasterState, agent: Agent): Resources {
  return subtract(subtract(agent.total, usedOn(state, agent)), offeredOn(state, agent));
}

/** Removes an offer that the framework has used, or knows to be invalid. */
export function removeOffer(context: Context, offer: Offer): void {
  context.state.offers.delete(offer.id);
}

/** Removes an offer and sends RESCIND to its framework. */
export function rescindOffer(context: Context, offer: Offer): void {
  removeOffer(context, offer);
  const framework = context.state.frameworks.get(offer.frameworkId);
  if (!framework) return;
  countOffers(context, framework, 'rescinded', 1);
  sendEvent(context, framework, {type: 'RESCIND', rescind: {offer_id: {value: offer.id}}});
}

/** Filters resources: they are not offered to the framework for a while. In Mesos, a filter lasts at least until the next allocation. */
export function addFilter(context: Context, offer: Offer, resources: Resources, seconds: number | undefined): void {
  const duration = seconds === undefined || seconds < 0 || Number.isNaN(seconds) ? 5 : Math.min(seconds, 365 * 86_400);
  if (duration === 0 || resources.size === 0) return;
  const until = context.now() + Math.max(duration, context.settings.allocationInterval);
  context.state.filters.push({frameworkId: offer.frameworkId, role: offer.role, agentId: offer.agentId, resources, until});
}
