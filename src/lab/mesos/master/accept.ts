import {add, contains, fromWire, NONE, type Resources, subtract, toWire} from '../common/resources.js';
import type {TaskInfo} from '../common/wire.js';
import type {AcceptCall, Operation} from './call.js';
import type {Context} from './context.js';
import {refuse, removeOffer} from './offers.js';
import type {Agent, Framework, Offer} from './state.js';
import {lostAs, masterStatus, sendUpdate} from './statuses.js';
import {findTaskFault} from './validate-task.js';

/**
 * ACCEPT: uses up offers of one agent. One dead offer spoils the call: the live ones go back, every task of it is lost.
 * What the operations leave over is refused for a while, as with DECLINE.
 */
export function accept(context: Context, framework: Framework, call: AcceptCall): void {
  const ids = (call.offer_ids ?? []).map((id) => id.value);
  const offers = ids.map((id) => ownOffer(context, framework, id)).filter((offer) => offer !== undefined);
  const fault = findOfferFault(context, framework, ids);
  for (const offer of offers) removeOffer(context, offer);
  const [first] = offers;
  const agent = first && context.state.agents.get(first.agentId);
  if (fault !== undefined || !first || !agent) {
    loseTasks(context, framework, call, `Task launched with invalid offers: ${fault ?? 'No offers specified'}`);
    return;
  }
  if (agent.stream === undefined) {
    loseTasks(context, framework, call, 'Task launched with invalid offers: the agent is disconnected');
    return;
  }
  let left = offers.reduce<Resources>((sum, offer) => add(sum, offer.resources), NONE);
  for (const operation of call.operations ?? []) left = perform(context, framework, agent, first.role, operation, left);
  refuse(context, first, left, call.filters?.refuse_seconds);
}

/** DECLINE: gives offers back; those that are no more are ignored. */
export function decline(context: Context, framework: Framework, ids: readonly string[], seconds: number | undefined): void {
  for (const id of ids) {
    const offer = ownOffer(context, framework, id);
    if (!offer) continue;
    removeOffer(context, offer);
    refuse(context, offer, offer.resources, seconds);
  }
}

function ownOffer(context: Context, framework: Framework, id: string): Offer | undefined {
  const offer = context.state.offers.get(id);
  return offer?.frameworkId === framework.id ? offer : undefined;
}

function findOfferFault(context: Context, framework: Framework, ids: readonly string[]): string | undefined {
  if (ids.length === 0) return 'No offers specified';
  const agents = new Map<string, string>();
  for (const [index, id] of ids.entries()) {
    if (ids.indexOf(id) !== index) return `Duplicate offer ${id} in offer list`;
    const offer = ownOffer(context, framework, id);
    if (!offer) return `Offer ${id} is no longer valid`;
    agents.set(offer.agentId, id);
  }
  const [one, other] = agents.keys();
  return other === undefined
    ? undefined
    : `Aggregated offers must belong to one single agent. Offer ${agents.get(other)} uses agent ${other} and agent ${one}`;
}

function tasksOf(operation: Operation): readonly TaskInfo[] {
  return operation.launch?.task_infos ?? operation.launch_group?.task_group.tasks ?? [];
}

function loseTasks(context: Context, framework: Framework, call: AcceptCall, message: string): void {
  const state = lostAs(framework, 'TASK_DROPPED');
  for (const task of (call.operations ?? []).flatMap(tasksOf)) {
    const about = {taskId: task.task_id.value, agentId: task.agent_id.value, state, message, reason: 'REASON_INVALID_OFFERS'};
    sendUpdate(context, framework, masterStatus(context, about));
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
  switch (operation.type) {
    case 'LAUNCH':
      return (operation.launch?.task_infos ?? []).reduce(
        (rest, task) => launch(context, framework, agent, role, task, rest),
        left,
      );
    case 'LAUNCH_GROUP':
      for (const task of tasksOf(operation)) {
        refuseTask(context, framework, task, "Task groups are not supported by hw5's lab work-alike of Mesos");
      }
      return left;
    case 'RESERVE':
      return exchange(context, agent, left, unreserved(operation.reserve?.resources), fromWire(operation.reserve?.resources));
    case 'UNRESERVE':
      return exchange(context, agent, left, fromWire(operation.unreserve?.resources), unreserved(operation.unreserve?.resources));
    default:
      context.emit({kind: 'log', message: `operation ${operation.type} of framework ${framework.id} is not supported: dropped`});
      return left;
  }
}

function unreserved(resources: Parameters<typeof fromWire>[0]): Resources {
  return fromWire((resources ?? []).map(({reservations: _, reservation: __, role: ___, ...resource}) => resource));
}

/** RESERVE and UNRESERVE: the agent's total changes; the agent writes it down. Impossible ones are dropped silently, as Mesos does. */
function exchange(context: Context, agent: Agent, left: Resources, take: Resources, give: Resources): Resources {
  const isDynamic = [...give.values(), ...take.values()].every((entry) => entry.reservations.every((r) => r.type === 'DYNAMIC'));
  if (!contains(left, take) || !isDynamic) return left;
  agent.total = add(subtract(agent.total, take), give);
  if (agent.stream !== undefined) {
    const message = {type: 'CHECKPOINT_RESOURCES', total: toWire(agent.total, {isRefined: true})} as const;
    context.emit({kind: 'agent', stream: agent.stream, message});
  }
  return add(subtract(left, take), give);
}

function launch(context: Context, framework: Framework, agent: Agent, role: string, task: TaskInfo, left: Resources): Resources {
  const fault = findTaskFault(task, framework, agent.id, role, left);
  if (fault !== undefined || agent.stream === undefined) {
    refuseTask(context, framework, task, fault ?? 'the agent is disconnected');
    return left;
  }
  const resources = fromWire(task.resources);
  const added = {
    info: task,
    frameworkId: framework.id,
    agentId: agent.id,
    role,
    resources,
    state: 'TASK_STAGING' as const,
    statuses: [],
  };
  framework.tasks.set(task.task_id.value, added);
  const info = {...framework.info, id: {value: framework.id}};
  context.emit({kind: 'agent', stream: agent.stream, message: {type: 'RUN_TASK', framework: info, task, role}});
  return subtract(left, resources);
}

function refuseTask(context: Context, framework: Framework, task: TaskInfo, message: string): void {
  const about = {taskId: task.task_id.value, agentId: task.agent_id.value, message, reason: 'REASON_TASK_INVALID'};
  sendUpdate(context, framework, masterStatus(context, {...about, state: 'TASK_ERROR'}));
}
