import {type ClientRequest, request} from 'node:http';
import {afterAll, beforeAll, describe, expect, it, vi} from 'vitest';
import {OPERATOR_CALLS as AGENT_CALLS} from '../../src/agent/operator-call.js';
import {RESPONSE as AGENT_RESPONSE} from '../../src/agent/operator-response-spec.js';
import type {MessageSpec} from '../../src/common/message.js';
import {decodeMessage} from '../../src/common/protobuf.js';
import {RecordReader} from '../../src/common/recordio.js';
import {responseJson} from '../../src/common/response-json.js';
import {OPERATOR_CALLS} from '../../src/master/operator-call.js';
import {OPERATOR_EVENT, RESPONSE} from '../../src/master/operator-response-spec.js';
import {eventually} from '../support/eventually.js';
import {type Event, shellTask} from '../support/framework.js';
import {type HttpResponse, JSON_HEADERS, sendRequest} from '../support/http.js';
import {useSharedCluster} from '../support/shared-cluster.js';
import {readExchange} from '../support/transcripts.js';

const PROTOBUF = {'Content-Type': 'application/x-protobuf', Accept: 'application/x-protobuf'};

const shared = useSharedCluster();
const events: Event[] = [];
let stream: ClientRequest;

beforeAll(async () => {
  const options = {host: '127.0.0.1', port: shared.master.port, method: 'POST', path: '/api/v1', headers: PROTOBUF};
  await new Promise<void>((resolve, reject) => {
    stream = request(options, (response) => {
      const reader = new RecordReader((content) => decodeMessage(OPERATOR_EVENT, content));
      response.on('data', (bytes: Buffer) => {
        events.push(...reader.push(bytes));
        resolve();
      });
      response.on('error', () => undefined);
    });
    stream.on('error', reject);
    // SUBSCRIBE
    stream.end(Buffer.from('0812', 'hex'));
  });
  const {framework} = shared;
  const variables = [{name: 'WORD', value: 'grüße'}];
  const command = {shell: true, value: 'sleep 1000', environment: {variables}};
  const labels = {labels: [{key: 'a', value: 'b'}]};
  const more = {command, labels, health_check: {type: 'TCP', tcp: {port: 1}, delay_seconds: 1000}};
  await framework.launch(await framework.offer(), shellTask('t-done', 'true'), shellTask('t-live', '', more));
  await framework.status('t-done', 'TASK_FINISHED');
  await framework.status('t-live', 'TASK_RUNNING');
  // From now on, the state of the cluster does not change: responses are compared.
  await framework.call('SUPPRESS');
  const isComplete = async (port: number): Promise<boolean> => {
    const {text} = await post(port, '{"type": "GET_TASKS"}', JSON_HEADERS);
    return JSON.parse(text).get_tasks.completed_tasks.length === 1;
  };
  for (const {port} of [shared.master, shared.agent]) await vi.waitUntil(() => isComplete(port), {timeout: 30_000, interval: 20});
});
afterAll(() => stream.destroy());

const post = (port: number, body: Buffer | string, headers: Readonly<Record<string, string>>): Promise<HttpResponse> =>
  sendRequest(port, 'POST', '/api/v1', headers, body);

/** Protobuf has no empty lists, and no field for `checkpoint` of an agent. */
function withoutEmptyLists(value: Event): Event {
  if (Array.isArray(value)) return value.map(withoutEmptyLists);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, entry]) => !(Array.isArray(entry) && entry.length === 0));
  return Object.fromEntries(kept.map(([name, entry]) => [name, withoutEmptyLists(entry)]));
}

function comparable(response: Event): Event {
  const text = JSON.stringify(withoutEmptyLists(response), (key, value) => (key === 'checkpoint' ? undefined : value));
  // What changes between two calls.
  return JSON.parse(text.replace(/"(cpus_\w+_time_secs|mem_rss_bytes|timestamp|value)":[\d.]+/g, '"$1":0'));
}

/** Expects that the response to a call is the same in both formats. */
async function expectSameInBoth(port: number, spec: MessageSpec, type: string, number: number): Promise<void> {
  const json = await post(port, JSON.stringify({type}), {...JSON_HEADERS, Accept: 'application/json'});
  expect([type, json.status]).toEqual([type, 200]);
  const protobuf = await post(port, Buffer.from([8, number]), PROTOBUF);
  expect(protobuf.headers['content-type']).toBe('application/x-protobuf');
  expect(comparable(responseJson(spec, decodeMessage(spec, protobuf.bytes)))).toEqual(comparable(JSON.parse(json.text)));
}

