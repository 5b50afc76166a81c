import type {Agent, AgentOptions, ClientRequestArgs} from 'node:http';
import type {Socket} from 'node:net';

type Connect = (options: AgentOptions & ClientRequestArgs, callback?: (error: Error | null, socket: Socket) => void) => Socket;

/**
 * Makes requests and web sockets through `agent` fail soon when their target is unreachable, so that the proxy answers 503 and does not hang:
 *
 * - A target without a route back (its machine lost power, its container was removed) does not answer SYNs, which Linux repeats for two
 *   minutes. Here connecting fails with ETIMEDOUT after `limit` milliseconds. The proxy's own --proxy-timeout would also end slow answers.
 * - No connection is reused: one to a machine that lost power seems alive, and a request sent over it waits for minutes.
 *   A new connection within the cluster takes less than a millisecond.
 */
export function limitConnectTime(agent: Agent, limit: number): void {
  agent.maxFreeSockets = 0;
  // Documented for custom agents and present since Node 0.11, but missing in @types/node 20's Agent.
  const own = agent as unknown as {createConnection: Connect};
  const connect = own.createConnection;
  own.createConnection = (options, callback) => {
    const socket = connect.call(agent, options, callback);
    if (!socket.connecting) return socket;
    const timer = setTimeout(() => socket.destroy(timedOut(options, limit)), limit);
    const settled = () => clearTimeout(timer);
    socket.once('connect', settled);
    socket.once('close', settled);
    return socket;
  };
}

/** With the error code of the kernel, for which the proxy logs one line without a stack. */
function timedOut({host, port}: ClientRequestArgs, limit: number): Error {
  return Object.assign(new Error(`connect ETIMEDOUT ${host}:${port} (no answer within ${limit} ms)`), {code: 'ETIMEDOUT'});
}
