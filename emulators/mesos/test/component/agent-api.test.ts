import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeAll, describe, expect, it, vi} from 'vitest';
import {processesInGroupOf, sumStatistics} from '../../src/agent/statistics.js';
import {type Event, resources, shellTask} from '../support/framework.js';
import {JSON_HEADERS, sendRequest} from '../support/http.js';
import {useSharedCluster} from '../support/shared-cluster.js';
import {readExchange} from '../support/transcripts.js';

const shared = useSharedCluster({
  info: {roles: undefined, capabilities: []},
  agentFlags: ['--resources=cpus:2;cpus(prod):1;mem:2048'],
});
let port: number;
let directory: string;

const get = (path: string) => sendRequest(port, 'GET', path);
const getJson = async (path: string): Promise<Event> => JSON.parse((await get(path)).text);
const post = (call: object) => sendRequest(port, 'POST', '/api/v1', JSON_HEADERS, JSON.stringify(call));
const query = async (call: {type: string}): Promise<Event> => JSON.parse((await post(call)).text)[call.type.toLowerCase()];

beforeAll(async () => {
  const {agent, framework} = shared;
  ({port} = agent);
  // Writes all 256 bytes, then keeps one cpu busy.
  const script =
    'i=0; while [ $i -lt 256 ]; do printf "\\\\$(printf %03o $i)"; i=$((i + 1)); done > bytes; : > empty; while :; do :; done';
  await framework.launch(await framework.offer(), shellTask('t-files', script, {resources: resources(0.5, 64)}));
  await framework.status('t-files', 'TASK_RUNNING');
  ({directory} = (await getJson('/state')).frameworks[0].executors[0]);
  await vi.waitUntil(async () => (await get(`/files/download?path=${directory}/empty`)).status === 200, {
    timeout: 30_000,
    interval: 25,
  });
});

describe('the files of an agent', () => {
  it('are downloaded unchanged', async () => {
    const response = await get(`/files/download?path=${directory}/bytes`);
    expect(response.bytes).toEqual(Buffer.from(Array.from({length: 256}, (_, byte) => byte)));
    expect(response.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename=bytes',
      'content-length': '256',
    });
    expect((await get(`/files/download?path=${directory}/empty`)).bytes).toHaveLength(0);
  });

  it('have the virtual path of their sandbox, too, from which no other files can be reached', async () => {
    const latest = `/frameworks/${shared.framework.id}/executors/t-files/runs/latest`;
    expect((await get(`/files/download?path=${latest}/bytes`)).bytes).toHaveLength(256);
    expect((await getJson(`/files/browse?path=${latest}`)).map((file: Event) => file.path)).toEqual(
      ['bytes', 'empty', 'stderr', 'stdout'].map((name) => `${latest}/${name}`),
    );
    const outside = `${latest}/../../../../../../../../meta/slaves/latest/agent.json`;
    expect(readFileSync(join(shared.cluster.directory, 'agent/meta/slaves/latest/agent.json'), 'utf8')).toContain('hostname');
    expect((await get(`/files/read?path=${outside}&offset=0`)).status).toBe(404);
  });
});

