import {add, NONE, type Resources, subtract, toWire} from '../common/resources.js';
import {hasCapability, type TaskInfo} from '../common/wire.js';
import type {AcceptCall, Operation} from './call.js';
import type {Context} from './context.js';
import {countOf, countOffers} from './counters.js';
import {launch, rejectTaskGroup} from './launch.js';
import {addFilter, removeOffer} from './offers.js';
import {sendOperationStatus} from './operation-status.js';
import {applyConversion, planConversion, type ReservationKind, validateConversion} from './reservations.js';
import {sendUpdate} from './send.js';
import type {Agent, Framework, Offer} from './state.js';
import {masterStatus, supportedState} from './statuses.js';

/**
 * ACCEPT: performs operations on the resources of offers of one agent. If one of the offers is invalid, the others are discarded, too, and
 * all tasks are lost. Unused resources are filtered for a while, as with DECLINE.
 */
export function accept(context: Context, framework: Framework, call: AcceptCall): void {
  const ids = (call.offer_ids ?? []).map((id) => id.value);
  const offers = ids.map((id) => ownOffer(context, framework, id)).filter((offer) => offer !== undefined);
  const error = validateOffers(context, framework, ids);
  for (const offer of offers) removeOffer(context, offer);
  const [first] = offers;
  const agent = first && context.state.agents.get(first.agentId);
  if (error !== undefined || !first || !agent) {
    dropAll(context, framework, call, `Task launched with invalid offers: ${error ?? 'No offers specified'}`);
    return;
  }
  if (agent.stream === undefined) {
    dropAll(context, framework, call, 'Task launched with invalid offers: the agent is disconnected');
    return;
  }
  countOffers(context, framework, 'accepted', offers.length);
  let left = offers.reduce<Resources>((sum, offer) => add(sum, offer.resources), NONE);
  for (const operation of call.operations ?? []) left = perform(context, framework, agent, first.role, operation, left);
  addFilter(context, first, left, call.filters?.refuse_seconds);
}

/** DECLINE: returns offers. Offers that are no longer valid are ignored. */
export function decline(context: Context, framework: Framework, ids: readonly string[], seconds: number | undefined): void {
  for (const id of ids) {
    const offer = ownOffer(context, framework, id);
    if (!offer) continue;
    removeOffer(context, offer);
    countOffers(context, framework, 'declined', 1);
    addFilter(context, offer, offer.resources, seconds);
  }
}

function ownOffer(context: Context, framework: Framework, id: string): Offer | undefined {
  const offer = context.state.offers.get(id);
  return offer?.frameworkId === framework.id ? offer : undefined;
}

function validateOffers(context: Context, framework: Framework, ids: readonly string[]): string | undefined {
  if (ids.length === 0) return 'No offers specified';
  const agents = new Map<string, string>();
  for (const [index, id] of ids.entries()) {
    if (ids.indexOf(id) !== index) return `Duplicate offer ${id} in offer list`;
    const offer = ownOffer(context, framework, id);
    if (!offer) return `Offer ${id} is no longer valid`;
    agents.set(offer.agentId, id);
  }
  const [first, second] = agents.keys();
  return second === undefined
    ? undefined
    : `Aggregated offers must belong to one single agent. Offer ${agents.get(second)} uses agent ${second} and agent ${first}`;
}

function tasksOf(operation: Operation): readonly TaskInfo[] {
  return operation.launch?.task_infos ?? operation.launch_group?.task_group.tasks ?? [];
}

function dropAll(context: Context, framework: Framework, call: AcceptCall, message: string): void {
  const state = supportedState(framework, 'TASK_DROPPED');
  for (const operation of call.operations ?? []) {
    sendOperationStatus(context, framework, operation, 'OPERATION_DROPPED', {message});
    for (const task of tasksOf(operation)) {
      const status = {taskId: task.task_id.value, agentId: task.agent_id.value, state, message, reason: 'REASON_INVALID_OFFERS'};
      sendUpdate(context, framework, masterStatus(context, status));
    }
  }
}

function perform(
  context: Context,
  framework: Framework,
  agent: Agent,
  role: string,
  operation: Operation,
  left: Resources,
): Resources {
  countOf(context, framework, 'operations', operation.type ?? 'UNKNOWN');
  switch (operation.type) {
    case 'LAUNCH':
      return tasksOf(operation).reduce((rest, task) => launch(context, framework, agent, role, task, rest), left);
    case 'LAUNCH_GROUP':
      rejectTaskGroup(context, framework, tasksOf(operation));
      return left;
    case 'RESERVE':
    case 'UNRESERVE':
      return changeReservation(context, framework, agent, role, operation.type, operation, left);
    default: {
      const message = `${operation.type ?? 'UNKNOWN'} operations are not supported by hw5's Mesos emulator`;
      return drop(context, framework, agent, operation, message, left);
    }
  }
}

function changeReservation(
  context: Context,
  framework: Framework,
  agent: Agent,
  role: string,
  kind: ReservationKind,
  operation: Operation,
  left: Resources,
): Resources {
  const {resources = []} = (kind === 'RESERVE' ? operation.reserve : operation.unreserve) ?? {};
  const plan = planConversion(kind, resources, {role, principal: framework.info.principal});
  const error = typeof plan === 'string' ? plan : validateConversion(left, plan);
  if (typeof plan === 'string' || error !== undefined)
    return drop(context, framework, agent, operation, `Invalid ${kind} operation: ${error}`, left);
  applyConversion(context, agent, plan);
  const converted = toWire(plan.converted, {role, isRefined: hasCapability(framework.info, 'RESERVATION_REFINEMENT')});
  sendOperationStatus(context, framework, operation, 'OPERATION_FINISHED', {agentId: agent.id, converted});
  return add(subtract(left, plan.consumed), plan.converted);
}

/** Skips an operation; those after it in the ACCEPT are performed. */
function drop(
  context: Context,
  framework: Framework,
  agent: Agent,
  operation: Operation,
  message: string,
  left: Resources,
): Resources {
  context.emit({kind: 'log', message: `dropped an operation of framework ${framework.id}: ${message}`});
  sendOperationStatus(context, framework, operation, 'OPERATION_ERROR', {message, agentId: agent.id});
  return left;
}
