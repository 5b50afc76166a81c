import type {AgentCall} from '../common/agent-protocol.js';
import {isTerminal} from '../common/wire.js';
import {accept, decline} from './accept.js';
import {registerAgent} from './agent-registration.js';
import {disconnectAgent, markGone, pingAgent, sendAgentFailure, unregisterAgent} from './agents.js';
import {allocate} from './allocator.js';
import type {Call} from './call.js';
import type {Context} from './context.js';
import {countCall} from './counters.js';
import {disconnectFramework, removeFramework, revive, subscribe, suppress, updateFramework} from './frameworks.js';
import {rescindOffer} from './offers.js';
import {sendOperationStatus} from './operation-status.js';
import {sendOperatorHeartbeats, subscribeOperator} from './operator-events.js';
import {reconcile, reconcileTask} from './reconcile.js';
import {type Conversion, convertForOperator} from './reservations.js';
import {sendEvent, sendToAgent} from './send.js';
import type {Agent, Framework} from './state.js';
import {acknowledge, forwardUpdate} from './tasks.js';

/**
 * Everything that can happen to the master. The state machine does no IO: it changes `context.state` and emits effects. Tests drive it with
 * a clock of their own.
 */
export type Input =
  | {readonly kind: 'subscribe'; readonly stream: string; readonly call: Call; readonly principal?: string | undefined}
  /** Any other scheduler call of a connected framework. */
  | {readonly kind: 'call'; readonly framework: Framework; readonly call: Call}
  | {readonly kind: 'agent'; readonly stream: string; readonly call: AgentCall}
  /** A stream of a framework or an agent broke. */
  | {readonly kind: 'closed'; readonly stream: string}
  /** An operator subscribes to the events of the operator API. */
  | {readonly kind: 'operator-subscribe'; readonly stream: string}
  | {readonly kind: 'mark-gone'; readonly agentId: string}
  /** An operator reserves or unreserves unused resources; already validated. */
  | {readonly kind: 'convert'; readonly agent: Agent; readonly conversion: Conversion}
  /** An operator tears down a framework. */
  | {readonly kind: 'teardown'; readonly framework: Framework}
  /** Time has passed: do what is due. */
  | {readonly kind: 'tick'};

/** Handles one input. */
export function handle(context: Context, input: Input): void {
  switch (input.kind) {
    case 'subscribe':
      subscribe(context, input.stream, input.call.subscribe!, input.principal);
      break;
    case 'call':
      handleCall(context, input.framework, input.call);
      break;
    case 'agent':
      handleAgent(context, input.stream, input.call);
      break;
    case 'closed':
      disconnectFramework(context, input.stream);
      disconnectAgent(context, input.stream);
      context.state.operators.delete(input.stream);
      break;
    case 'operator-subscribe':
      subscribeOperator(context, input.stream);
      break;
    case 'mark-gone':
      markGone(context, input.agentId);
      break;
    case 'convert':
      convertForOperator(context, input.agent, input.conversion);
      allocate(context);
      break;
    case 'teardown':
      removeFramework(context, input.framework);
      break;
    case 'tick':
      tick(context);
      break;
  }
}

function handleCall(context: Context, framework: Framework, call: Call): void {
  countCall(context, framework, call.type);
  switch (call.type) {
    case 'ACCEPT':
      accept(context, framework, call.accept!);
      break;
    case 'DECLINE':
      decline(
        context,
        framework,
        (call.decline?.offer_ids ?? []).map((id) => id.value),
        call.decline?.filters?.refuse_seconds,
      );
      break;
    case 'REVIVE':
      revive(context, framework, call.revive?.roles ?? []);
      break;
    case 'SUPPRESS':
      suppress(framework, call.suppress?.roles ?? []);
      break;
    case 'KILL':
      kill(context, framework, call.kill!);
      break;
    case 'ACKNOWLEDGE': {
      const {agent_id, task_id, uuid} = call.acknowledge!;
      acknowledge(context, framework, {agentId: agent_id.value, taskId: task_id.value, uuid});
      break;
    }
    case 'RECONCILE':
      reconcile(context, framework, call.reconcile?.tasks ?? []);
      break;
    case 'RECONCILE_OPERATIONS':
      for (const {operation_id: id, agent_id: agent} of call.reconcile_operations?.operations ?? []) {
        const message = 'Reconciliation: Operation is unknown';
        sendOperationStatus(context, framework, {id}, 'OPERATION_UNKNOWN', {message, agentId: agent?.value});
      }
      break;
    case 'TEARDOWN':
      removeFramework(context, framework);
      break;
    case 'UPDATE_FRAMEWORK':
      updateFramework(context, framework, call.update_framework!);
      break;
    default:
      // MESSAGE and SHUTDOWN are for custom executors. REQUEST is ignored by upstream's allocator, too. The others concern inverse offers and
      // operation statuses that need an acknowledgement, neither of which this master sends.
      context.emit({kind: 'log', message: `call ${call.type} of framework ${framework.id} has no effect`});
  }
}

/** KILL. For an unknown task, the framework gets the same update as for RECONCILE. */
function kill(context: Context, framework: Framework, call: NonNullable<Call['kill']>): void {
  const task = framework.tasks.get(call.task_id.value);
  if (!task) {
    reconcileTask(context, framework, call);
    return;
  }
  if (call.agent_id !== undefined && call.agent_id.value !== task.agentId) return;
  const agent = context.state.agents.get(task.agentId);
  if (!agent || isTerminal(task.state)) return;
  if (agent.stream === undefined) {
    agent.pendingKills.push([framework.id, call.task_id.value]);
    return;
  }
  const policy = call.kill_policy === undefined ? {} : {kill_policy: call.kill_policy};
  sendToAgent(context, agent, {type: 'KILL_TASK', framework_id: framework.id, task_id: call.task_id.value, ...policy});
}

function handleAgent(context: Context, stream: string, call: AgentCall): void {
  if (call.type === 'REGISTER') {
    registerAgent(context, stream, call.register);
    return;
  }
  const agent = [...context.state.agents.values()].find((candidate) => candidate.stream === stream);
  if (!agent) return;
  if (call.type === 'PONG') agent.isPongPending = false;
  else if (call.type === 'UPDATE') forwardUpdate(context, agent, call.framework_id, call.status, call.latest_state);
  else unregisterAgent(context, agent);
}

function tick(context: Context): void {
  const {state, settings} = context;
  const now = context.now();
  for (const framework of [...state.frameworks.values()]) {
    if (framework.stream !== undefined && framework.nextHeartbeat <= now) {
      sendEvent(context, framework, {type: 'HEARTBEAT'});
      framework.nextHeartbeat += settings.heartbeatInterval;
    }
    if (framework.stream === undefined && framework.removeAt !== undefined && framework.removeAt <= now)
      removeFramework(context, framework);
  }
  sendOperatorHeartbeats(context);
  for (const agent of [...state.agents.values()]) if (agent.nextPing <= now) pingAgent(context, agent);
  for (const [id, agent] of [...state.recovered]) {
    if (agent.until > now) continue;
    state.recovered.delete(id);
    state.unreachable.set(id, now);
    sendAgentFailure(context, id);
    context.emit({kind: 'save-registry'});
  }
  for (const offer of [...state.offers.values()]) {
    if (offer.expiresAt !== undefined && offer.expiresAt <= now) rescindOffer(context, offer);
  }
  if (state.nextAllocation > now) return;
  state.filters = state.filters.filter((filter) => filter.until > now);
  allocate(context);
  state.nextAllocation = now + settings.allocationInterval;
}
