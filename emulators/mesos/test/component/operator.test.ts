import {type ClientRequest, request} from 'node:http';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {RecordReader} from '../../src/common/recordio.js';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from '../support/cluster.js';
import {eventually} from '../support/eventually.js';
import {type Event, shellTask, type TestFramework} from '../support/framework.js';
import {JSON_HEADERS, sendRequest} from '../support/http.js';

let cluster: TestCluster;
let master: RunningMaster;
let framework: TestFramework;
let old: TestFramework;
let events: Event[];
let stream: ClientRequest;

const get = async (path: string): Promise<Event> => JSON.parse((await sendRequest(master.port, 'GET', path)).text);
const post = (call: object) => sendRequest(master.port, 'POST', '/api/v1', JSON_HEADERS, JSON.stringify(call));
const query = async (type: string): Promise<Event> => JSON.parse((await post({type})).text)[type.toLowerCase()];

beforeAll(async () => {
  cluster = new TestCluster();
  master = await cluster.master('--cluster=lab');
  events = [];
  // Subscribes before anything happens, so that the stream contains all events.
  await new Promise<void>((resolve) => {
    stream = request(
      {host: '127.0.0.1', port: master.port, method: 'POST', path: '/api/v1', headers: JSON_HEADERS},
      (response) => {
        const reader = new RecordReader();
        response.on('data', (bytes: Buffer) => {
          events.push(...reader.push(bytes));
          if (events.length >= 2) resolve();
        });
        response.on('error', () => undefined);
      },
    );
    stream.on('error', () => undefined);
    stream.end('{"type": "SUBSCRIBE"}');
  });
  await cluster.agent(master);
  framework = await cluster.framework(master).subscribe({name: 'new'});
  for (const id of ['t-1', 't-2', 't-3']) {
    await framework.launch(await framework.offer(), shellTask(id, 'true'));
    await framework.status(id, 'TASK_FINISHED');
  }
  await framework.launch(await framework.offer(), shellTask('t-live', 'sleep 1000'));
  await framework.status('t-live', 'TASK_RUNNING');
  old = await cluster.framework(master).subscribe({name: 'old', roles: undefined, capabilities: []});
});
afterAll(async () => {
  stream.destroy();
  await cluster.close();
});

describe('the event stream of operators', () => {
  it('begins with the state, followed by events for agents, frameworks and tasks', async () => {
    expect(events[0]).toMatchObject({
      type: 'SUBSCRIBED',
      subscribed: {get_state: {get_agents: {agents: []}}, heartbeat_interval_seconds: 15},
    });
    expect(events[1]).toEqual({type: 'HEARTBEAT'});
    expect(events.find((event) => event.agent_added).agent_added.agent).toMatchObject({
      active: true,
      agent_info: {hostname: '127.0.0.1'},
    });
    expect(events.find((event) => event.framework_added).framework_added.framework.framework_info.name).toBe('new');
    expect(events.find((event) => event.task_added).task_added.task).toMatchObject({name: 't-1', state: 'TASK_STAGING'});
    const updates = events.flatMap((event) => (event.task_updated?.status.task_id.value === 't-1' ? [event.task_updated] : []));
    expect(updates.map(({status}) => status.state)).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
    expect(updates[0].framework_id).toEqual({value: framework.id});
  });

  it('has an event for a framework that is removed', async () => {
    const guest = await cluster.framework(master).subscribe({name: 'guest'});
    await guest.call('TEARDOWN');
    await eventually(() => events.find((event) => event.framework_removed)?.framework_removed.framework_info.name).toBe('guest');
  });
});

describe('/tasks', () => {
  const ids = async (query: string): Promise<string[]> => (await get(`/tasks${query}`)).tasks.map((task: Event) => task.id);

  it('lists the newest or the oldest tasks first', async () => {
    expect(await ids('')).toEqual(['t-live', 't-3', 't-2', 't-1']);
    expect(await ids('?order=asc')).toEqual(['t-1', 't-2', 't-3', 't-live']);
  });

  it('is limited by limit and offset, and filtered by framework and task', async () => {
    expect(await ids('?limit=2&offset=1')).toEqual(['t-3', 't-2']);
    expect(await ids('?task_id=t-2')).toEqual(['t-2']);
    expect(await ids(`?framework_id=${old.id}`)).toEqual([]);
    expect(await ids(`?framework_id=${framework.id}&limit=1`)).toEqual(['t-live']);
  });
});

