import type {AgentCall} from '../common/agent-protocol.js';
import {methodNotAllowed, type Reply, type Request} from '../common/http-server.js';
import type {MasterAccess} from './master-access.js';

/**
 * POST /hw5/v1/agent: the calls of agents. The response to REGISTER is a stream, like that to SUBSCRIBE. The other calls carry the stream's id.
 * They are answered with 202, or with 403 when the stream is no longer open, so that the agent registers again. See ../../README.md.
 */
export function agentApi(master: MasterAccess, request: Request): Reply {
  if (request.method !== 'POST') return methodNotAllowed(request.method, 'POST');
  const call = JSON.parse(request.body.toString('utf8')) as AgentCall;
  if (call.type === 'REGISTER') {
    const stream = master.openAgentStream(request.response);
    master.handle({kind: 'agent', stream, call});
    return undefined;
  }
  const stream = request.headers['mesos-stream-id'];
  const isKnown = [...master.context.state.agents.values()].some((agent) => agent.stream === stream);
  if (typeof stream !== 'string' || !isKnown) return {status: 403, text: 'Agent is not registered'};
  master.handle({kind: 'agent', stream, call});
  return {status: 202};
}
