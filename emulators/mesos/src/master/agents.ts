import type {AgentMessage, AgentRegistration} from '../common/agent-protocol.js';
import {fromWire} from '../common/resources.js';
import {hasCapability, isTerminal, type TaskState} from '../common/wire.js';
import {allocate} from './allocator.js';
import type {Context} from './context.js';
import {newFramework} from './frameworks.js';
import {rescindOffer} from './offers.js';
import {publishAgentAdded, publishAgentRemoved, publishTaskAdded, publishTaskUpdated} from './operator-events.js';
import type {Agent, Framework, Task} from './state.js';
import {lastKnown, masterStatus, recordStatus, sendEvent, sendUpdate, supportedState} from './statuses.js';
import {completeTask, tasksOn} from './tasks.js';

/** REGISTER: a new agent, one that was disconnected, or one that was registered before this master started. */
export function registerAgent(context: Context, stream: string, registration: AgentRegistration): void {
  const {state} = context;
  const givenId = registration.info.id?.value;
  if (givenId !== undefined && state.gone.has(givenId)) {
    context.emit({kind: 'agent', stream, message: {type: 'SHUTDOWN', message: 'Agent has been marked gone'}});
    context.emit({kind: 'end-stream', stream});
    return;
  }
  const known = givenId === undefined ? undefined : state.agents.get(givenId);
  const agent = known ?? newAgent(context, givenId ?? `${state.id}-S${state.nextAgent++}`, registration);
  if (known?.stream !== undefined) context.emit({kind: 'end-stream', stream: known.stream});
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
    context.emit({kind: 'save-registry'});
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

/**
 * Updates the master's state with the tasks that an agent reports when it registers.
 * @param message sent to the frameworks of running tasks that the master did not know or had marked unreachable
 */
function mergeReportedTasks(context: Context, agent: Agent, registration: AgentRegistration, message: string | undefined): void {
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
  for (const reported of registration.tasks) {
    const framework = state.frameworks.get(reported.framework_id);
    if (!framework) continue;
    const taskId = reported.task.task_id.value;
    const old = framework.tasks.get(taskId);
    if (old) {
      if (old.agentId === agent.id) old.state = reported.state;
      continue;
    }
    framework.unreachableTasks.delete(taskId);
    const isSame = (done: Task): boolean => done.info.task_id.value === taskId && done.agentId === agent.id;
    // The framework has acknowledged that the task terminated, but the agent has not received the acknowledgement yet.
    if (isTerminal(reported.state) && framework.completedTasks.some(isSame)) continue;
    framework.completedTasks = framework.completedTasks.filter((done) => !isSame(done));
    const task: Task = {
      info: reported.task,
      frameworkId: framework.id,
      agentId: agent.id,
      role: reported.role,
      resources: fromWire(reported.task.resources),
      state: reported.state,
      statuses: reported.statuses,
    };
    framework.tasks.set(taskId, task);
    publishTaskAdded(context, task);
    if (message === undefined || isTerminal(reported.state)) continue;
    const status = {taskId, agentId: agent.id, state: reported.state, message, reason: 'REASON_AGENT_REREGISTERED'};
    sendUpdate(context, framework, {...masterStatus(context, status), ...lastKnown(task)});
  }
}

function send(context: Context, agent: Agent, message: AgentMessage): void {
  if (agent.stream !== undefined) context.emit({kind: 'agent', stream: agent.stream, message});
}

/** The stream of an agent broke. Tasks of frameworks without checkpoint are lost immediately, others when the agent misses its pings. */
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
  for (const offer of [...context.state.offers.values()].reverse()) if (offer.agentId === agent.id) rescindOffer(context, offer);
}

function terminateTask(
  context: Context,
  framework: Framework,
  task: Task,
  outcome: {readonly state: TaskState; readonly message: string; readonly reason: string; readonly unreachableSince?: number},
): void {
  completeTask(context, framework, task);
  if (isTerminal(task.state)) return;
  const status = masterStatus(context, {taskId: task.info.task_id.value, agentId: task.agentId, ...outcome});
  task.state = outcome.state;
  recordStatus(task, status);
  publishTaskUpdated(context, task, status);
  sendUpdate(context, framework, status);
}

/** The agent missed too many pings. Its tasks may still be running. */
export function markUnreachable(context: Context, agent: Agent): void {
  const since = context.now();
  for (const framework of context.state.frameworks.values()) {
    const state = supportedState(framework, 'TASK_UNREACHABLE');
    for (const task of tasksOn(framework, agent)) {
      const wasTerminal = isTerminal(task.state);
      terminateTask(context, framework, task, {
        state,
        message: 'health check timed out',
        reason: 'REASON_AGENT_REMOVED',
        unreachableSince: since,
      });
      if (wasTerminal) continue;
      framework.completedTasks = framework.completedTasks.filter((candidate) => candidate !== task);
      framework.unreachableTasks.set(task.info.task_id.value, task);
    }
  }
  context.state.unreachable.set(agent.id, since);
  removeAgent(context, agent);
}

/** UNREGISTER: the agent received SIGUSR1. */
export function unregisterAgent(context: Context, agent: Agent): void {
  const message = `Agent ${agent.info.hostname} removed: the agent unregistered`;
  terminateTasksOn(context, agent, () => ({state: 'TASK_LOST', message, reason: 'REASON_AGENT_REMOVED'}));
  removeAgent(context, agent);
}

/** MARK_AGENT_GONE: an operator declares that the agent will not return. */
export function markGone(context: Context, agentId: string): void {
  const agent = context.state.agents.get(agentId);
  context.state.gone.set(agentId, context.now());
  context.state.unreachable.delete(agentId);
  context.state.recovered.delete(agentId);
  if (!agent) {
    context.emit({kind: 'save-registry'});
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
  outcome: (framework: Framework) => {readonly state: TaskState; readonly message: string; readonly reason: string},
): void {
  for (const framework of context.state.frameworks.values()) {
    for (const task of tasksOn(framework, agent)) terminateTask(context, framework, task, outcome(framework));
  }
}

function removeAgent(context: Context, agent: Agent): void {
  rescindOffers(context, agent);
  context.state.agents.delete(agent.id);
  context.state.filters = context.state.filters.filter((filter) => filter.agentId !== agent.id);
  if (agent.stream !== undefined) context.emit({kind: 'end-stream', stream: agent.stream});
  agent.stream = undefined;
  sendAgentFailure(context, agent.id);
  publishAgentRemoved(context, agent.id);
  context.emit({kind: 'save-registry'});
  context.emit({kind: 'log', message: `agent ${agent.id} (${agent.info.hostname}) removed`});
}

export function sendAgentFailure(context: Context, agentId: string): void {
  for (const framework of context.state.frameworks.values()) {
    sendEvent(context, framework, {type: 'FAILURE', failure: {agent_id: {value: agentId}}});
  }
}

/** Sends a ping, and counts the previous one as missed if it was not answered. */
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
