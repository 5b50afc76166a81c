import {describe, expect, it} from 'vitest';
import {type Event, shellTask} from '../support/framework.js';
import {cpus} from '../support/reservations.js';
import {TestStateMachine} from '../support/state-machine.js';

const REFINED = [{type: 'MULTI_ROLE'}, {type: 'RESERVATION_REFINEMENT'}];

function machineWith(info: object = {}): TestStateMachine {
  const machine = new TestStateMachine();
  machine.agent('a', 'cpus:2;mem:2048');
  machine.framework('f', {roles: ['ra'], capabilities: REFINED, ...info});
  return machine;
}

/** Performs operations on the latest offer. @returns the cpus in the next offer */
function perform(machine: TestStateMachine, ...operations: object[]): Event[] {
  const offer = machine.offers('f').at(-1);
  machine.call('f', 'ACCEPT', {accept: {offer_ids: [offer.id], operations, filters: {refuse_seconds: 0}}});
  machine.pass(2);
  return machine
    .offers('f')
    .at(-1)
    .resources.filter((resource: Event) => resource.name === 'cpus');
}

const reserve = (...resources: object[]) => ({type: 'RESERVE', reserve: {resources}});
const unreserve = (...resources: object[]) => ({type: 'UNRESERVE', unreserve: {resources}});
const labels = (value: string) => ({labels: {labels: [{key: 'k', value}]}});

const statuses = (machine: TestStateMachine): Event[] =>
  machine.events('f').flatMap((event) => (event.update_operation_status ? [event.update_operation_status.status] : []));

describe('a reservation', () => {
  it('keeps its labels, and is not merged with one with different labels', () => {
    const machine = machineWith();
    const cpusOffered = perform(machine, reserve(cpus(0.5, labels('x'))), reserve(cpus(0.5, labels('y'))));
    expect(cpusOffered.filter((resource) => resource.reservations)).toMatchObject([
      {scalar: {value: 0.5}, reservations: [{type: 'DYNAMIC', role: 'ra', ...labels('x')}]},
      {scalar: {value: 0.5}, reservations: [{type: 'DYNAMIC', role: 'ra', ...labels('y')}]},
    ]);
  });

  it('has its labels and principal in the format without RESERVATION_REFINEMENT, too', () => {
    const machine = machineWith({capabilities: [{type: 'MULTI_ROLE'}], principal: 'p'});
    const given = {role: 'ra', reservation: {principal: 'p', ...labels('x')}};
    const cpusOffered = perform(machine, reserve(cpus(0.5, undefined, given)));
    expect(cpusOffered.find((resource) => resource.reservation)).toMatchObject({scalar: {value: 0.5}, ...given});
  });

  it('is refined for a nested role and undone one step at a time', () => {
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
      'for a role other than that of the offer',
      [cpus(0.5, {role: 'other', principal: 'p'})],
      "with role 'other', but the resource was allocated to role 'ra'",
    ],
    [
      'with the principal of another framework',
      [cpus(0.5, {principal: 'q'})],
      "does not match a reserved resource in the request with principal 'q'",
    ],
    ['without the framework’s principal', [cpus(0.5, {})], 'with no principal set'],
    ['of resources without a reservation', [cpus(0.5)], 'Resource cpus is not dynamically reserved'],
    ['of more than the offer contains', [cpus(5, {principal: 'p'})], 'does not contain cpus:5'],
    ['of a negative amount', [cpus(-1, {principal: 'p'})], 'Invalid scalar resource: value < 0'],
    [
      'of resources that are allocated to another role',
      [cpus(0.5, {principal: 'p'}, {allocation_info: {role: 'rb'}})],
      "allocated to role 'rb', but the offer was made to role 'ra'",
    ],
  ])('%s is rejected', (_, resources, words) => {
    const machine = machineWith({principal: 'p'});
    const id = {value: 'op'};
    expect(perform(machine, {...reserve(...resources), id})).toMatchObject([{scalar: {value: 2}}]);
    expect(statuses(machine)).toMatchObject([{operation_id: id, state: 'OPERATION_ERROR'}]);
    expect(statuses(machine)[0].message).toContain(words);
  });
});

describe('an operation with an id', () => {
  it('is reported as finished, with the converted resources', () => {
    const machine = machineWith();
    const reserved = cpus(0.5, labels('x'));
    perform(
      machine,
      {...reserve(reserved), id: {value: 'op-1'}},
      {...unreserve(reserved), id: {value: 'op-2'}},
      reserve(reserved),
    );
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

  it('is reported as dropped if its offer is invalid, and as an error if it is not supported', () => {
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

  it('is unknown in a reconciliation, because it has already finished', () => {
    const machine = machineWith();
    machine.call('f', 'RECONCILE_OPERATIONS', {reconcile_operations: {operations: [{operation_id: {value: 'op-1'}}]}});
    expect(statuses(machine)).toMatchObject([{operation_id: {value: 'op-1'}, state: 'OPERATION_UNKNOWN'}]);
  });

  it('does not launch a task on a volume that could not be created', () => {
    const machine = machineWith();
    const [offer] = machine.offers('f');
    const volume = {name: 'disk', type: 'SCALAR', scalar: {value: 10}, disk: {persistence: {id: 'v'}, volume: {}}};
    const task = {...shellTask('t', 'true', {resources: [cpus(0.1), volume]}), agent_id: offer.agent_id};
    perform(machine, {type: 'CREATE', create: {volumes: [volume]}}, {type: 'LAUNCH', launch: {task_infos: [task]}});
    expect(machine.messages('a').some((message) => message.type === 'RUN_TASK')).toBe(false);
  });
});
