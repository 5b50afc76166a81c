import {request} from 'node:http';
import {reasonOf} from '../log.js';

const DOCKER_SOCKET = '/var/run/docker.sock';

/** Returns the name of the Docker network with that id. @throws Error with the message of Docker's client */
export type NetworkName = (networkId: string) => Promise<string>;

/**
 * Queries dockerd, as upstream's plugin does, without a limit of time. While dockerd starts it does not reply: a container with a restart policy
 * that it starts itself waits for this plugin, and this plugin for dockerd.
 */
export const inspectNetwork: NetworkName = async (networkId) => {
  const {status, body} = await get(`/v1.24/networks/${encodeURIComponent(networkId)}`).catch((error: unknown) => {
    throw new Error(`Cannot connect to the Docker daemon. Is the docker daemon running on this host? (${reasonOf(error)})`);
  });
  if (status === 404) throw new Error(`Error: No such network: ${networkId}`);
  if (status !== 200) throw new Error(`Error response from daemon: ${body.trim()}`);
  return (JSON.parse(body) as {Name: string}).Name;
};

function get(path: string): Promise<{status: number; body: string}> {
  return new Promise((resolve, reject) => {
    const outgoing = request({socketPath: DOCKER_SOCKET, path, headers: {host: 'docker'}, agent: false}, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString()}));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
