import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {boolean, bytes, double, field, integer, map, message, oneOf, repeated, string} from '../../src/common/message.js';
import {decodeMessage, encodeMessage} from '../../src/common/protobuf.js';
import {RecordReader} from '../../src/common/recordio.js';
import {CALL} from '../../src/master/call-spec.js';
import {EVENT} from '../../src/master/event-spec.js';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from '../support/cluster.js';
import {type Event, exchange, resources, shellTask, type TestFramework} from '../support/framework.js';
import {readCall, readEvents} from '../support/transcripts.js';

const PROTOBUF = {'Content-Type': 'application/x-protobuf', Accept: 'application/x-protobuf'};

describe('protobuf’s wire form', () => {
  const inner = message({text: field(1, string), numbers: repeated(2, integer)});
  const spec = {
    number: field(1, integer),
    word: field(2, string),
    inner: field(3, inner),
    ratio: field(4, double),
    isOn: field(5, boolean),
    data: field(6, bytes),
    color: field(7, oneOf({RED: 0, BLUE: 5})),
    many: repeated(8, inner),
    sizes: field(16, map(double)),
  };
  const hex = (value: object) => encodeMessage(spec, value as Record<string, unknown>).toString('hex');

  it('is that of the examples in protobuf’s documentation', () => {
    expect(hex({number: 150})).toBe('089601');
    expect(hex({word: 'testing'})).toBe('120774657374696e67');
    expect(hex({number: -2})).toBe('08feffffffffffffffff01');
  });

  it('has each kind of value in its place, in the order of the numbers', () => {
    const value = {sizes: {a: 1}, many: [{text: 'x'}, {}], color: 'BLUE', data: 'AP8=', isOn: false, ratio: 0.5};
    const expected = [
      '21000000000000e03f', // ratio
      '2800', // isOn
      '320200ff', // data
      '3805', // color
      ...['42030a0178', '4200'], // many
      '82010c0a016111000000000000f03f', // sizes
    ];
    expect(hex(value)).toBe(expected.join(''));
    expect(decodeMessage(spec, encodeMessage(spec, value))).toEqual(value);
  });

  it('is read in any order, with packed numbers and what is unknown in between', () => {
    const packed = Buffer.from('1a' + '07' + '12' + '03' + '01ac02' + '1801', 'hex');
    expect(decodeMessage(spec, packed)).toEqual({inner: {numbers: [1, 300]}});
    const unknown = Buffer.from('a206027878' + 'a8060a' + 'b50601020304' + '3803' + '0801', 'hex');
    expect(decodeMessage(spec, unknown)).toEqual({number: 1});
  });

  it.each(['08', '1205', '0f00', '08ffffffffffffffffffffff01', '0a0161', '1001'])('%s is refused', (cut) => {
    expect(() => decodeMessage(spec, Buffer.from(cut, 'hex'))).toThrow();
  });

  it('loses nothing', () => {
    const value = fc.record(
      {
        number: fc.integer({min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER}),
        word: fc.string({unit: 'grapheme'}),
        ratio: fc.double({noNaN: true}),
        isOn: fc.boolean(),
        data: fc.uint8Array().map((data) => Buffer.from(data).toString('base64')),
        color: fc.constantFrom('RED', 'BLUE'),
      },
      {requiredKeys: []},
    );
    fc.assert(
      fc.property(value, (given) => {
        expect(decodeMessage(spec, encodeMessage(spec, given))).toEqual({...given});
      }),
    );
  });
});

describe('the specs of calls and events', () => {
  const names = readdirSync(new URL('../fixtures/', import.meta.url));

  it('know every field of every event that was recorded', () => {
    const events = names.flatMap((name) => (name.endsWith('.events.jsonl') ? readEvents(name.replace('.events.jsonl', '')) : []));
    expect(events.length).toBeGreaterThan(200);
    for (const recorded of events) {
      // What docker said is cut out of the fixtures.
      const event = JSON.parse(JSON.stringify(recorded).replace('(docker inspect)', 'W3t9XQ=='));
      expect(decodeMessage(EVENT, encodeMessage(EVENT, event))).toEqual(withoutEmptyLists(event));
    }
  });

  it('know every field of the launches that were recorded', () => {
    for (const name of [
      '186-healthcheck',
      '701-host',
      '702-running',
      '711-no-network',
      '714-argv',
      '717-portmap-on-host',
      '495-reserve',
    ]) {
      const call = readCall(name);
      expect([name, decodeMessage(CALL, encodeMessage(CALL, call))]).toEqual([name, withoutEmptyLists(call)]);
    }
  });

  it('make records as long as a genuine master’s (480)', () => {
    const id = '064dc8fd-fe71-49fe-a925-3d269cf4a166';
    const capabilities = ['AGENT_UPDATE', 'AGENT_DRAINING', 'QUOTA_V2'].map((type) => ({type}));
    const address = {hostname: '127.0.0.1', ip: '127.0.0.1', port: 5050};
    const master_info = {
      id,
      ip: 16777343,
      port: 5050,
      pid: 'master@127.0.0.1:5050',
      hostname: '127.0.0.1',
      version: '1.12.0',
      address,
      capabilities,
    };
    const subscribed = {framework_id: {value: `${id}-0005`}, heartbeat_interval_seconds: 15, master_info};
    expect(encodeMessage(EVENT, {type: 'SUBSCRIBED', subscribed})).toHaveLength(188);
    expect(encodeMessage(EVENT, {type: 'HEARTBEAT'}).toString('hex')).toBe('0808');
  });
});

