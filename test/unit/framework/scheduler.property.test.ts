import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {TaskSpec} from '../../../src/framework/config.js';
import {FrameworkWorld, fiveTasks, flourish, live, taskSpec} from '../../support/framework-world.js';

const wishes: readonly (readonly TaskSpec[])[] = [
  fiveTasks(),
  fiveTasks('docker-ssh:2'),
  fiveTasks().slice(0, 3),
  [...fiveTasks(), taskSpec('ssh-5', '192.168.0.105')],
  // Two swap their addresses.
  fiveTasks().map((spec) =>
    spec.name === 'ssh-1'
      ? {...spec, address: '192.168.0.102'}
      : spec.name === 'ssh-2'
        ? {...spec, address: '192.168.0.101'}
        : spec,
  ),
];

type Step = readonly [kind: (typeof kinds)[number], choice: number];

/** Small steps in odd orders, and spans in which everything goes its way, so that the odd ones meet a busy world. */
const kinds = [
  ...['live', 'live', 'live', 'live', 'live', 'live', 'subscribe', 'subscribe', 'subscribe', 'second', 'minute', 'five minutes'],
  ...[
    'deliver',
    'deliver',
    'duplicate',
    'save',
    'save',
    'free',
    'offer',
    'offer',
    'progress',
    'sicken',
    'fail',
    'fail',
    'drop answer',
    'rescind',
  ],
  ...[
    'lose agent',
    'lose agent',
    'return agent',
    'return agent',
    'reboot agent',
    'disconnect',
    'crash',
    'crash',
    'restart master',
  ],
  ...['want', 'want', 'restart', 'kill'],
] as const;

const steps: fc.Arbitrary<readonly Step[]> = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat(20)), {
  minLength: 10,
  maxLength: 60,
});

function perform(world: FrameworkWorld, [kind, choice]: Step): void {
  const agent = world.agents[choice % world.agents.length]!;
  const container = world.containers[choice % Math.max(1, world.containers.length)];
  const name = world.state.desired[choice % Math.max(1, world.state.desired.length)]?.name ?? 'none';
  switch (kind) {
    case 'live':
      return live(world, 1 + choice);
    case 'deliver':
      return world.deliver();
    case 'duplicate':
      return world.deliver(true);
    case 'save':
      return world.finishSave();
    case 'free':
      return world.finishFreeing();
    case 'offer':
      return world.offer();
    case 'progress':
      return container && world.progress(container);
    case 'sicken':
      return container && world.sicken(container);
    case 'fail':
      return container && world.end(container, 'TASK_FAILED');
    case 'drop answer':
      // A message of the master's own that is lost on the way; an agent's would be repeated.
      world.stream = world.stream.filter((event) => event.type !== 'UPDATE' || event.update.status.uuid !== undefined);
      return;
    case 'lose agent':
      return world.loseAgent(agent);
    case 'return agent':
      return world.returnAgent(agent);
    case 'reboot agent':
      return world.returnAgent(agent, true);
    case 'rescind':
      return world.rescind();
    case 'disconnect':
      return world.disconnect();
    case 'subscribe':
      return world.subscribe();
    case 'crash':
      return world.crash(choice % 4);
    case 'restart master':
      return world.restartMaster();
    case 'second':
      return world.pass(1 + choice);
    case 'minute':
      return world.pass(60);
    case 'five minutes':
      return world.pass(301);
    case 'want':
      return world.want(wishes[choice % wishes.length]!);
    case 'restart':
      return world.command('restart', name);
    case 'kill':
      return world.command('kill', name);
  }
}

/** Containers whose address cannot have been given away: their agent was never out of touch for as long as the fence holds. */
function holders(world: FrameworkWorld) {
  return world.containers.filter((container) => !container.isOverdue);
}

function expectUnique<T>(things: readonly T[], by: (thing: T) => string, when: unknown): void {
  const values = things.map(by);
  const twice = values.filter((value, index) => values.indexOf(value) !== index);
  if (twice.length > 0) expect.fail(`${twice.join(', ')} twice after ${JSON.stringify(when)}: ${JSON.stringify(things)}`);
}

describe('whatever happens in whatever order', () => {
  it('no two live tasks share an address or a name, and no task id is used twice', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const world = new FrameworkWorld(fiveTasks());
        const ids: string[] = [];
        world.onCall = (call) => {
          if (call.type === 'ACCEPT')
            ids.push(...call.accept.operations.flatMap((one) => one.launch.task_infos.map((info) => info.task_id.value)));
        };
        flourish(world, 12);
        for (const step of sequence) {
          perform(world, step);
          const live = holders(world);
          expectUnique(live, (container) => container.address, step);
          // One live task of each name at most: never more than wanted.
          expectUnique(live, (container) => container.name, step);
        }
        expectUnique(ids, (id) => id, 'the ids');
      }),
      {numRuns: 200},
    );
  }, 120_000);

  it('everything that is wanted runs in the end, as it is wanted, and nothing else', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const world = new FrameworkWorld(fiveTasks());
        flourish(world, 12);
        for (const step of sequence) perform(world, step);
        flourish(world, 500);
        const {desired, hashes, runs} = world.state;
        const wanted = desired.map((spec) => `${spec.name} ${spec.address} ${spec.image}`).sort();
        expect(world.containers.map((one) => `${one.name} ${one.address} ${one.image}`).sort()).toEqual(wanted);
        expect(world.containers.every((one) => one.state === 'TASK_RUNNING' && (one.healthy === true || !one.hasCheck))).toBe(
          true,
        );
        for (const run of Object.values(runs))
          expect(run).toMatchObject({condemned: null, phase: 'running', specHash: hashes[run.name]});
        // Once all is well nothing is sent any more but the periodic question.
        world.calls.length = 0;
        flourish(world, 60);
        expect(world.calls.filter((call) => call.type !== 'RECONCILE')).toEqual([]);
      }),
      {numRuns: 60},
    );
  }, 120_000);
});
