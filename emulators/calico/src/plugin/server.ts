import {mkdir, rm} from 'node:fs/promises';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {dirname} from 'node:path';
import {type Log, reasonOf} from '../log.js';
import {decodeBody, NotJsonError} from './decode.js';
import {type Body, type Handlers, NoReplyError} from './protocol.js';

export const NETWORK_SOCKET = '/run/docker/plugins/calico.sock';
export const IPAM_SOCKET = '/run/docker/plugins/calico-ipam.sock';
const CONTENT_TYPE = 'application/vnd.docker.plugins.v1.1+json';
/** The calls of which Docker's helper library does not read the body; of all others it must be JSON. */
const WITHOUT_BODY = /^Plugin\.Activate$|\.(GetCapabilities|GetDefaultAddressSpaces)$/;

/** Serves a Docker plugin (protocol v1) on a Unix socket. A socket of an earlier run at that path is replaced. */
export async function servePlugin(socketPath: string, handlers: Handlers, log: Log): Promise<Server> {
  await mkdir(dirname(socketPath), {recursive: true});
  await rm(socketPath, {force: true});
  const server = createServer((request, response) => void serve(request, response, handlers, log));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  return server;
}

/** As Go's mux, any method is accepted. */
async function serve(request: IncomingMessage, response: ServerResponse, handlers: Handlers, log: Log): Promise<void> {
  const name = (request.url ?? '/').split('?')[0]?.slice(1) ?? '';
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (handler === undefined) return plain(response, 404, '404 page not found');
  const started = performance.now();
  const send = (status: number, body: object | null) => {
    response.statusCode = status;
    response.setHeader('content-type', CONTENT_TYPE);
    response.end(`${JSON.stringify(body)}\n`);
  };
  try {
    const reply = await handler(await readBody(request, name));
    log.info(`${name} (${Math.round(performance.now() - started)} ms)`);
    send(200, reply);
  } catch (error) {
    log.warn(`${name}: ${reasonOf(error)}`);
    if (error instanceof NoReplyError) request.socket.destroy();
    else if (error instanceof NotJsonError) plain(response, 400, error.message);
    else send(500, {Err: reasonOf(error)});
  }
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.setHeader('x-content-type-options', 'nosniff');
  response.end(`${text}\n`);
}

async function readBody(request: IncomingMessage, name: string): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return WITHOUT_BODY.test(name) ? {} : decodeBody(Buffer.concat(chunks).toString());
}
