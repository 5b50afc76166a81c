import {rolesOf} from '../common/wire.js';
import {allocate} from './allocator.js';
import type {SubscribeCall} from './call.js';
import type {Context} from './context.js';
import {count, countCall, dropCounters} from './counters.js';
import {removeOffer, rescindOffer} from './offers.js';
import {publishFrameworkAdded, publishFrameworkRemoved, publishFrameworkUpdated, publishTaskUpdated} from './operator-events.js';
import {sendEvent, sendToAgent} from './send.js';
import type {Framework} from './state.js';
import {masterStatus, recordStatus} from './statuses.js';
import {completeTask} from './tasks.js';
import {validateFramework} from './validate-framework.js';

/**
 * SUBSCRIBE on a stream that is already open. A rejected subscription gets an ERROR event and the end of the stream. If the framework is still
 * connected, it fails over: its old stream gets an ERROR event and is ended.
 */
export function subscribe(context: Context, stream: string, call: SubscribeCall, principal: string | undefined): void {
  const {state} = context;
  const id = call.framework_info.id?.value || undefined;
  const isRemoved = id !== undefined && state.completedFrameworks.some((framework) => framework.id === id);
  const error = validateFramework(call.framework_info) ?? (isRemoved ? 'Framework has been removed' : undefined);
  if (error !== undefined) {
    context.emit({kind: 'event', stream, event: {type: 'ERROR', error: {message: error}}});
    context.emit({kind: 'end-stream', stream});
    return;
  }
  const info = principal === undefined ? call.framework_info : {...call.framework_info, principal};
  const known = id === undefined ? undefined : state.frameworks.get(id);
  const framework = known ? resubscribe(context, known, stream, info) : register(context, id, stream, info);
  framework.suppressed = new Set(call.suppressed_roles ?? []);
  countCall(context, framework, 'SUBSCRIBE');
  count(context, known ? 'master/messages_reregister_framework' : 'master/messages_register_framework');
  const subscribed = {
    framework_id: {value: framework.id},
    heartbeat_interval_seconds: context.settings.heartbeatInterval,
    master_info: context.settings.masterInfo,
  };
  sendEvent(context, framework, {type: 'SUBSCRIBED', subscribed});
  sendEvent(context, framework, {type: 'HEARTBEAT'});
  framework.nextHeartbeat = context.now() + context.settings.heartbeatInterval;
  if (known) {
    publishFrameworkUpdated(context, framework);
    sendFrameworkInfo(context, framework);
  } else publishFrameworkAdded(context, framework);
  allocate(context);
}

function register(context: Context, givenId: string | undefined, stream: string, info: Framework['info']): Framework {
  const {state} = context;
  const id = givenId ?? `${state.id}-${String(state.nextFramework++).padStart(4, '0')}`;
  const framework = newFramework(context, id, info);
  framework.stream = stream;
  // A framework with an id that this master does not know was registered before the master restarted.
  if (givenId !== undefined) framework.reregisteredAt = context.now();
  state.frameworks.set(id, framework);
  return framework;
}

/** Creates a framework that is not connected yet. */
export function newFramework(context: Context, id: string, info: Framework['info']): Framework {
  return {
    id,
    info: {...info, id: {value: id}},
    roles: rolesOf(info),
    suppressed: new Set(),
    stream: undefined,
    isRecovered: false,
    registeredAt: context.now(),
    nextHeartbeat: 0,
    tasks: new Map(),
    unreachableTasks: new Map(),
    completedTasks: [],
  };
}

function resubscribe(context: Context, framework: Framework, stream: string, info: Framework['info']): Framework {
  if (framework.stream !== undefined) {
    sendEvent(context, framework, {type: 'ERROR', error: {message: 'Framework failed over'}});
    context.emit({kind: 'end-stream', stream: framework.stream});
  }
  removeOffersOf(context, framework);
  updateInfo(framework, info);
  framework.stream = stream;
  framework.isRecovered = false;
  framework.removeAt = undefined;
  framework.reregisteredAt = context.now();
  return framework;
}

