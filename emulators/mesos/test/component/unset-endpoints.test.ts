import {cpus} from 'node:os';
import {describe, expect, it} from 'vitest';
import type {Event} from '../support/framework.js';
import {shellTask} from '../support/framework.js';
import {JSON_HEADERS, sendRequest} from '../support/http.js';
import {useSharedCluster} from '../support/shared-cluster.js';

/** Endpoints of what the emulator does not have answer like those of an upstream cluster in which nothing of it is set. */

const shared = useSharedCluster();

const get = async (program: 'master' | 'agent', path: string): Promise<Event> => {
  const {status, text} = await sendRequest(shared[program].port, 'GET', path);
  expect([path, status]).toEqual([path, 200]);
  return JSON.parse(text);
};
const call = (program: 'master' | 'agent', type: string) =>
  sendRequest(shared[program].port, 'POST', '/api/v1', JSON_HEADERS, JSON.stringify({type}));

describe('a master in which nothing is set', () => {
  it.each([
    ['/master/quota', {}],
    ['/master/weights', []],
    ['/weights', []],
    ['/master/maintenance/schedule', {}],
    ['/master/maintenance/status', {}],
    ['/files/debug', {}],
  ])('answers GET %s with %j', async (path, expected) => {
    expect(await get('master', path)).toEqual(expected);
  });

  it.each([
    ['GET_QUOTA', {get_quota: {status: {}}}],
    ['GET_WEIGHTS', {}],
    ['GET_MAINTENANCE_STATUS', {get_maintenance_status: {status: {}}}],
    ['GET_MAINTENANCE_SCHEDULE', {get_maintenance_schedule: {schedule: {}}}],
  ])('answers %s with %j', async (type, expected) => {
    expect(JSON.parse((await call('master', type)).text)).toEqual({type, ...expected});
  });

  it.each(['machine/down', 'machine/up', 'create-volumes', 'destroy-volumes'])(
    'allows only POST for /master/%s',
    async (path) => {
      const response = await sendRequest(shared.master.port, 'GET', `/master/${path}`);
      expect([response.status, response.headers.allow, response.text]).toEqual([
        405,
        'POST',
        "405 Method Not Allowed. Expecting one of { 'POST' }, but received 'GET'.",
      ]);
      expect((await sendRequest(shared.master.port, 'POST', `/master/${path}`)).status).toBe(501);
    },
  );

  it('allows the methods of upstream for weights', async () => {
    const response = await sendRequest(shared.master.port, 'DELETE', '/master/weights');
    expect([response.status, response.headers.allow]).toEqual([405, 'GET, PUT']);
    expect(response.text).toContain("one of { 'GET', 'PUT' }");
  });

  it('has a registry with itself and its agents', async () => {
    const registry = await get('master', '/registrar(1)/registry');
    expect(registry.master.info).toMatchObject({port: shared.master.port, hostname: '127.0.0.1'});
    const {agents} = JSON.parse((await call('master', 'GET_AGENTS')).text).get_agents;
    expect(registry.slaves.slaves).toEqual([{info: agents[0].agent_info, deactivated: false}]);
    expect(Object.keys(registry)).toEqual(['master', 'slaves']);
  });
});

describe.each(['master', 'agent'] as const)('the program of a %s', (program) => {
  it('reports the state of the machine', async () => {
    const statistics = await get(program, '/system/stats.json');
    expect(statistics).toMatchObject({cpus_total: cpus().length, avg_load_1min: expect.any(Number)});
    expect(statistics.mem_total_bytes).toBeGreaterThan(statistics.mem_free_bytes);
  });

  it('reports the verbosity of its log', async () => {
    const request = (query: string) => sendRequest(shared[program].port, 'GET', `/logging/toggle${query}`);
    expect(await request('')).toMatchObject({status: 200, text: '0\n'});
    expect(await request('?level=1')).toMatchObject({status: 400, text: "Expecting 'duration=value' in query.\n"});
  });

  it('lists its endpoints, all of which exist', async () => {
    const {processes} = await get(program, '/help?format=json');
    const listed = processes.flatMap(({id, endpoints}: Event) =>
      endpoints.map(({name}: Event) => (id === 'version' ? name : `/${id}${name}`)),
    );
    expect(listed.length).toBeGreaterThan(10);
    for (const path of listed)
      expect([path, (await sendRequest(shared[program].port, 'GET', path)).status]).not.toEqual([path, 404]);
    expect((await get(program, '/__processes__')).map(({id}: Event) => id)).toEqual(processes.map(({id}: Event) => id));
  });

  it('has help as Markdown for curl and as HTML for browsers', async () => {
    const request = (path: string, agent: string) => sendRequest(shared[program].port, 'GET', path, {'User-Agent': agent});
    const markdown = await request('/help', 'curl/7.88.1');
    expect([markdown.headers['content-type'], markdown.text.split('\n')[0]]).toEqual(['text/x-markdown', '## HELP']);
    expect((await request('/help/system/stats.json', 'Mozilla/5.0')).headers['content-type']).toBe('text/html');
    expect(await request('/help/nothing', 'curl')).toMatchObject({status: 400, text: "No help available for '/nothing'.\n"});
  });
});

describe('an agent', () => {
  it('lists the paths of its sandboxes, has nothing pending and no images to remove', async () => {
    const {framework, agent} = shared;
    await framework.launch(await framework.offer(), shellTask('t', 'sleep 1000'));
    await framework.status('t', 'TASK_RUNNING');
    const [executor] = (await get('agent', '/state')).frameworks[0].executors;
    const virtual = `/frameworks/${framework.id}/executors/t/runs/latest`;
    const files = await get('agent', '/files/debug');
    expect(files).toMatchObject({[executor.directory]: executor.directory, [virtual]: executor.directory});
    for (const path of Object.keys(files))
      expect((await sendRequest(agent.port, 'GET', `/files/browse?path=${path}`)).status).toBe(200);
    expect(await get('agent', '/containerizer/debug')).toEqual({pending: []});
    expect(await call('agent', 'PRUNE_IMAGES')).toMatchObject({status: 200, text: ''});
  });
});
