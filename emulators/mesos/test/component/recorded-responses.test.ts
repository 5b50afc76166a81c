import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from '../support/cluster.js';
import {exchange, type TestFramework} from '../support/framework.js';
import {comparableUpdates, readEvents, readExchange} from '../support/transcripts.js';

const RECORDED = '064dc8fd-fe71-49fe-a925-3d269cf4a166';
const STREAM = 'dc94f7c8-8645-4333-ac49-ca93eb2272a7';

let cluster: TestCluster;
let master: RunningMaster;
let framework: TestFramework;

beforeAll(async () => {
  cluster = new TestCluster();
  master = await cluster.master();
  await cluster.agent(master);
  framework = await cluster.framework(master).subscribe({name: 'fw-E', failover_timeout: 10});
  await framework.offer();
});
afterAll(() => cluster.close());

/** Puts the ids of this run where the recorded ones were. */
function current(text: string): string {
  return text
    .replaceAll(`${RECORDED}-0000`, framework.id)
    .replaceAll(STREAM, framework.streamId)
    .replaceAll(RECORDED, framework.id.slice(0, -5));
}

async function replay(name: string): Promise<void> {
  const recorded = readExchange(name);
  const headers = Object.fromEntries(
    Object.entries(recorded.headers).filter(([key]) => key !== 'Host' && key !== 'Content-Length'),
  );
  if (headers['Mesos-Stream-Id']) headers['Mesos-Stream-Id'] = current(headers['Mesos-Stream-Id']);
  const answer = await exchange(master.port, recorded.method, recorded.path, headers, current(recorded.body) || undefined);
  expect(`${answer.status} ${answer.text}`).toBe(`${recorded.status} ${current(recorded.text)}`);
  for (const header of ['Content-Type', 'Allow'] as const)
    expect(answer.headers[header.toLowerCase()]).toBe(recorded.responseHeaders[header]);
}

describe('answers as a genuine master does to', () => {
  it.each([
    '001-get-health',
    '011-op-get-tasks-empty',
    '013-op-get-health',
    '400-malformed-json',
    '401-empty-body',
    '402-not-an-object',
    '403-no-type',
    '404-unknown-type',
    '405-lowercase-type',
    '406-no-subscribe',
    '407-no-user',
    '408-no-name',
    '409-wrong-json-type',
    '410-no-content-type',
    '411-content-type-charset',
    '412-content-type-text',
    '413-accept-text',
    '414-get',
    '415-put',
    '416-sub-with-stream-id',
    '417-unknown-path',
    '418-legacy-path',
    '421-no-stream-id',
    '422-wrong-stream-id',
    '423-unknown-framework',
    '424-no-framework-id',
    '425-framework-id-string',
    '426-no-accept-field',
    '427-no-kill-field',
    '428-kill-no-task-id',
    '429-ack-bad-uuid',
    '430-ack-not-base64',
    '431-ack-no-uuid',
    '432-ack-unknown',
    '432b-ack-nil-uuid',
    '433-reconcile-no-field',
    '434-accept-text-on-call',
    '435-no-accept-header',
    '436-unknown-json-field',
    '437-revive-unknown-role',
    '438-suppress-unknown-role',
    '439-decline-negative',
    '440-slave-id-name',
    '441-launch-slave-id',
    '453-options',
    '457-state-json',
    '460-op-unknown',
    '461-op-malformed',
    '462-op-no-accept',
    '213-subscribe-id-only-inside',
    '214-subscribe-id-only-outside',
    '242-teardown-again',
  ])('%s', replay);

  it('440: the KILL without agent_id, whose answer is a reconciliation', async () => {
    await framework.status('x', 'TASK_LOST');
    expect(comparableUpdates(framework.events, 'x')).toEqual([
      expect.objectContaining({message: 'Reconciliation: Task is unknown', reason: 'REASON_RECONCILIATION', hasAgent: false}),
    ]);
  });
});

describe('refuses with an ERROR event and the end of the stream', () => {
  it.each([
    '470-role-and-roles',
    '471-roles-without-capability',
    '472-bad-role',
    '473-dup-roles',
    '474-huge-failover-timeout',
    '475-id-with-slash',
  ])('%s', async (name) => {
    const recorded = readExchange(name);
    const {framework_id, subscribe} = JSON.parse(recorded.body);
    const body = JSON.stringify({type: 'SUBSCRIBE', framework_id, subscribe});
    const answer = await exchange(master.port, 'POST', recorded.path, {'Content-Type': 'application/json'}, body);
    const records = readEvents(name).map((event) => JSON.stringify(event));
    expect(answer.text).toBe(records.map((record) => `${record.length}\n${record}`).join(''));
  });
});

describe('state', () => {
  it('comes as JSONP and compressed when asked for', async () => {
    const jsonp = await exchange(master.port, 'GET', '/master/state?jsonp=f');
    expect(jsonp.headers['content-type']).toBe('text/javascript');
    expect(jsonp.text).toMatch(/^f\(\{.*\}\);$/s);
    const gzip = await exchange(master.port, 'GET', '/master/state/', {'Accept-Encoding': 'gzip'});
    expect(gzip.headers['content-encoding']).toBe('gzip');
  });

  it('names the leader, the agents and the frameworks', async () => {
    const state = JSON.parse((await exchange(master.port, 'GET', '/state')).text);
    expect(state.leader).toBe(`master@127.0.0.1:${master.port}`);
    expect(state.slaves).toMatchObject([
      {
        hostname: '127.0.0.1',
        active: true,
        attributes: {rack: 'r1', zone: 'z1'},
        resources: {cpus: 2, mem: 2048, ports: '[31000-32000]'},
      },
    ]);
    expect(state.frameworks).toMatchObject([{id: framework.id, name: 'fw-E', connected: true, roles: ['*'], tasks: []}]);
  });

  it('redirects to the leader without naming the scheme', async () => {
    const answer = await exchange(master.port, 'GET', '/master/redirect');
    expect([answer.status, answer.headers.location]).toEqual([307, `//127.0.0.1:${master.port}`]);
  });

  it('says honestly that this is not Apache Mesos', async () => {
    const version = JSON.parse((await exchange(master.port, 'GET', '/version')).text);
    expect(version.product).toContain('not Apache Mesos');
  });
});
