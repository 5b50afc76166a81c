import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {RunningAgent} from '../../src/agent/start.js';
import type {RunningMaster} from '../../src/master/start.js';
import {TestCluster} from '../support/cluster.js';
import {type Event, exchange, shellTask, type TestFramework} from '../support/framework.js';
import {TestStateMachine} from '../support/state-machine.js';

const REFINED = [{type: 'MULTI_ROLE'}, {type: 'RESERVATION_REFINEMENT'}];

function machineWith(info: object = {}): TestStateMachine {
  const machine = new TestStateMachine();
  machine.agent('a', 'cpus:2;mem:2048');
  machine.framework('f', {roles: ['ra'], capabilities: REFINED, ...info});
  return machine;
}

/** Performs operations on the newest offer; returns the cpus of the next one. */
function perform(machine: TestStateMachine, ...operations: object[]): Event[] {
  const offer = machine.offers('f').at(-1);
  machine.call('f', 'ACCEPT', {accept: {offer_ids: [offer.id], operations, filters: {refuse_seconds: 0}}});
  machine.pass(2);
  return machine
    .offers('f')
    .at(-1)
    .resources.filter((resource: Event) => resource.name === 'cpus');
}

function cpus(value: number, reservation?: object, more: object = {}): object {
  const reservations = reservation === undefined ? {} : {reservations: [{type: 'DYNAMIC', role: 'ra', ...reservation}]};
  return {name: 'cpus', type: 'SCALAR', scalar: {value}, ...reservations, ...more};
}
const reserve = (...resources: object[]) => ({type: 'RESERVE', reserve: {resources}});
const unreserve = (...resources: object[]) => ({type: 'UNRESERVE', unreserve: {resources}});
const labels = (value: string) => ({labels: {labels: [{key: 'k', value}]}});

const statuses = (machine: TestStateMachine): Event[] =>
  machine.events('f').flatMap((event) => (event.update_operation_status ? [event.update_operation_status.status] : []));

describe('a reservation', () => {
  it('keeps its labels, and two with different labels stay two', () => {
    const machine = machineWith();
    const got = perform(machine, reserve(cpus(0.5, labels('x'))), reserve(cpus(0.5, labels('y'))));
    expect(got.filter((resource) => resource.reservations)).toMatchObject([
      {scalar: {value: 0.5}, reservations: [{type: 'DYNAMIC', role: 'ra', ...labels('x')}]},
      {scalar: {value: 0.5}, reservations: [{type: 'DYNAMIC', role: 'ra', ...labels('y')}]},
    ]);
  });

  it('shows its labels and its principal in the form of old too', () => {
    const machine = machineWith({capabilities: [{type: 'MULTI_ROLE'}], principal: 'p'});
    const given = {role: 'ra', reservation: {principal: 'p', ...labels('x')}};
    const got = perform(machine, reserve(cpus(0.5, undefined, given)));
    expect(got.find((resource) => resource.reservation)).toMatchObject({scalar: {value: 0.5}, ...given});
  });

  it('is refined for a role below and given back one step at a time', () => {
    const machine = machineWith({roles: ['ra/x']});
    const [outer, inner] = [
      {type: 'STATIC', role: 'ra'},
      {type: 'DYNAMIC', role: 'ra/x'},
    ];
    machine.agent('b', 'cpus(ra):4;mem:512');
    const refined = {...cpus(1), reservations: [outer, inner]};
    expect(perform(machine, reserve(refined))).toMatchObject([
      {scalar: {value: 3}, reservations: [outer]},
      {scalar: {value: 1}, reservations: [outer, inner]},
    ]);
    expect(perform(machine, unreserve(refined))).toMatchObject([{scalar: {value: 4}, reservations: [outer]}]);
  });

  it.each([
    [
      'for a role that is not the offer’s',
      [cpus(0.5, {role: 'other', principal: 'p'})],
      "with role 'other', but the resource was allocated to role 'ra'",
    ],
    [
      'with a foreign principal',
      [cpus(0.5, {principal: 'q'})],
      "does not match a reserved resource in the request with principal 'q'",
    ],
    ['without the framework’s principal', [cpus(0.5, {})], 'with no principal set'],
    ['that is none', [cpus(0.5)], 'Resource cpus is not dynamically reserved'],
    ['of more than there is', [cpus(5, {principal: 'p'})], 'does not contain cpus:5'],
    ['of less than nothing', [cpus(-1, {principal: 'p'})], 'Invalid scalar resource: value < 0'],
    [
      'of what is allocated to another role',
      [cpus(0.5, {principal: 'p'}, {allocation_info: {role: 'rb'}})],
      "allocated to role 'rb', but the offer was made to role 'ra'",
    ],
  ])('%s is refused', (_, resources, words) => {
    const machine = machineWith({principal: 'p'});
    const id = {value: 'op'};
    expect(perform(machine, {...reserve(...resources), id})).toMatchObject([{scalar: {value: 2}}]);
    expect(statuses(machine)).toMatchObject([{operation_id: id, state: 'OPERATION_ERROR'}]);
    expect(statuses(machine)[0].message).toContain(words);
  });
});

