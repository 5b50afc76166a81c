import {chmod, mkdir, rm} from 'node:fs/promises';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {dirname} from 'node:path';
import type * as z from 'zod';
import {failure, reply, taskAction, taskReasons} from '../scheduler-api/commands.js';
import {DESIRED_PATH, STATE_PATH, taskActionPath, whyPath} from '../scheduler-api/endpoints.js';
import {schedulerState} from '../scheduler-api/state.js';
import {ConfigError, Hw5Error} from '../support/errors.js';
import {parseTasks} from './config.js';
import type {Instance} from './instance.js';
import {messageOf} from './message-of.js';

const MAX_BODY_BYTES = 1024 * 1024;

type Served = Pick<Instance, 'state' | 'why' | 'command'>;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** An answer whose body follows the contract. A body that does not is an error of this program, answered with 500. */
function answerWith<S extends z.ZodType>(status: number, schema: S, body: z.input<S>): Answer {
  return {status, body: schema.parse(body)};
}

/**
 * Serves the control API (src/scheduler-api) on a unix socket that only root may open.
 * Every instance answers; what only the leader can do is passed to it through the key-value store.
 */
export async function serveApi(instance: Served, socket: string, now: () => number): Promise<Server> {
  await mkdir(dirname(socket), {recursive: true, mode: 0o755});
  // A predecessor that was killed leaves its socket, on which listen() would fail.
  await rm(socket, {force: true});
  const server = createServer((request, response) => {
    answer(instance, request, now).then(
      (result) => send(response, result),
      (error: unknown) => {
        const status = error instanceof ConfigError ? 400 : error instanceof Hw5Error ? 503 : 500;
        send(response, answerWith(status, failure, {error: messageOf(error)}));
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  await chmod(socket, 0o600);
  return server;
}

async function answer(instance: Served, request: IncomingMessage, now: () => number): Promise<Answer> {
  const path = new URL(request.url ?? '/', 'http://socket').pathname;
  if (request.method === 'GET' && path === STATE_PATH) return answerWith(200, schedulerState, await instance.state());
  const task = taskIn(path);
  if (request.method === 'GET' && task !== undefined && path === whyPath(task)) {
    const why = await instance.why(task);
    return why === undefined
      ? answerWith(404, failure, {error: `there is no task ${task}`})
      : answerWith(200, taskReasons, {name: task, why: [...why]});
  }
  const action = taskAction.options.find((one) => task !== undefined && path === taskActionPath(task, one));
  if (request.method === 'POST' && task !== undefined && action !== undefined) {
    const result = await instance.command({action, name: task, at: now()});
    return answerWith(result.ok ? 202 : 409, reply, result);
  }
  if (request.method === 'PUT' && path === DESIRED_PATH) {
    const body = await readJson(request);
    const tasks = parseTasks((body as {tasks?: unknown} | null)?.tasks ?? body, `PUT ${DESIRED_PATH}`);
    const result = await instance.command({action: 'desired', tasks, at: now()});
    return answerWith(result.ok ? 202 : 409, reply, result);
  }
  return answerWith(404, failure, {error: `there is no ${request.method} ${path}`});
}

/** The third part of a path, which names the task where a path names one. */
function taskIn(path: string): string | undefined {
  const part = path.split('/')[3];
  return part === undefined || part === '' ? undefined : decodeURIComponent(part);
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

function send(response: ServerResponse, {status, body}: Answer): void {
  response.writeHead(status, {'Content-Type': 'application/json'});
  response.end(`${JSON.stringify(body)}\n`);
}
