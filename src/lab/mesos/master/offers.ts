import {add, NONE, type Resources, subtract} from '../common/resources.js';
import {isTerminal} from '../common/wire.js';
import type {Context} from './context.js';
import type {Agent, Framework, MasterState, Offer} from './state.js';
import {sendEvent} from './statuses.js';

/** What the framework's offers and live tasks hold of an agent, or of all agents. */
export function allocatedTo(state: MasterState, framework: Framework, agentId?: string): Resources {
  return add(usedBy(framework, agentId), offeredTo(state, framework, agentId));
}

/** What a framework's tasks use. A task that is over holds nothing, even while its last update waits for its acknowledgement. */
export function usedBy(framework: Framework, agentId?: string): Resources {
  let sum: Resources = NONE;
  for (const task of framework.tasks.values()) {
    if ((agentId === undefined || task.agentId === agentId) && !isTerminal(task.state)) sum = add(sum, task.resources);
  }
  return sum;
}

export function offeredTo(state: MasterState, framework: Framework, agentId?: string): Resources {
  let sum: Resources = NONE;
  for (const offer of state.offers.values()) {
    if (offer.frameworkId === framework.id && (agentId === undefined || offer.agentId === agentId))
      sum = add(sum, offer.resources);
  }
  return sum;
}

/** What all tasks use on an agent. */
export function usedOn(state: MasterState, agent: Agent): Resources {
  return [...state.frameworks.values()].reduce((sum, framework) => add(sum, usedBy(framework, agent.id)), NONE);
}

export function offeredOn(state: MasterState, agent: Agent): Resources {
  return [...state.offers.values()]
    .filter((offer) => offer.agentId === agent.id)
    .reduce((sum, offer) => add(sum, offer.resources), NONE);
}

/** What is left of an agent for new offers. */
export function availableOn(state: MasterState, agent: Agent): Resources {
  return subtract(subtract(agent.total, usedOn(state, agent)), offeredOn(state, agent));
}

/** Takes an offer back; `tell` sends the RESCIND. */
export function removeOffer(context: Context, offer: Offer, tell = false): void {
  context.state.offers.delete(offer.id);
  const framework = context.state.frameworks.get(offer.frameworkId);
  if (tell && framework) sendEvent(context, framework, {type: 'RESCIND', rescind: {offer_id: {value: offer.id}}});
}

/** Notes that a framework does not want these resources for a while. Mesos lets no filter end before the next allocation. */
export function refuse(context: Context, offer: Offer, resources: Resources, seconds: number | undefined): void {
  const refusal = seconds === undefined || seconds < 0 || Number.isNaN(seconds) ? 5 : Math.min(seconds, 365 * 86_400);
  if (refusal === 0 || resources.size === 0) return;
  const until = context.now() + Math.max(refusal, context.settings.allocationInterval);
  context.state.filters.push({frameworkId: offer.frameworkId, role: offer.role, agentId: offer.agentId, resources, until});
}
