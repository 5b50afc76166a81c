import {mkdtemp, rm, stat, writeFile} from 'node:fs/promises';
import {request, type Server} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {serveApi} from '../../../src/framework/api.js';
import type {Command, Reply} from '../../../src/scheduler-api/commands.js';
import type {SchedulerState} from '../../../src/scheduler-api/state.js';
import {taskSpec} from '../../support/framework-world.js';

const state: SchedulerState = {
  apiVersion: 1,
  framework: {id: 'F1', connected: true, connection: '', leader: 'node0', isLeader: true, master: 'node0:5050', isCurrent: true},
  tasks: [],
};
let directory: string;
let socket: string;
let server: Server;
let commands: Command[];
let reply: Reply;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hw5-api-'));
  socket = join(directory, 'run', 'scheduler.sock');
  commands = [];
  reply = {ok: true, message: 'done'};
  server = await serveApi(
    {
      state: async () => state,
      why: async (name) => (name === 'ssh-1' ? ['it waits for an offer from Mesos'] : undefined),
      command: async (command) => {
        commands.push(command);
        return reply;
      },
    },
    socket,
    () => 42,
  );
});

afterEach(async () => {
  server.close();
  await rm(directory, {recursive: true});
});

function ask(method: string, path: string, body?: string): Promise<{status: number; body: unknown}> {
  return new Promise((resolve, reject) => {
    const outgoing = request({socketPath: socket, method, path}, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({status: response.statusCode!, body: JSON.parse(Buffer.concat(chunks).toString())});
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('the control API', () => {
  it('is a socket that no other user may open', async () => {
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
  });

  it('returns the state, and the reasons for a task’s state', async () => {
    expect(await ask('GET', '/v1/state')).toEqual({status: 200, body: state});
    expect(await ask('GET', '/v1/why/ssh-1')).toEqual({
      status: 200,
      body: {name: 'ssh-1', why: ['it waits for an offer from Mesos']},
    });
    expect(await ask('GET', '/v1/why/ssh-9')).toMatchObject({status: 404});
  });

  it.each(['restart', 'kill', 'release'] as const)('accepts the command to %s a task', async (action) => {
    expect(await ask('POST', `/v1/tasks/ssh-1/${action}`)).toEqual({status: 202, body: reply});
    expect(commands).toEqual([{action, name: 'ssh-1', at: 42}]);
  });

  it('replies why a command is rejected', async () => {
    reply = {ok: false, message: 'ssh-1 is not lost'};
    expect(await ask('POST', '/v1/tasks/ssh-1/release')).toEqual({status: 409, body: reply});
  });

  it('accepts a new list of tasks', async () => {
    const tasks = [taskSpec('ssh-1', '192.168.0.101')];
    expect(await ask('PUT', '/v1/desired', JSON.stringify(tasks))).toMatchObject({status: 202});
    expect(commands).toEqual([{action: 'desired', tasks, at: 42}]);
  });

  it.each([
    ['no JSON', '{'],
    ['an address used twice', JSON.stringify([taskSpec('a', '192.168.0.101'), taskSpec('b', '192.168.0.101')])],
    ['an unknown field', JSON.stringify([{...taskSpec('a', '192.168.0.101'), colour: 'red'}])],
  ])('rejects a list with %s', async (_what, body) => {
    expect(await ask('PUT', '/v1/desired', body)).toMatchObject({status: 400, body: {error: expect.any(String)}});
    expect(commands).toEqual([]);
  });

  it.each([
    ['GET', '/'],
    ['GET', '/v2/state'],
    ['POST', '/v1/tasks/ssh-1/explode'],
    ['DELETE', '/v1/tasks/ssh-1'],
  ])('has no %s %s', async (method, path) => {
    expect(await ask(method, path)).toMatchObject({status: 404});
  });

  it('replaces the socket of a predecessor that was killed', async () => {
    const left = join(directory, 'left.sock');
    await writeFile(left, '');
    const second = await serveApi(
      {state: async () => state, why: async () => undefined, command: async () => reply},
      left,
      () => 0,
    );
    second.close();
  });
});