/** An empty list and no list are the same in protobuf. */
function withoutEmptyLists(value: Event): Event {
  if (Array.isArray(value)) return value.map(withoutEmptyLists);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, inside]) => !Array.isArray(inside) || inside.length > 0);
  return Object.fromEntries(kept.map(([key, inside]) => [key, withoutEmptyLists(inside)]));
}

describe('a framework that speaks protobuf', () => {
  let cluster: TestCluster;
  let master: RunningMaster;
  let framework: TestFramework;
  beforeAll(async () => {
    cluster = new TestCluster();
    master = await cluster.master();
    await cluster.agent(master);
    framework = cluster.framework(master);
    framework.form = 'protobuf';
    await framework.subscribe({name: 'proto'});
  });
  afterAll(() => cluster.close());

  it('is offered resources and runs a task to its end, acknowledging every update', async () => {
    const offer = await framework.offer();
    expect(offer).toMatchObject({hostname: '127.0.0.1', allocation_info: {role: '*'}, url: {path: '/slave(1)'}});
    expect(offer.resources).toContainEqual(expect.objectContaining({name: 'cpus', type: 'SCALAR', scalar: {value: 2}}));
    const variables = [{name: 'WORD', value: 'grüße'}];
    const task = shellTask('t-proto', '', {command: {shell: true, value: 'echo "$WORD"', environment: {variables}}});
    expect((await framework.launch(offer, task)).status).toBe(202);
    const finished = await framework.status('t-proto', 'TASK_FINISHED');
    expect(finished).toMatchObject({message: 'Command exited with status 0', source: 'SOURCE_EXECUTOR'});
    expect(Math.abs(finished.timestamp - Date.now() / 1000)).toBeLessThan(60);
    expect(framework.states('t-proto')).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
    const slaves = join(cluster.directory, 'agent', 'slaves');
    const runs = join(slaves, readdirSync(slaves)[0]!, 'frameworks', framework.id, 'executors', 't-proto', 'runs', 'latest');
    expect(readFileSync(join(runs, 'stdout'), 'utf8')).toBe('grüße\n');
  });

  it('kills, reconciles, declines, reserves and is told why a task is none', async () => {
    await framework.launch(await framework.offer(), shellTask('t-long', 'sleep 1000'));
    await framework.status('t-long', 'TASK_RUNNING');
    await framework.call('RECONCILE', {reconcile: {tasks: [{task_id: {value: 't-nobody'}}]}});
    await framework.status('t-nobody', 'TASK_LOST');
    await framework.call('KILL', {kill: {task_id: {value: 't-long'}, kill_policy: {grace_period: {nanoseconds: 1e9}}}});
    await framework.status('t-long', 'TASK_KILLED');
    await framework.launch(await framework.offer(), shellTask('t-bad', 'true', {resources: resources(-1, 32)}));
    expect(await framework.status('t-bad', 'TASK_ERROR')).toMatchObject({reason: 'REASON_TASK_INVALID', source: 'SOURCE_MASTER'});
    const offer = await framework.offer();
    expect((await framework.call('DECLINE', {decline: {offer_ids: [offer.id], filters: {refuse_seconds: 3600}}})).status).toBe(
      202,
    );
    expect((await framework.call('REVIVE')).status).toBe(202);
  });

  it('is refused in text', async () => {
    const post = async (body: Buffer, headers: Readonly<Record<string, string>> = PROTOBUF) => {
      const {status, text} = await exchange(master.port, 'POST', '/api/v1/scheduler', headers, body);
      return `${status} ${text}`;
    };
    expect(await post(Buffer.from('0aff', 'hex'))).toBe('400 Failed to parse body into Call protobuf');
    // SUBSCRIBE with a FrameworkInfo that has no name.
    expect(await post(Buffer.from('10011a040a020a00', 'hex'))).toBe('400 Failed to parse body into Call protobuf');
    expect(await post(Buffer.from(''))).toBe("400 Failed to validate scheduler::Call: Expecting 'type' to be present");
    const unknown = encodeMessage(CALL, {type: 'REVIVE', framework_id: {value: 'nobody'}});
    expect(await post(unknown)).toBe('400 Framework cannot be found');
  });

  it('may ask in JSON for events in protobuf, and the other way round (480)', async () => {
    const framework_info = {user: 'root', name: 'x', role: 'bad/'};
    const json = JSON.stringify({type: 'SUBSCRIBE', subscribe: {framework_info}});
    const inProtobuf = await exchangeBytes(json, {'Content-Type': 'application/json', Accept: 'application/x-protobuf'});
    const [error] = new RecordReader((content) => decodeMessage(EVENT, content)).push(inProtobuf) as Event[];
    expect(error).toMatchObject({
      type: 'ERROR',
      error: {message: expect.stringContaining("Role 'bad/' cannot end with a slash")},
    });
    const proto = encodeMessage(CALL, {type: 'SUBSCRIBE', subscribe: {framework_info}});
    const inJson = await exchangeBytes(proto, {'Content-Type': 'application/x-protobuf', Accept: 'application/json'});
    expect(new RecordReader().push(inJson)).toEqual([error]);
  });

  async function exchangeBytes(body: string | Buffer, headers: Readonly<Record<string, string>>): Promise<Buffer> {
    const answer = await exchange(master.port, 'POST', '/api/v1/scheduler', headers, body);
    expect(answer.headers['content-type']).toBe(headers.Accept);
    return answer.bytes;
  }
});
