import {hasCapability, isTerminal, type TaskState} from '../common/wire.js';
import type {Context} from './context.js';
import {count} from './counters.js';
import {rescindOffer} from './offers.js';
import {publishAgentRemoved, publishTaskUpdated} from './operator-events.js';
import {sendEvent, sendToAgent, sendUpdate} from './send.js';
import type {Agent, Framework, Task} from './state.js';
import {masterStatus, recordStatus, supportedState} from './statuses.js';
import {completeTask, tasksOn} from './tasks.js';

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
  count(context, 'master/slave_unreachable_scheduled');
  count(context, 'master/slave_unreachable_completed');
  count(context, 'master/slave_removals/reason_unhealthy');
  removeAgent(context, agent);
}

/** UNREGISTER: the agent received SIGUSR1. */
export function unregisterAgent(context: Context, agent: Agent): void {
  const message = `Agent ${agent.info.hostname} removed: the agent unregistered`;
  terminateTasksOn(context, agent, () => ({state: 'TASK_LOST', message, reason: 'REASON_AGENT_REMOVED'}));
  count(context, 'master/messages_unregister_slave');
  count(context, 'master/slave_removals/reason_unregistered');
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
  sendToAgent(context, agent, {type: 'SHUTDOWN', message});
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
  count(context, 'master/slave_removals');
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
  sendToAgent(context, agent, {type: 'PING'});
  agent.nextPing = context.now() + agentPingTimeout;
}