describe('the endpoints of the master', () => {
  it('have no version below /master', async () => {
    expect((await sendRequest(master.port, 'GET', '/version')).status).toBe(200);
    expect((await sendRequest(master.port, 'GET', '/master/version')).status).toBe(404);
  });

  it('return a single agent or framework on request', async () => {
    expect((await get('/slaves?slave_id=unknown')).slaves).toEqual([]);
    expect((await get('/frameworks?framework_id=unknown')).frameworks).toEqual([]);
    expect((await get(`/frameworks?framework_id=${old.id}`)).frameworks).toMatchObject([{name: 'old'}]);
  });

  it('return the role of a framework without MULTI_ROLE, and the roles of others (transcript 304)', async () => {
    const {frameworks} = await get('/frameworks');
    const [newer, older] = ['new', 'old'].map((name) => frameworks.find((candidate: Event) => candidate.name === name));
    expect([older.role, older.roles, newer.role, newer.roles]).toEqual(['*', undefined, undefined, ['*']]);
  });

  it('return full resources in /slaves (transcript 004) but not in /state (002), which has a git_sha', async () => {
    const [{slaves}, state] = [await get('/slaves'), await get('/state')];
    expect(slaves[0]).toMatchObject({
      reserved_resources_full: {},
      used_resources_full: [{name: 'cpus', scalar: {value: 0.1}}, {}],
    });
    expect(Object.keys(state.slaves[0]).filter((key) => key.endsWith('_full'))).toEqual([]);
    expect(state.git_sha).toMatch(/^[0-9a-f]{40}$/);
  });

  it('return the number of tasks in /state-summary', async () => {
    const summary = await get('/state-summary');
    expect(summary.cluster).toBe('lab');
    expect(summary.slaves).toMatchObject([{TASK_FINISHED: 3, TASK_RUNNING: 1, TASK_LOST: 0, framework_ids: [framework.id]}]);
    const summarized = summary.frameworks.find((candidate: Event) => candidate.id === framework.id);
    expect(summarized).toMatchObject({name: 'new', TASK_FINISHED: 3, TASK_RUNNING: 1, slave_ids: [summary.slaves[0].id]});
    expect(Object.keys(summarized).filter((key) => !key.startsWith('TASK_'))).toEqual([
      ...['id', 'name', 'used_resources', 'offered_resources', 'capabilities', 'hostname', 'webui_url', 'active', 'connected'],
      ...['recovered', 'slave_ids'],
    ]);
    const states = ['STAGING', 'STARTING', 'RUNNING', 'KILLING', 'FINISHED', 'KILLED', 'FAILED', 'LOST', 'ERROR', 'UNREACHABLE'];
    for (const counted of [summarized, summary.slaves[0]])
      expect(Object.keys(counted).filter((key) => key.startsWith('TASK_'))).toEqual(states.map((state) => `TASK_${state}`));
  });

  it('return the roles in use', async () => {
    const {roles} = await get('/roles');
    expect(roles).toMatchObject([{name: '*', weight: 1}]);
    expect(roles[0].allocated).toEqual({cpus: 0.1, mem: 32});
    expect([roles[0].reserved, roles[0].quota]).toEqual([
      {},
      {role: '*', guarantee: {}, limit: {}, consumed: {cpus: 0.1, mem: 32}},
    ]);
    expect(roles[0].frameworks.sort()).toEqual([framework.id, old.id].sort());
  });
});

describe('a call of the operator API', () => {
  it('GET_AGENTS returns allocated resources with their roles (transcript 199), and no empty lists (010)', async () => {
    const [agent] = (await query('GET_AGENTS')).agents;
    expect(events.find((event) => event.agent_added).agent_added.agent).not.toHaveProperty('allocated_resources');
    expect(agent.allocated_resources).toEqual([
      {name: 'cpus', type: 'SCALAR', scalar: {value: 0.1}, role: '*', allocation_info: {role: '*'}},
      {name: 'mem', type: 'SCALAR', scalar: {value: 32}, role: '*', allocation_info: {role: '*'}},
    ]);
  });

  it('may be GET_ROLES, GET_OPERATIONS or GET_LOGGING_LEVEL', async () => {
    const [role] = (await query('GET_ROLES')).roles;
    expect(role).toMatchObject({name: '*', weight: 1, resources: expect.any(Array)});
    expect(role.resources.find((resource: Event) => resource.name === 'cpus')).toEqual({
      name: 'cpus',
      type: 'SCALAR',
      scalar: {value: expect.any(Number)},
    });
    expect(await query('GET_OPERATIONS')).toEqual({});
    expect(await query('GET_LOGGING_LEVEL')).toEqual({level: 0});
  });

  it.each([
    [{type: 'LIST_FILES', list_files: {path: '/master/log'}}, '404 404 Not Found.'],
    [{type: 'READ_FILE'}, "400 Failed to validate master::Call: Expecting 'read_file' to be present"],
    [{type: 'UPDATE_QUOTA', update_quota: {}}, "501 UPDATE_QUOTA is not supported by hw5's Mesos emulator"],
    [{type: 'NOPE'}, "400 Failed to validate master::Call: Expecting 'type' to be present"],
    [
      {type: 'MARK_AGENT_GONE', mark_agent_gone: {}},
      '400 Failed to convert JSON into Call protobuf: Missing required fields: mark_agent_gone.agent_id',
    ],
  ])('%j is answered with %s', async (body, response) => {
    const {status, text} = await post(body);
    expect(`${status} ${text}`).toBe(response);
  });
});
