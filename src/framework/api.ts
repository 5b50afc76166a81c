import {chmod, mkdir, rm} from 'node:fs/promises';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {dirname} from 'node:path';
import {ConfigError, Hw5Error} from '../support/errors.js';
import {messageOf} from './client.js';
import {parseTasks} from './config.js';
import type {Instance} from './instance.js';

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Serves the control API on a unix socket that only root may open:
 * GET /v1/state, GET /v1/why/<task>, POST /v1/tasks/<task>/{restart,kill,release}, PUT /v1/desired (a list of tasks).
 * Any instance answers; what only the leader can do is handed to it through the store.
 */
export async function serveApi(
  instance: Pick<Instance, 'state' | 'why' | 'command'>,
  socket: string,
  now: () => number,
): Promise<Server> {
  await mkdir(dirname(socket), {recursive: true, mode: 0o755});
  // Left behind by a killed predecessor: listen() would fail on it.
  await rm(socket, {force: true});
  const server = createServer((request, response) => {
    answer(instance, request, now).then(
      ({status, body}) => reply(response, status, body),
      (error: unknown) =>
        reply(response, error instanceof ConfigError ? 400 : error instanceof Hw5Error ? 503 : 500, {error: messageOf(error)}),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  await chmod(socket, 0o600);
  return server;
}

async function answer(
  instance: Pick<Instance, 'state' | 'why' | 'command'>,
  request: IncomingMessage,
  now: () => number,
): Promise<{status: number; body: unknown}> {
  const path = new URL(request.url ?? '/', 'http://socket').pathname;
  const [version, noun, name, verb, ...more] = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const route =
    version !== 'v1' || more.length > 0
      ? ''
      : `${request.method} ${noun} ${[name, verb].filter((part) => part !== undefined).length}`;
  switch (route) {
    case 'GET state 0':
      return {status: 200, body: await instance.state()};
    case 'GET why 1': {
      const lines = await instance.why(name!);
      return lines === undefined
        ? {status: 404, body: {error: `there is no task ${name}`}}
        : {status: 200, body: {name, why: lines}};
    }
    case 'POST tasks 2': {
      if (verb !== 'restart' && verb !== 'kill' && verb !== 'release') break;
      const result = await instance.command({action: verb, name: name!, at: now()});
      return {status: result.ok ? 202 : 409, body: result};
    }
    case 'PUT desired 0': {
      const body = await readJson(request);
      const tasks = parseTasks((body as {tasks?: unknown}).tasks ?? body, 'PUT /v1/desired');
      const result = await instance.command({action: 'desired', tasks, at: now()});
      return {status: result.ok ? 202 : 409, body: result};
    }
  }
  return {status: 404, body: {error: `there is no ${request.method} ${path}`}};
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) throw new ConfigError('the body is too large', {file: 'the request'});
    chunks.push(chunk as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new ConfigError(`the body is not JSON: ${messageOf(cause)}`, {file: 'the request'}, {cause});
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {'Content-Type': 'application/json'});
  response.end(`${JSON.stringify(body)}\n`);
}