describe('an agent reports', () => {
  it('its capabilities and its resources in all formats in /slave(1)/state (transcript 802)', async () => {
    const state = await getJson('/slave(1)/state');
    expect(state).toMatchObject({
      capabilities: JSON.parse(readExchange('802-agent-state').text).capabilities,
      git_sha: expect.stringMatching(/^[0-9a-f]{40}$/),
      resources: {cpus: 3, mem: 2048},
      reserved_resources: {prod: {cpus: 1}},
      unreserved_resources: {cpus: 2},
      reserved_resources_full: {prod: [{name: 'cpus', role: 'prod', scalar: {value: 1}}]},
      reserved_resources_allocated: {},
      unreserved_resources_allocated: {cpus: 0.5, mem: 64},
      resource_providers: [],
    });
    expect(state.unreserved_resources_full).toContainEqual({name: 'cpus', type: 'SCALAR', scalar: {value: 2}, role: '*'});
    expect([state.frameworks[0].role, state.frameworks[0].roles]).toEqual(['*', undefined]);
  });

  it('the container of a task in /containers (transcript 805)', async () => {
    const keys = (value: Event): Event =>
      typeof value === 'object'
        ? Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, keys(entry)]))
        : typeof value;
    expect((await getJson('/containers')).map(keys)).toEqual(JSON.parse(readExchange('805-agent-containers').text).map(keys));
  });

  it('its resources and their use in /metrics/snapshot', async () => {
    expect(await getJson('/metrics/snapshot')).toMatchObject({
      'slave/registered': 1,
      'slave/cpus_total': 3,
      'slave/cpus_used': 0.5,
      'slave/tasks_running': 1,
      'slave/uptime_secs': expect.any(Number),
    });
  });

  it('the actual use of resources by a task in /monitor/statistics', async () => {
    const used = async (): Promise<Event> => (await getJson('/monitor/statistics'))[0];
    expect(await used()).toMatchObject({
      executor_id: 't-files',
      framework_id: shared.framework.id,
      executor_name: "Command Executor (Task: t-files) (Command: sh -c 'i=0; while [...')",
      statistics: {cpus_soft_limit: 0.5, mem_limit_bytes: 64 * 2 ** 20, mem_soft_limit_bytes: 64 * 2 ** 20},
    });
    const {statistics} = await used();
    expect(statistics.mem_rss_bytes).toBeGreaterThan(100_000);
    const busy = statistics.cpus_user_time_secs + statistics.cpus_system_time_secs;
    await expect
      .poll(
        async () => {
          const later = (await used()).statistics;
          return later.cpus_user_time_secs + later.cpus_system_time_secs;
        },
        {timeout: 20_000},
      )
      .toBeGreaterThan(busy);
  });
});

describe('the use of resources by a container', () => {
  it('is that of all processes in its control group', () => {
    const processes = processesInGroupOf(process.pid);
    expect(processes.map(({pid}) => pid)).toContain(process.pid);
    expect(sumStatistics(processes).mem_rss_bytes).toBeGreaterThanOrEqual(process.memoryUsage.rss() / 2);
    expect(processesInGroupOf(2 ** 30)).toEqual([]);
  });
});

describe('a call of the operator API of an agent', () => {
  it('returns its tasks, frameworks, executors and containers', async () => {
    expect(await query({type: 'GET_HEALTH'})).toEqual({healthy: true});
    const {agent_info: info} = await query({type: 'GET_AGENT'});
    expect(info).toMatchObject({hostname: '127.0.0.1', port});
    expect(info).not.toHaveProperty('checkpoint');
    expect((await query({type: 'GET_TASKS'})).launched_tasks).toMatchObject([
      {name: 't-files', state: 'TASK_RUNNING', status_update_state: 'TASK_RUNNING', status_update_uuid: expect.any(String)},
    ]);
    expect((await query({type: 'GET_FRAMEWORKS'})).frameworks).toMatchObject([{framework_info: {name: 'test'}}]);
    expect((await query({type: 'GET_EXECUTORS'})).executors).toMatchObject([{executor_info: {executor_id: {value: 't-files'}}}]);
    expect((await query({type: 'GET_CONTAINERS'})).containers).toMatchObject([{executor_id: {value: 't-files'}}]);
    expect(Object.keys(await query({type: 'GET_STATE'}))).toEqual(['get_tasks', 'get_executors', 'get_frameworks']);
  });

  it('lists and reads files', async () => {
    const listed = await query({type: 'LIST_FILES', list_files: {path: directory}} as {type: string});
    expect(listed.file_infos[0]).toMatchObject({path: `${directory}/bytes`, size: 256, uid: 'root', mode: 0o100644});
    const read = {type: 'READ_FILE', read_file: {path: `${directory}/bytes`, offset: 254}} as {type: string};
    expect(await query(read)).toEqual({size: 256, data: Buffer.from([254, 255]).toString('base64')});
  });

  it.each([
    [{type: 'READ_FILE', read_file: {path: '/etc/passwd', offset: 0}}, '404 404 Not Found.'],
    [{type: 'LIST_FILES', list_files: {path: '/etc'}}, '404 404 Not Found.'],
    [{type: 'KILL_CONTAINER', kill_container: {}}, "501 KILL_CONTAINER is not supported by hw5's Mesos emulator"],
    [{type: 'NOPE'}, "400 Failed to validate agent::Call: Expecting 'type' to be present"],
  ])('%j is answered with %s', async (call, response) => {
    const {status, text} = await post(call);
    expect(`${status} ${text}`).toBe(response);
  });
});
