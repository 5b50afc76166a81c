import type {AgentMessage} from '../common/agent-protocol.js';
import type {TaskStatus} from '../common/wire.js';
import type {Context} from './context.js';
import {countOf} from './counters.js';
import type {Agent, Framework} from './state.js';

/** Sends an UPDATE, unless the framework is disconnected. Agents repeat their updates until they are acknowledged. */
export function sendUpdate(context: Context, framework: Framework, status: TaskStatus): void {
  sendEvent(context, framework, {type: 'UPDATE', update: {status}});
}

/** Sends an event, unless the framework is disconnected. */
export function sendEvent(context: Context, framework: Framework, event: object): void {
  if (framework.stream === undefined) return;
  countOf(context, framework, 'events', (event as {readonly type: string}).type);
  context.emit({kind: 'event', stream: framework.stream, event});
}

/** Sends a message, unless the agent is disconnected. */
export function sendToAgent(context: Context, agent: Agent, message: AgentMessage): void {
  if (agent.stream !== undefined) context.emit({kind: 'agent', stream: agent.stream, message});
}
