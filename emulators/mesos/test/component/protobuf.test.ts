import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {decodeMessage, encodeMessage} from '../../src/common/protobuf.js';
import {RecordReader} from '../../src/common/recordio.js';
import {CALL} from '../../src/master/call-spec.js';
import {EVENT} from '../../src/master/event-spec.js';
import {type Event, resources, shellTask} from '../support/framework.js';
import {sendRequest} from '../support/http.js';
import {useSharedCluster} from '../support/shared-cluster.js';

const PROTOBUF = {'Content-Type': 'application/x-protobuf', Accept: 'application/x-protobuf'};

describe('a framework that uses protobuf', () => {
  const shared = useSharedCluster({info: {name: 'proto'}, format: 'protobuf'});

  it('is offered resources and runs a task to its end, acknowledging every update', async () => {
    const offer = await shared.framework.offer();
    expect(offer).toMatchObject({hostname: '127.0.0.1', allocation_info: {role: '*'}, url: {path: '/slave(1)'}});
    expect(offer.resources).toContainEqual(expect.objectContaining({name: 'cpus', type: 'SCALAR', scalar: {value: 2}}));
    const variables = [{name: 'WORD', value: 'grüße'}];
    const task = shellTask('t-proto', '', {command: {shell: true, value: 'echo "$WORD"', environment: {variables}}});
    expect((await shared.framework.launch(offer, task)).status).toBe(202);
    const finished = await shared.framework.status('t-proto', 'TASK_FINISHED');
    expect(finished).toMatchObject({message: 'Command exited with status 0', source: 'SOURCE_EXECUTOR'});
    expect(Math.abs(finished.timestamp - Date.now() / 1000)).toBeLessThan(60);
    expect(shared.framework.states('t-proto')).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
    const sandbox = shared.cluster.sandbox(shared.framework, 't-proto');
    expect(readFileSync(join(sandbox, 'stdout'), 'utf8')).toBe('grüße\n');
  });

  it('kills, reconciles, declines and revives, and is told why a task is invalid', async () => {
    await shared.framework.launch(await shared.framework.offer(), shellTask('t-long', 'sleep 1000'));
    await shared.framework.status('t-long', 'TASK_RUNNING');
    await shared.framework.call('RECONCILE', {reconcile: {tasks: [{task_id: {value: 't-unknown'}}]}});
    await shared.framework.status('t-unknown', 'TASK_LOST');
    await shared.framework.call('KILL', {kill: {task_id: {value: 't-long'}, kill_policy: {grace_period: {nanoseconds: 1e9}}}});
    await shared.framework.status('t-long', 'TASK_KILLED');
    await shared.framework.launch(await shared.framework.offer(), shellTask('t-bad', 'true', {resources: resources(-1, 32)}));
    expect(await shared.framework.status('t-bad', 'TASK_ERROR')).toMatchObject({
      reason: 'REASON_TASK_INVALID',
      source: 'SOURCE_MASTER',
    });
    const offer = await shared.framework.offer();
    expect(
      (await shared.framework.call('DECLINE', {decline: {offer_ids: [offer.id], filters: {refuse_seconds: 3600}}})).status,
    ).toBe(202);
    expect((await shared.framework.call('REVIVE')).status).toBe(202);
  });

  it('gets errors as text', async () => {
    const post = async (body: Buffer, headers: Readonly<Record<string, string>> = PROTOBUF) => {
      const {status, text} = await sendRequest(shared.master.port, 'POST', '/api/v1/scheduler', headers, body);
      return `${status} ${text}`;
    };
    expect(await post(Buffer.from('0aff', 'hex'))).toBe('400 Failed to parse body into Call protobuf');
    // SUBSCRIBE with a FrameworkInfo that has no name.
    expect(await post(Buffer.from('10011a040a020a00', 'hex'))).toBe('400 Failed to parse body into Call protobuf');
    expect(await post(Buffer.from(''))).toBe("400 Failed to validate scheduler::Call: Expecting 'type' to be present");
    const unknown = encodeMessage(CALL, {type: 'REVIVE', framework_id: {value: 'unknown'}});
    expect(await post(unknown)).toBe('400 Framework cannot be found');
  });

  it('may send JSON and receive protobuf, and vice versa (transcript 480)', async () => {
    const framework_info = {user: 'root', name: 'x', role: 'bad/'};
    const json = JSON.stringify({type: 'SUBSCRIBE', subscribe: {framework_info}});
    const inProtobuf = await request(json, {'Content-Type': 'application/json', Accept: 'application/x-protobuf'});
    const [error] = new RecordReader((content) => decodeMessage(EVENT, content)).push(inProtobuf) as Event[];
    expect(error).toMatchObject({
      type: 'ERROR',
      error: {message: expect.stringContaining("Role 'bad/' cannot end with a slash")},
    });
    const proto = encodeMessage(CALL, {type: 'SUBSCRIBE', subscribe: {framework_info}});
    const inJson = await request(proto, {'Content-Type': 'application/x-protobuf', Accept: 'application/json'});
    expect(new RecordReader().push(inJson)).toEqual([error]);
  });

  async function request(body: string | Buffer, headers: Readonly<Record<string, string>>): Promise<Buffer> {
    const response = await sendRequest(shared.master.port, 'POST', '/api/v1/scheduler', headers, body);
    expect(response.headers['content-type']).toBe(headers.Accept);
    return response.bytes;
  }
});
