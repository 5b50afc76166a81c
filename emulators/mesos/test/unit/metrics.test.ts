import {describe, expect, it} from 'vitest';
import {metrics} from '../../src/master/metrics.js';
import {shellTask} from '../support/framework.js';
import {TestStateMachine} from '../support/state-machine.js';
import {readExchange} from '../support/transcripts.js';

const SMALL = 'cpus:2;mem:2048;disk:2048;ports:[31000-32000]';

function start(): TestStateMachine {
  const machine = new TestStateMachine();
  machine.agent('a', SMALL);
  machine.framework('fw E');
  return machine;
}

/** The metrics, with the framework's prefix replaced by `framework/`. */
function read(machine: TestStateMachine): Record<string, number> {
  const all = Object.entries(metrics(machine.context));
  return Object.fromEntries(
    all.map(([name, value]) => [name.replace(/^master\/frameworks\/[^/]+\/[^/]+\//, 'framework/'), value]),
  );
}

describe('the metrics of a master', () => {
  it('have the names of upstream, but those of the allocator, the log and operations (transcript 459)', () => {
    const recorded = Object.keys(JSON.parse(readExchange('459-metrics').text))
      .map((name) => name.replace(/^master\/frameworks\/fw-E\/[^/]+\//, 'framework/'))
      .filter((name) => !/^(allocator|registrar|master\/operations)\//.test(name));
    const own = Object.keys(read(start())).filter((name) => !name.startsWith('allocator/'));
    expect(own.sort()).toEqual(recorded.sort());
  });

  it('count the calls, offers, operations and events of a framework', () => {
    const machine = start();
    const [offer] = machine.offers('fw E');
    const task_infos = [{...shellTask('t', 'true'), agent_id: offer.agent_id}];
    machine.call('fw E', 'ACCEPT', {accept: {offer_ids: [offer.id], operations: [{type: 'LAUNCH', launch: {task_infos}}]}});
    machine.call('fw E', 'REVIVE');
    expect(read(machine)).toMatchObject({
      'framework/subscribed': 1,
      'framework/calls': 3,
      'framework/calls/subscribe': 1,
      'framework/calls/accept': 1,
      'framework/calls/decline': 0,
      'framework/offers/sent': 2,
      'framework/offers/accepted': 1,
      'framework/operations/launch': 1,
      'framework/events/offers': 2,
      'framework/tasks/active/task_staging': 1,
      'master/messages_launch_tasks': 1,
      'master/messages_revive_offers': 1,
      'master/messages_register_framework': 1,
      'master/slave_registrations': 1,
      'master/tasks_staging': 1,
    });
    expect(Object.keys(metrics(machine.context))).toContainEqual(
      expect.stringMatching(/^master\/frameworks\/fw%20E\/\S+\/calls$/),
    );
  });

  it('of a framework end with it', () => {
    const machine = start();
    machine.call('fw E', 'TEARDOWN');
    expect(Object.keys(read(machine)).filter((name) => name.startsWith('framework/'))).toEqual([]);
  });
});
