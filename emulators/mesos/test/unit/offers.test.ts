import {describe, expect, it} from 'vitest';
import {shellTask} from '../support/framework.js';
import {amounts, TestStateMachine} from '../support/state-machine.js';

const SMALL = 'cpus:2;mem:2048;disk:2048;ports:[31000-32000]';

function decline(machine: TestStateMachine, name: string, refuse_seconds?: number): void {
  const offer = machine.offers(name).at(-1);
  machine.call(name, 'DECLINE', {
    decline: {offer_ids: [offer.id], ...(refuse_seconds === undefined ? {} : {filters: {refuse_seconds}})},
  });
}

/** The seconds until the next offer; undefined if there is none. */
function secondsUntilOffer(machine: TestStateMachine, name: string, atMost: number): number | undefined {
  const before = machine.offers(name).length;
  for (let tenth = 0; tenth <= atMost * 10; tenth++) {
    if (machine.offers(name).length > before) return tenth / 10;
    machine.pass(0.1);
  }
  return undefined;
}

function oneFramework(settings = {}): TestStateMachine {
  const machine = new TestStateMachine(settings);
  machine.agent('a', SMALL);
  machine.framework('f');
  return machine;
}

describe('an offer', () => {
  it('contains all resources of an agent and is made immediately', () => {
    const machine = oneFramework();
    expect(machine.offers('f')).toHaveLength(1);
    expect(amounts(machine.offers('f')[0])).toEqual({cpus: 2, mem: 2048, disk: 2048});
    machine.pass(30);
    expect(machine.offers('f')).toHaveLength(1);
  });

  it('is repeated five seconds after it was declined, or after refuse_seconds', () => {
    const machine = oneFramework();
    decline(machine, 'f');
    expect(secondsUntilOffer(machine, 'f', 10)).toBeGreaterThanOrEqual(5);
    decline(machine, 'f', 2);
    const short = secondsUntilOffer(machine, 'f', 10);
    expect(short).toBeGreaterThanOrEqual(2);
    expect(short).toBeLessThan(4);
    decline(machine, 'f', 3600);
    expect(secondsUntilOffer(machine, 'f', 60)).toBeUndefined();
    const before = machine.offers('f').length;
    machine.call('f', 'REVIVE');
    expect(machine.offers('f')).toHaveLength(before + 1);
  });

  it('is not prevented by the filter of a smaller one', () => {
    const machine = oneFramework();
    const [offer] = machine.offers('f');
    const task = {...shellTask('t', 'true'), agent_id: offer.agent_id};
    const operations = [{type: 'LAUNCH', launch: {task_infos: [task]}}];
    machine.call('f', 'ACCEPT', {accept: {offer_ids: [offer.id], operations, filters: {refuse_seconds: 3600}}});
    machine.pass(10);
    expect(machine.offers('f')).toHaveLength(1);
    machine.context.state.frameworks.get(machine.events('f')[0].subscribed.framework_id.value)!.tasks.get('t')!.state =
      'TASK_FINISHED';
    machine.pass(2);
    expect(amounts(machine.offers('f')[1])).toEqual({cpus: 2, mem: 2048, disk: 2048});
  });

  it('stays valid when the framework suppresses offers, and no other is made', () => {
    const machine = oneFramework();
    machine.call('f', 'SUPPRESS');
    expect(machine.events('f').some((event) => event.type === 'RESCIND')).toBe(false);
    decline(machine, 'f', 0);
    machine.pass(20);
    expect(machine.offers('f')).toHaveLength(1);
    machine.call('f', 'REVIVE');
    expect(machine.offers('f')).toHaveLength(2);
  });

  it('is rescinded after --offer_timeout', () => {
    const machine = oneFramework({offerTimeout: 3});
    machine.pass(2.5);
    expect(machine.events('f').filter((event) => event.type === 'RESCIND')).toEqual([]);
    machine.pass(1);
    expect(machine.events('f')).toContainEqual({type: 'RESCIND', rescind: {offer_id: machine.offers('f')[0].id}});
  });

  it('is made to the framework with the smallest share', () => {
    const machine = new TestStateMachine();
    machine.agent('a', SMALL);
    machine.framework('large');
    const [offer] = machine.offers('large');
    const task = {...shellTask('t', 'true'), agent_id: offer.agent_id};
    machine.call('large', 'ACCEPT', {
      accept: {offer_ids: [offer.id], operations: [{type: 'LAUNCH', launch: {task_infos: [task]}}], filters: {refuse_seconds: 0}},
    });
    machine.framework('small');
    expect(machine.offers('small')).toHaveLength(1);
    expect(machine.offers('large')).toHaveLength(1);
  });

  it('cannot be accepted together with an offer of another agent', () => {
    const machine = oneFramework();
    machine.agent('b', SMALL);
    const [first, second] = machine.offers('f');
    const task = {...shellTask('t', 'true'), agent_id: first.agent_id};
    const operations = [{type: 'LAUNCH', launch: {task_infos: [task]}}];
    machine.call('f', 'ACCEPT', {accept: {offer_ids: [first.id, second.id], operations}});
    const {status} = machine.events('f').find((event) => event.type === 'UPDATE').update;
    expect(status).toMatchObject({state: 'TASK_LOST', reason: 'REASON_INVALID_OFFERS'});
    expect(status.message).toMatch(/Aggregated offers must belong to one single agent/);
  });

  it('can be accepted together with another offer of the same agent', () => {
    const machine = new TestStateMachine();
    machine.agent('a', SMALL);
    machine.framework('f');
    const [first] = machine.offers('f');
    const launch = (offers: object[], cpus: number, id: string) => {
      const resources = [{name: 'cpus', type: 'SCALAR', scalar: {value: cpus}}];
      const task = {...shellTask(id, 'true', {resources}), agent_id: first.agent_id};
      const accept = {
        offer_ids: offers,
        operations: [{type: 'LAUNCH', launch: {task_infos: [task]}}],
        filters: {refuse_seconds: 0},
      };
      machine.call('f', 'ACCEPT', {accept});
    };
    launch([first.id], 1, 'a');
    machine.pass(2);
    const [, second] = machine.offers('f');
    machine.context.state.frameworks.get('M-0000')!.tasks.get('a')!.state = 'TASK_FINISHED';
    machine.pass(2);
    const [, , third] = machine.offers('f');
    expect([amounts(second).cpus, amounts(third).cpus]).toEqual([1, 1]);
    launch([second.id, third.id], 2, 'b');
    expect(machine.messages('a').filter((message) => message.type === 'RUN_TASK')).toHaveLength(2);
  });
});

