import {rm} from 'node:fs/promises';
import {createServer, type Server} from 'node:http';

export const RUN_DIRECTORY = '/run/calico';
/** The socket on which the agent reports its node and whether it is synchronised. */
export const AGENT_SOCKET = `${RUN_DIRECTORY}/felix.sock`;

export interface AgentStatus {
  readonly node: string;
  readonly isSynchronised: boolean;
}

/** Serves GET / on a Unix socket. */
export async function serveStatus(socketPath: string, status: () => AgentStatus): Promise<Server> {
  await rm(socketPath, {force: true});
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(status()));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  return server;
}