describe('an operation with an id', () => {
  it('is told to be finished, with what it made', () => {
    const machine = machineWith();
    const wanted = cpus(0.5, labels('x'));
    perform(machine, {...reserve(wanted), id: {value: 'op-1'}}, {...unreserve(wanted), id: {value: 'op-2'}}, reserve(wanted));
    const converted = {scalar: {value: 0.5}, allocation_info: {role: 'ra'}};
    expect(statuses(machine)).toMatchObject([
      {
        operation_id: {value: 'op-1'},
        state: 'OPERATION_FINISHED',
        converted_resources: [{...converted, reservations: [labels('x')]}],
      },
      {operation_id: {value: 'op-2'}, state: 'OPERATION_FINISHED', converted_resources: [converted]},
    ]);
    expect(statuses(machine)[1].converted_resources[0].reservations).toBeUndefined();
  });

  it('is told to be dropped when its offer is no more, and in error when this master can’t do it', () => {
    const machine = machineWith();
    const operation = {type: 'CREATE', create: {volumes: []}, id: {value: 'op-1'}};
    perform(machine, operation);
    machine.call('f', 'ACCEPT', {accept: {offer_ids: [{value: 'gone'}], operations: [{...operation, id: {value: 'op-2'}}]}});
    expect(statuses(machine)).toMatchObject([
      {
        operation_id: {value: 'op-1'},
        state: 'OPERATION_ERROR',
        message: expect.stringContaining('CREATE operations are not supported'),
      },
      {operation_id: {value: 'op-2'}, state: 'OPERATION_DROPPED', message: expect.stringContaining('gone is no longer valid')},
    ]);
  });

  it('is unknown to reconciliation: it is over as soon as it is told', () => {
    const machine = machineWith();
    machine.call('f', 'RECONCILE_OPERATIONS', {reconcile_operations: {operations: [{operation_id: {value: 'op-1'}}]}});
    expect(statuses(machine)).toMatchObject([{operation_id: {value: 'op-1'}, state: 'OPERATION_UNKNOWN'}]);
  });

  it('does not launch a task on a volume that could not be made', () => {
    const machine = machineWith();
    const [offer] = machine.offers('f');
    const volume = {name: 'disk', type: 'SCALAR', scalar: {value: 10}, disk: {persistence: {id: 'v'}, volume: {}}};
    const task = {...shellTask('t', 'true', {resources: [cpus(0.1), volume]}), agent_id: offer.agent_id};
    perform(machine, {type: 'CREATE', create: {volumes: [volume]}}, {type: 'LAUNCH', launch: {task_infos: [task]}});
    expect(machine.messages('a').some((message) => message.type === 'RUN_TASK')).toBe(false);
  });
});

describe('an operator', () => {
  let cluster: TestCluster;
  let master: RunningMaster;
  let agent: RunningAgent;
  let framework: TestFramework;
  let agentId: {value: string};
  beforeAll(async () => {
    cluster = new TestCluster();
    master = await cluster.master();
    agent = await cluster.agent(master);
    framework = await cluster.framework(master).subscribe({roles: ['rb']});
    agentId = (await framework.offer()).agent_id;
  });
  afterAll(() => cluster.close());

  const form = async (action: string, resources: string, slaveId = agentId.value) => {
    const headers = {'Content-Type': 'application/x-www-form-urlencoded'};
    const body = new URLSearchParams({slaveId, resources}).toString();
    const {status, text} = await exchange(master.port, 'POST', `/master/${action}`, headers, body);
    return `${status} ${text}`.trim();
  };
  const call = async (body: object) => {
    const headers = {'Content-Type': 'application/json'};
    return (await exchange(master.port, 'POST', '/api/v1', headers, JSON.stringify(body))).status;
  };
  const state = async () => JSON.parse((await exchange(agent.port, 'GET', '/state')).text);

  it('reserves what is offered, for which the offer is rescinded, and the agent keeps it', async () => {
    const before = framework.events.findLast((event) => event.offers).offers.offers[0].id.value;
    expect(await form('reserve', JSON.stringify([cpus(1.5, {principal: 'op'})]))).toBe('202');
    await framework.event((event) => event.rescind?.offer_id.value === before);
    const cpusLeft = (await framework.offer()).resources.find((resource: Event) => resource.name === 'cpus');
    expect(cpusLeft.scalar.value).toBe(0.5);
    await expect.poll(async () => (await state()).reserved_resources.ra?.cpus).toBe(1.5);
    const shown = JSON.parse((await exchange(master.port, 'GET', `/slaves?slave_id=${agentId.value}`)).text).slaves[0];
    expect(shown.reserved_resources_full.ra).toMatchObject([{scalar: {value: 1.5}, role: 'ra', reservation: {principal: 'op'}}]);
  });

  it('gives part of it back by a call of the API', async () => {
    const resources = [cpus(1, {principal: 'op'})];
    expect(await call({type: 'UNRESERVE_RESOURCES', unreserve_resources: {agent_id: agentId, resources}})).toBe(202);
    await expect.poll(async () => (await state()).reserved_resources.ra?.cpus).toBe(0.5);
    expect(await call({type: 'RESERVE_RESOURCES', reserve_resources: {agent_id: agentId, resources}})).toBe(202);
    await expect.poll(async () => (await state()).reserved_resources.ra?.cpus).toBe(1.5);
  });

  it('is refused what makes no sense and what tasks hold', async () => {
    expect(await form('reserve', '[]', 'nobody')).toBe('400 No agent found with specified ID');
    expect(await form('reserve', '[')).toMatch(/^400 Error in parsing 'resources' query parameter/);
    expect(await form('reserve', JSON.stringify([cpus(1)]))).toMatch(
      /^400 Invalid RESERVE operation on agent .* not dynamically reserved/,
    );
    expect(await form('unreserve', JSON.stringify([cpus(5, {})]))).toMatch(
      /^409 Invalid UNRESERVE operation: .* does not contain/,
    );
    expect((await exchange(master.port, 'GET', '/master/reserve')).status).toBe(405);
  });
});