describe('the operator API in protobuf', () => {
  it('answers with the same bytes as upstream', async () => {
    const response = await post(shared.master.port, Buffer.from('0801', 'hex'), PROTOBUF);
    expect([response.status, response.bytes.toString('hex')]).toEqual([200, '080112020801']);
  });

  it('answers a JSON call in protobuf, and the reverse (transcript 463)', async () => {
    const recorded = readExchange('463-op-protobuf-accept');
    const inProtobuf = await post(shared.master.port, recorded.body, {...JSON_HEADERS, Accept: 'application/x-protobuf'});
    expect(inProtobuf.bytes.toString('hex')).toBe('080112020801');
    const inJson = await post(shared.master.port, Buffer.from('0801', 'hex'), {...PROTOBUF, Accept: 'application/json'});
    expect(JSON.parse(inJson.text)).toEqual({type: 'GET_HEALTH', get_health: {healthy: true}});
  });

  it('has the content of the JSON responses, of the master', async () => {
    const types = [
      'GET_VERSION',
      'GET_FLAGS',
      'GET_STATE',
      'GET_AGENTS',
      'GET_FRAMEWORKS',
      'GET_TASKS',
      'GET_ROLES',
      'GET_MASTER',
    ];
    for (const type of [...types, 'GET_EXECUTORS', 'GET_OPERATIONS', 'GET_LOGGING_LEVEL'])
      await expectSameInBoth(shared.master.port, RESPONSE, type, OPERATOR_CALLS.calls[type]!.number);
  });

  it('has the content of the JSON responses, of an agent', async () => {
    const types = ['GET_HEALTH', 'GET_VERSION', 'GET_FLAGS', 'GET_STATE', 'GET_CONTAINERS', 'GET_FRAMEWORKS', 'GET_EXECUTORS'];
    for (const type of [...types, 'GET_TASKS', 'GET_AGENT', 'GET_OPERATIONS', 'GET_RESOURCE_PROVIDERS'])
      await expectSameInBoth(shared.agent.port, AGENT_RESPONSE, type, AGENT_CALLS.calls[type]!.number);
  });

  it('has the event stream of operators', async () => {
    expect(events[0]).toMatchObject({type: 'SUBSCRIBED', subscribed: {heartbeat_interval_seconds: 15}});
    expect(events[0].subscribed.get_state.get_frameworks.frameworks).toMatchObject([{framework_info: {name: 'test'}}]);
    await eventually(() => events.filter(({type}) => type === 'TASK_ADDED').map(({task_added}) => task_added.task.name)).toEqual([
      't-done',
      't-live',
    ]);
    const done = events.flatMap(({task_updated: update}) => (update?.status.task_id.value === 't-done' ? [update] : []));
    expect(done.map(({status}) => status.state)).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
  });

  it.each([
    ['master', '0aff', '400 Failed to parse body into Call protobuf'],
    // GET_METRICS without its field, READ_FILE without its path, an unknown type
    ['master', '0804', "400 Failed to validate master::Call: Expecting 'get_metrics' to be present"],
    ['agent', '0804', "400 Failed to validate agent::Call: Expecting 'get_metrics' to be present"],
    ['agent', '08082a021000', '400 Failed to parse body into Call protobuf'],
    ['master', '087f', "400 Failed to validate master::Call: Expecting 'type' to be present"],
  ] as const)('has errors as text: of the %s for %s', async (program, hex, expected) => {
    const {status, text} = await post(shared[program].port, Buffer.from(hex, 'hex'), PROTOBUF);
    expect(`${status} ${text}`).toBe(expected);
  });

  it('has metrics', async () => {
    // GET_METRICS with an empty message
    const response = await post(shared.master.port, Buffer.from('08041200', 'hex'), PROTOBUF);
    const {metrics} = (decodeMessage(RESPONSE, response.bytes) as Event).get_metrics;
    expect(metrics).toContainEqual({name: 'master/cpus_total', value: 2});
  });

  it.each([
    ['master', 'text/html', "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'"],
    ['agent', 'text/html', "Expecting 'Accept' to allow application/json or application/x-protobuf or application/recordio"],
    ['agent', 'application/recordio', 'Streaming response is not supported for GET_HEALTH call'],
  ] as const)('of the %s does not answer in %s', async (program, accept, expected) => {
    const {status, text} = await post(shared[program].port, '{"type": "GET_HEALTH"}', {...JSON_HEADERS, Accept: accept});
    expect(`${status} ${text}`).toBe(`406 ${expected}`);
  });
});
