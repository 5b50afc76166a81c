import type {AgentMessage, AgentRegistration} from '../common/agent-protocol.js';
import {fromWire} from '../common/resources.js';
import {hasCapability, isTerminal, type TaskState} from '../common/wire.js';
import {allocate} from './allocator.js';
import type {Context} from './context.js';
import {newFramework} from './frameworks.js';
import {removeOffer} from './offers.js';
import {publishAgentAdded, publishAgentRemoved, publishTaskAdded, publishTaskUpdated} from './operator-events.js';
import type {Agent, Framework, Task} from './state.js';
import {lastKnown, masterStatus, recordStatus, sendEvent, sendUpdate, supportedState} from './statuses.js';
import {completeTask, tasksOn} from './tasks.js';

/** An agent opens its stream: a new one, one that was away, or one from before this master's start. */
export function registerAgent(context: Context, stream: string, registration: AgentRegistration): void {
  const {state} = context;
  const givenId = registration.info.id?.value;
  if (givenId !== undefined && state.gone.has(givenId)) {
    context.emit({kind: 'agent', stream, message: {type: 'SHUTDOWN', message: 'Agent has been marked gone'}});
    context.emit({kind: 'end', stream});
    return;
  }
  const known = givenId === undefined ? undefined : state.agents.get(givenId);
  const agent = known ?? newAgent(context, givenId ?? `${state.id}-S${state.nextAgent++}`, registration);
  if (known?.stream !== undefined) context.emit({kind: 'end', stream: known.stream});
  agent.stream = stream;
  agent.info = {...registration.info, id: {value: agent.id}};
  agent.ip = registration.ip;
  agent.total = fromWire(registration.total);
  agent.nextPing = context.now() + context.settings.agentPingTimeout;
  agent.isPongPending = false;
  agent.missedPings = 0;
  if (known || givenId !== undefined) agent.reregisteredAt = context.now();
  const wasUnreachable = state.unreachable.delete(agent.id);
  const wasRecovered = state.recovered.delete(agent.id);
  state.agents.set(agent.id, agent);
  mergeReportedTasks(
    context,
    agent,
    registration,
    known || wasRecovered ? undefined : wasUnreachable ? 'Unreachable agent re-reregistered' : 'Unknown agent reregistered',
  );
  send(context, agent, {
    type: 'REGISTERED',
    agent_id: agent.id,
    master_id: state.id,
    stream_timeout_seconds: context.settings.agentPingTimeout * (context.settings.maxAgentPingTimeouts + 1),
    tasks: [...state.frameworks.values()].flatMap((framework) =>
      tasksOn(framework, agent).map((task) => ({
        framework_id: framework.id,
        task_id: task.info.task_id.value,
        is_partition_aware: hasCapability(framework.info, 'PARTITION_AWARE'),
      })),
    ),
  });
  for (const [framework, task] of agent.pendingKills.splice(0)) {
    send(context, agent, {type: 'KILL_TASK', framework_id: framework, task_id: task});
  }
  if (!known) {
    publishAgentAdded(context, agent);
    context.emit({kind: 'registry'});
  }
  context.emit({kind: 'log', message: `agent ${agent.id} at ${agent.ip}:${agent.info.port} (${agent.info.hostname}) registered`});
  allocate(context);
}

function newAgent(context: Context, id: string, registration: AgentRegistration): Agent {
  return {
    id,
    info: registration.info,
    ip: registration.ip,
    total: new Map(),
    version: registration.version,
    stream: undefined,
    registeredAt: context.now(),
    nextPing: 0,
    isPongPending: false,
    missedPings: 0,
    pendingKills: [],
  };
}

/** Brings the master's picture in line with the tasks an agent came back with. `news` is told to the frameworks of those that run. */
function mergeReportedTasks(context: Context, agent: Agent, registration: AgentRegistration, news: string | undefined): void {
  const {state} = context;
  for (const info of registration.frameworks) {
    const id = info.id!.value;
    if (state.completedFrameworks.some((framework) => framework.id === id)) {
      send(context, agent, {type: 'SHUTDOWN_FRAMEWORK', framework_id: id});
    } else if (!state.frameworks.has(id)) {
      const framework = newFramework(context, id, info);
      framework.isRecovered = true;
      framework.removeAt = context.now() + Math.max(info.failover_timeout ?? 0, context.settings.agentReregisterTimeout);
      state.frameworks.set(id, framework);
    }
  }
  for (const given of registration.tasks) {
    const framework = state.frameworks.get(given.framework_id);
    if (!framework) continue;
    const taskId = given.task.task_id.value;
    const old = framework.tasks.get(taskId);
    if (old) {
      if (old.agentId === agent.id) old.state = given.state;
      continue;
    }
    framework.unreachableTasks.delete(taskId);
    const isThis = (done: Task): boolean => done.info.task_id.value === taskId && done.agentId === agent.id;
    // Its end was acknowledged here, the agent did not hear of that yet.
    if (isTerminal(given.state) && framework.completedTasks.some(isThis)) continue;
    framework.completedTasks = framework.completedTasks.filter((done) => !isThis(done));
    const task: Task = {
      info: given.task,
      frameworkId: framework.id,
      agentId: agent.id,
      role: given.role,
      resources: fromWire(given.task.resources),
      state: given.state,
      statuses: given.statuses,
    };
    framework.tasks.set(taskId, task);
    publishTaskAdded(context, task);
    if (news === undefined || isTerminal(given.state)) continue;
    const about = {taskId, agentId: agent.id, state: given.state, message: news, reason: 'REASON_AGENT_REREGISTERED'};
    sendUpdate(context, framework, {...masterStatus(context, about), ...lastKnown(task)});
  }
}

