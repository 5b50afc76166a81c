import {beforeAll, describe, expect, it} from 'vitest';
import {JSON_HEADERS, sendRequest} from '../support/http.js';
import {useSharedCluster} from '../support/shared-cluster.js';
import {comparableUpdates, readEvents, readExchange} from '../support/transcripts.js';

const RECORDED = '064dc8fd-fe71-49fe-a925-3d269cf4a166';
const STREAM = 'dc94f7c8-8645-4333-ac49-ca93eb2272a7';

const shared = useSharedCluster({info: {name: 'fw-E', failover_timeout: 10}});
beforeAll(() => shared.framework.offer());

/** Replaces the recorded ids with those of this run. */
function current(text: string): string {
  return text
    .replaceAll(`${RECORDED}-0000`, shared.framework.id)
    .replaceAll(STREAM, shared.framework.streamId)
    .replaceAll(RECORDED, shared.framework.id.slice(0, -5));
}

async function replay(name: string): Promise<void> {
  const recorded = readExchange(name);
  const headers = Object.fromEntries(
    Object.entries(recorded.headers).filter(([key]) => key !== 'Host' && key !== 'Content-Length'),
  );
  if (headers['Mesos-Stream-Id']) headers['Mesos-Stream-Id'] = current(headers['Mesos-Stream-Id']);
  const response = await sendRequest(
    shared.master.port,
    recorded.method,
    recorded.path,
    headers,
    current(recorded.body) || undefined,
  );
  expect(`${response.status} ${response.text}`).toBe(`${recorded.status} ${current(recorded.text)}`);
  const names = Object.keys(recorded.responseHeaders).map((name) => name.toLowerCase());
  expect(Object.keys(response.headers).sort()).toEqual(names.sort());
  for (const header of ['Content-Type', 'Allow'] as const)
    expect(response.headers[header.toLowerCase()]).toBe(recorded.responseHeaders[header]);
}

describe('a master responds like an upstream master to', () => {
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

  it('440: KILL without agent_id, which is answered like a reconciliation', async () => {
    await shared.framework.status('x', 'TASK_LOST');
    expect(comparableUpdates(shared.framework.events, 'x')).toEqual([
      expect.objectContaining({message: 'Reconciliation: Task is unknown', reason: 'REASON_RECONCILIATION', hasAgent: false}),
    ]);
  });
});

describe('a master rejects with an ERROR event and the end of the stream', () => {
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
    const response = await sendRequest(shared.master.port, 'POST', recorded.path, JSON_HEADERS, body);
    expect(response.headers).not.toHaveProperty('connection');
    const records = readEvents(name).map((event) => JSON.stringify(event));
    expect(response.text).toBe(records.map((record) => `${record.length}\n${record}`).join(''));
  });
});

describe('the state of a master', () => {
  it('is sent as JSONP or compressed on request', async () => {
    const jsonp = await sendRequest(shared.master.port, 'GET', '/master/state?jsonp=f');
    expect(jsonp.headers['content-type']).toBe('text/javascript');
    expect(jsonp.text).toMatch(/^f\(\{.*\}\);$/s);
    const gzip = await sendRequest(shared.master.port, 'GET', '/master/state/', {'Accept-Encoding': 'gzip'});
    expect(gzip.headers['content-encoding']).toBe('gzip');
  });

  it('contains the leader, the agents and the frameworks', async () => {
    const state = JSON.parse((await sendRequest(shared.master.port, 'GET', '/state')).text);
    expect(state.leader).toBe(`master@127.0.0.1:${shared.master.port}`);
    expect(state.slaves).toMatchObject([
      {
        hostname: '127.0.0.1',
        active: true,
        attributes: {rack: 'r1', zone: 'z1'},
        resources: {cpus: 2, mem: 2048, ports: '[31000-32000]'},
      },
    ]);
    expect(state.frameworks).toMatchObject([{id: shared.framework.id, name: 'fw-E', connected: true, roles: ['*'], tasks: []}]);
  });

  it('is at the location that /master/redirect returns, without a scheme', async () => {
    const response = await sendRequest(shared.master.port, 'GET', '/master/redirect');
    expect([response.status, response.headers.location]).toEqual([307, `//127.0.0.1:${shared.master.port}`]);
  });

  it('comes with a version that has the fields of upstream (transcript 000)', async () => {
    const version = JSON.parse((await sendRequest(shared.master.port, 'GET', '/version')).text);
    expect(Object.keys(version).sort()).toEqual(Object.keys(JSON.parse(readExchange('000-get-version').text)).sort());
    expect(version.build_user).toBe('hw5-emulator');
  });
});