/** Upstream Mesos keeps `user` and `checkpoint` of the first subscription and ignores those of later ones. */
function updateInfo(framework: Framework, info: Framework['info']): void {
  const {user, checkpoint, principal} = framework.info;
  framework.info = {
    ...info,
    id: {value: framework.id},
    user,
    ...(checkpoint === undefined ? {checkpoint: false} : {checkpoint}),
    ...(principal === undefined ? {} : {principal}),
  };
  framework.roles = rolesOf(info);
}

/** UPDATE_FRAMEWORK, already validated: rescinds the offers in roles that the framework has left. */
export function updateFramework(context: Context, framework: Framework, call: SubscribeCall): void {
  updateInfo(framework, call.framework_info);
  framework.suppressed = new Set(call.suppressed_roles ?? []);
  for (const offer of context.state.offers.values()) {
    if (offer.frameworkId === framework.id && !framework.roles.includes(offer.role)) rescindOffer(context, offer);
  }
  publishFrameworkUpdated(context, framework);
  sendFrameworkInfo(context, framework);
  allocate(context);
}

/** Sends the FrameworkInfo to all agents. They store it and repeat the updates that the framework has not acknowledged. */
function sendFrameworkInfo(context: Context, framework: Framework): void {
  for (const agent of context.state.agents.values()) {
    sendToAgent(context, agent, {type: 'UPDATE_FRAMEWORK', framework: framework.info});
  }
}

function removeOffersOf(context: Context, framework: Framework): void {
  for (const offer of context.state.offers.values()) if (offer.frameworkId === framework.id) removeOffer(context, offer);
}

/** The stream of a framework broke. It is removed if it does not subscribe again within its failover_timeout. */
export function disconnectFramework(context: Context, stream: string): void {
  const framework = [...context.state.frameworks.values()].find((candidate) => candidate.stream === stream);
  if (!framework) return;
  framework.stream = undefined;
  removeOffersOf(context, framework);
  dropFilters(context, framework);
  const timeout = framework.info.failover_timeout ?? 0;
  if (timeout === 0) removeFramework(context, framework);
  else framework.removeAt = context.now() + timeout;
}

/** TEARDOWN, or the failover_timeout expired: agents kill the framework's tasks, and its id cannot be used again. */
export function removeFramework(context: Context, framework: Framework): void {
  removeOffersOf(context, framework);
  dropFilters(context, framework);
  if (framework.stream !== undefined) context.emit({kind: 'end-stream', stream: framework.stream});
  framework.stream = undefined;
  for (const task of [...framework.tasks.values(), ...framework.unreachableTasks.values()]) {
    const details = {taskId: task.info.task_id.value, agentId: task.agentId, state: 'TASK_KILLED' as const};
    const message = `Framework ${framework.id} removed`;
    const status = masterStatus(context, {...details, message, reason: 'REASON_FRAMEWORK_REMOVED'});
    recordStatus(task, status);
    task.state = 'TASK_KILLED';
    publishTaskUpdated(context, task, status);
    completeTask(context, framework, task);
  }
  for (const agent of context.state.agents.values()) {
    sendToAgent(context, agent, {type: 'SHUTDOWN_FRAMEWORK', framework_id: framework.id});
  }
  framework.unregisteredAt = context.now();
  publishFrameworkRemoved(context, framework);
  dropCounters(context, framework);
  context.state.frameworks.delete(framework.id);
  context.state.completedFrameworks = [...context.state.completedFrameworks, framework].slice(
    -context.settings.maxCompletedFrameworks,
  );
}

function dropFilters(context: Context, framework: Framework): void {
  context.state.filters = context.state.filters.filter((filter) => filter.frameworkId !== framework.id);
}

/** REVIVE: clears the filters and the suppression of roles, and makes offers immediately. */
export function revive(context: Context, framework: Framework, roles: readonly string[]): void {
  const revived = new Set((roles.length > 0 ? roles : framework.roles).filter((role) => framework.roles.includes(role)));
  for (const role of revived) framework.suppressed.delete(role);
  context.state.filters = context.state.filters.filter(
    (filter) => filter.frameworkId !== framework.id || !revived.has(filter.role),
  );
  allocate(context);
}

/** SUPPRESS: makes no more offers for these roles. Outstanding offers stay valid. */
export function suppress(framework: Framework, roles: readonly string[]): void {
  for (const role of roles.length > 0 ? roles : framework.roles)
    if (framework.roles.includes(role)) framework.suppressed.add(role);
}
