import type {AgentRegistration} from '../common/agent-protocol.js';
import {fromWire} from '../common/resources.js';
import {hasCapability, isTerminal} from '../common/wire.js';
import {allocate} from './allocator.js';
import type {Context} from './context.js';
import {count} from './counters.js';
import {newFramework} from './frameworks.js';
import {publishAgentAdded, publishTaskAdded} from './operator-events.js';
import {sendToAgent, sendUpdate} from './send.js';
import type {Agent, Task} from './state.js';
import {lastKnown, masterStatus} from './statuses.js';
import {tasksOn} from './tasks.js';

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
  count(context, givenId === undefined ? 'master/messages_register_slave' : 'master/messages_reregister_slave');
  count(context, givenId === undefined ? 'master/slave_registrations' : 'master/slave_reregistrations');
  const wasUnreachable = state.unreachable.delete(agent.id);
  const wasRecovered = state.recovered.delete(agent.id);
  state.agents.set(agent.id, agent);
  mergeReportedTasks(
    context,
    agent,
    registration,
    known || wasRecovered ? undefined : wasUnreachable ? 'Unreachable agent re-reregistered' : 'Unknown agent reregistered',
  );
  sendToAgent(context, agent, {
    type: 'REGISTERED',
    agent_id: agent.id,
    master_id: state.id,
    ping_timeout_seconds: context.settings.agentPingTimeout * context.settings.maxAgentPingTimeouts,
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
    sendToAgent(context, agent, {type: 'KILL_TASK', framework_id: framework, task_id: task});
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
      sendToAgent(context, agent, {type: 'SHUTDOWN_FRAMEWORK', framework_id: id});
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