describe('roles', () => {
  it('of a framework without MULTI_ROLE are not in its offers', () => {
    const machine = new TestStateMachine();
    machine.agent('a', SMALL);
    machine.framework('f', {roles: undefined, capabilities: []});
    const [offer] = machine.offers('f');
    expect(offer.allocation_info).toBeUndefined();
    expect(offer.resources[0]).toEqual({name: 'ports', type: 'RANGES', ranges: {range: [{begin: 31000, end: 32000}]}, role: '*'});
  });

  it('that are suppressed by SUBSCRIBE get no offers', () => {
    const machine = new TestStateMachine();
    machine.agent('a', SMALL);
    machine.agent('b', SMALL);
    machine.framework('f', {roles: ['ra', 'rb']}, {suppressed_roles: ['rb']});
    machine.pass(5);
    expect(machine.offers('f').map((offer) => offer.allocation_info.role)).toEqual(['ra', 'ra']);
  });

  it('get what is reserved for them', () => {
    const machine = new TestStateMachine();
    machine.agent('a', 'cpus:1;cpus(prod):3;mem:1024');
    machine.framework('f');
    machine.framework('p', {roles: ['prod'], capabilities: [{type: 'MULTI_ROLE'}, {type: 'RESERVATION_REFINEMENT'}]});
    expect(amounts(machine.offers('f')[0])).toEqual({cpus: 1, mem: 1024});
    const cpus = machine.offers('p')[0].resources;
    expect(cpus).toMatchObject([{name: 'cpus', scalar: {value: 3}, reservations: [{type: 'STATIC', role: 'prod'}]}]);
  });

  it('reserve and unreserve resources (transcripts 495, 496)', () => {
    const machine = new TestStateMachine();
    machine.agent('a', SMALL);
    machine.framework('f', {roles: ['ra'], capabilities: [{type: 'MULTI_ROLE'}, {type: 'RESERVATION_REFINEMENT'}]});
    const part = {name: 'cpus', type: 'SCALAR', scalar: {value: 0.2}, reservations: [{type: 'DYNAMIC', role: 'ra'}]};
    const accept = (type: string) => {
      const offer = machine.offers('f').at(-1);
      const operations = [{type, [type.toLowerCase()]: {resources: [part]}}];
      machine.call('f', 'ACCEPT', {accept: {offer_ids: [offer.id], operations, filters: {refuse_seconds: 0}}});
      machine.pass(2);
      return machine
        .offers('f')
        .at(-1)
        .resources.filter((resource: {name: string}) => resource.name === 'cpus');
    };
    expect(accept('RESERVE')).toMatchObject([
      {scalar: {value: 1.8}},
      {scalar: {value: 0.2}, reservations: [{type: 'DYNAMIC', role: 'ra'}]},
    ]);
    expect(machine.messages('a').at(-1)).toMatchObject({type: 'CHECKPOINT_RESOURCES'});
    expect(accept('UNRESERVE')).toMatchObject([{scalar: {value: 2}}]);
  });
});

describe('an agent', () => {
  it('that responds to no ping becomes unreachable, and its offers are rescinded', () => {
    const machine = oneFramework({agentPingTimeout: 15, maxAgentPingTimeouts: 5});
    machine.pass(16);
    expect(machine.messages('a').filter((message) => message.type === 'PING')).toHaveLength(1);
    machine.pass(73);
    expect(machine.context.state.agents.size).toBe(1);
    machine.pass(2);
    expect(machine.context.state.agents.size).toBe(0);
    expect(
      machine
        .events('f')
        .map((event) => event.type)
        .slice(-2),
    ).toEqual(['RESCIND', 'FAILURE']);
  });
});

describe('a stream', () => {
  it('has a heartbeat after SUBSCRIBED and every 15 seconds', () => {
    const machine = new TestStateMachine();
    machine.framework('f');
    expect(machine.events('f').map((event) => event.type)).toEqual(['SUBSCRIBED', 'HEARTBEAT']);
    machine.pass(45.5);
    expect(machine.events('f').filter((event) => event.type === 'HEARTBEAT')).toHaveLength(4);
  });
});
