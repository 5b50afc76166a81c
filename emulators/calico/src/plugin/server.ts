import {mkdir, rm} from 'node:fs/promises';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {dirname} from 'node:path';
import {type Log, reasonOf} from '../log.js';
import type {Body, Handlers} from './protocol.js';

export const NETWORK_SOCKET = '/run/docker/plugins/calico.sock';
export const IPAM_SOCKET = '/run/docker/plugins/calico-ipam.sock';
const CONTENT_TYPE = 'application/vnd.docker.plugins.v1.1+json';

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

async function serve(request: IncomingMessage, response: ServerResponse, handlers: Handlers, log: Log): Promise<void> {
  const name = (request.url ?? '/').slice(1);
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (handler === undefined || request.method !== 'POST') {
    response.statusCode = 404;
    response.end('404 page not found\n');
    return;
  }
  const started = performance.now();
  const send = (status: number, body: object) => {
    response.statusCode = status;
    response.setHeader('content-type', CONTENT_TYPE);
    response.end(`${JSON.stringify(body)}\n`);
  };
  try {
    const reply = await handler(await readBody(request));
    log.info(`${name} (${Math.round(performance.now() - started)} ms)`);
    send(200, reply);
  } catch (error) {
    log.warn(`${name}: ${reasonOf(error)}`);
    send(500, {Err: reasonOf(error)});
  }
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  const parsed: unknown = body.trim() === '' ? {} : JSON.parse(body);
  return typeof parsed === 'object' && parsed !== null ? (parsed as Body) : {};
}
