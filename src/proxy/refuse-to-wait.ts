import type {Agent, AgentOptions, ClientRequestArgs} from 'node:http';
import type {Socket} from 'node:net';

type Connect = (options: AgentOptions & ClientRequestArgs, callback?: (error: Error | null, socket: Socket) => void) => Socket;

/**
 * Makes requests and web sockets through `agent` fail soon when their target is away, so that the proxy answers 503 instead of hanging:
 *
 * - A target without a route back (its machine lost power, its container is gone) lets SYNs vanish; Linux goes on for two minutes.
 *   Here connecting ends with ETIMEDOUT after `limit` milliseconds. The proxy's own --proxy-timeout would end slow answers too.
 * - No connection is kept for later use: one to a machine that lost power looks alive, and a request sent over it waits for minutes.
 *   A new connection within the cluster costs less than a millisecond.
 */
export function refuseToWait(agent: Agent, limit: number): void {
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

/** The code is the kernel's own: the proxy knows it and logs one line instead of a stack. */
function timedOut({host, port}: ClientRequestArgs, limit: number): Error {
  return Object.assign(new Error(`connect ETIMEDOUT ${host}:${port} (no answer within ${limit} ms)`), {code: 'ETIMEDOUT'});
}