function send(context: Context, agent: Agent, message: AgentMessage): void {
  if (agent.stream !== undefined) context.emit({kind: 'agent', stream: agent.stream, message});
}

/** Its connection is gone. Tasks of frameworks without checkpoint are lost at once; the others wait for the pings to run out. */
export function disconnectAgent(context: Context, stream: string): void {
  const agent = [...context.state.agents.values()].find((candidate) => candidate.stream === stream);
  if (!agent) return;
  agent.stream = undefined;
  context.emit({kind: 'log', message: `agent ${agent.id} (${agent.info.hostname}) disconnected`});
  rescindOffers(context, agent);
  const message = `Agent ${agent.info.hostname} disconnected`;
  for (const framework of context.state.frameworks.values()) {
    if (framework.info.checkpoint) continue;
    for (const task of tasksOn(framework, agent)) {
      terminateTask(context, framework, task, {state: 'TASK_LOST', message, reason: 'REASON_AGENT_DISCONNECTED'});
    }
  }
}

function rescindOffers(context: Context, agent: Agent): void {
  for (const offer of [...context.state.offers.values()].reverse())
    if (offer.agentId === agent.id) removeOffer(context, offer, true);
}

function terminateTask(
  context: Context,
  framework: Framework,
  task: Task,
  how: {readonly state: TaskState; readonly message: string; readonly reason: string; readonly unreachableSince?: number},
): void {
  completeTask(context, framework, task);
  if (isTerminal(task.state)) return;
  const status = masterStatus(context, {taskId: task.info.task_id.value, agentId: task.agentId, ...how});
  task.state = how.state;
  recordStatus(task, status);
  publishTaskUpdated(context, task, status);
  sendUpdate(context, framework, status);
}

/** The pings ran out: what ran there may still run, nobody knows. */
export function markUnreachable(context: Context, agent: Agent): void {
  const since = context.now();
  for (const framework of context.state.frameworks.values()) {
    const state = supportedState(framework, 'TASK_UNREACHABLE');
    for (const task of tasksOn(framework, agent)) {
      const wasOver = isTerminal(task.state);
      terminateTask(context, framework, task, {
        state,
        message: 'health check timed out',
        reason: 'REASON_AGENT_REMOVED',
        unreachableSince: since,
      });
      if (wasOver) continue;
      framework.completedTasks = framework.completedTasks.filter((candidate) => candidate !== task);
      framework.unreachableTasks.set(task.info.task_id.value, task);
    }
  }
  context.state.unreachable.set(agent.id, since);
  removeAgent(context, agent);
}

/** SIGUSR1 at the agent: it says goodbye. */
export function unregisterAgent(context: Context, agent: Agent): void {
  const message = `Agent ${agent.info.hostname} removed: the agent unregistered`;
  terminateTasksOn(context, agent, () => ({state: 'TASK_LOST', message, reason: 'REASON_AGENT_REMOVED'}));
  removeAgent(context, agent);
}

/** The operator says that it will never come back. */
export function markGone(context: Context, agentId: string): void {
  const agent = context.state.agents.get(agentId);
  context.state.gone.set(agentId, context.now());
  context.state.unreachable.delete(agentId);
  context.state.recovered.delete(agentId);
  if (!agent) {
    context.emit({kind: 'registry'});
    return;
  }
  const message = 'Agent has been marked gone';
  terminateTasksOn(context, agent, (framework) =>
    hasCapability(framework.info, 'PARTITION_AWARE')
      ? {state: 'TASK_GONE_BY_OPERATOR', message, reason: 'REASON_AGENT_REMOVED_BY_OPERATOR'}
      : {state: 'TASK_LOST', message, reason: 'REASON_AGENT_REMOVED'},
  );
  send(context, agent, {type: 'SHUTDOWN', message});
  removeAgent(context, agent);
}

function terminateTasksOn(
  context: Context,
  agent: Agent,
  how: (framework: Framework) => {readonly state: TaskState; readonly message: string; readonly reason: string},
): void {
  for (const framework of context.state.frameworks.values()) {
    for (const task of tasksOn(framework, agent)) terminateTask(context, framework, task, how(framework));
  }
}

function removeAgent(context: Context, agent: Agent): void {
  rescindOffers(context, agent);
  context.state.agents.delete(agent.id);
  context.state.filters = context.state.filters.filter((refused) => refused.agentId !== agent.id);
  if (agent.stream !== undefined) context.emit({kind: 'end', stream: agent.stream});
  agent.stream = undefined;
  sendAgentFailure(context, agent.id);
  publishAgentRemoved(context, agent.id);
  context.emit({kind: 'registry'});
  context.emit({kind: 'log', message: `agent ${agent.id} (${agent.info.hostname}) removed`});
}

export function sendAgentFailure(context: Context, agentId: string): void {
  for (const framework of context.state.frameworks.values()) {
    sendEvent(context, framework, {type: 'FAILURE', failure: {agent_id: {value: agentId}}});
  }
}

/** Sends the ping that is due, or counts the one that was not answered. */
export function pingAgent(context: Context, agent: Agent): void {
  const {agentPingTimeout, maxAgentPingTimeouts} = context.settings;
  if (agent.isPongPending || agent.stream === undefined) agent.missedPings++;
  else agent.missedPings = 0;
  if (agent.missedPings >= maxAgentPingTimeouts) {
    markUnreachable(context, agent);
    return;
  }
  agent.isPongPending = agent.stream !== undefined;
  send(context, agent, {type: 'PING'});
  agent.nextPing = context.now() + agentPingTimeout;
}
