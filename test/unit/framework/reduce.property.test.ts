import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {TaskInfo} from '../../../src/framework/mesos.js';
import type {TaskSpec} from '../../../src/scheduler-api/task.js';
import {type Container, FrameworkWorld, fiveTasks, recoverFor, runFor, taskSpec} from '../../support/framework-world.js';

const taskLists: readonly (readonly TaskSpec[])[] = [
  fiveTasks(),
  fiveTasks('docker-ssh:2'),
  fiveTasks().slice(0, 3),
  [...fiveTasks(), taskSpec('ssh-5', '192.168.0.105')],
  // Two tasks swap their addresses.
  fiveTasks().map((spec) =>
    spec.name === 'ssh-1'
      ? {...spec, address: '192.168.0.102'}
      : spec.name === 'ssh-2'
        ? {...spec, address: '192.168.0.101'}
        : spec,
  ),
];

interface Moment {
  readonly world: FrameworkWorld;
  readonly choice: number;
}

const agent = ({world, choice}: Moment) => world.agents[choice % world.agents.length]!;
const name = ({world, choice}: Moment) => world.state.desired[choice % Math.max(1, world.state.desired.length)]?.name ?? 'none';
const withContainer = ({world, choice}: Moment, act: (container: Container) => void): void => {
  const container = world.containers[choice % Math.max(1, world.containers.length)];
  if (container !== undefined) act(container);
};

const actions = {
  live: ({world, choice}) => runFor(world, 1 + choice),
  subscribe: ({world}) => world.subscribe(),
  'some seconds': ({world, choice}) => world.pass(1 + choice),
  'a minute': ({world}) => world.pass(60),
  'more than half a reservation': ({world}) => world.pass(160),
  'five minutes': ({world}) => world.pass(301),
  deliver: ({world}) => world.deliver(),
  duplicate: ({world}) => world.deliver(true),
  repeat: ({world, choice}) => world.repeat(choice),
  save: ({world}) => world.finishSave(),
  free: ({world}) => world.finishFreeing(),
  offer: ({world}) => world.offer(),
  rescind: ({world}) => world.rescind(),
  progress: (moment) => withContainer(moment, (container) => moment.world.progress(container)),
  makeUnhealthy: (moment) => withContainer(moment, (container) => moment.world.makeUnhealthy(container)),
  fail: (moment) => withContainer(moment, (container) => moment.world.end(container, 'TASK_FAILED')),
  'lose messages': ({world}) => {
    // Only updates of the master are lost for ever; an agent repeats its own.
    world.stream = world.stream.filter((event) => event.type !== 'UPDATE' || event.update.status.uuid !== undefined);
  },
  'lose agent': (moment) => moment.world.loseAgent(agent(moment)),
  'return agent': (moment) => moment.world.returnAgent(agent(moment)),
  'reboot agent': (moment) => moment.world.returnAgent(agent(moment), true),
  disconnect: ({world}) => world.disconnect(),
  crash: ({world, choice}) => world.crash(choice % 4),
  'crash in the midst of an act': ({world, choice}) => world.crashAfter(choice, choice % 3),
  'restart master': ({world}) => world.restartMaster(),
  want: ({world, choice}) => world.setDesired(taskLists[choice % taskLists.length]!),
  restart: (moment) => moment.world.command('restart', name(moment)),
  kill: (moment) => moment.world.command('kill', name(moment)),
  release: (moment) => moment.world.command('release', name(moment)),
  teardown: ({world}) => world.teardown(),
} satisfies Record<string, (moment: Moment) => void>;

type Action = keyof typeof actions;
type Step = readonly [action: Action, choice: number];

/** Single actions in arbitrary order, mixed with longer spans of normal operation, so that they occur in a busy cluster. */
const often: readonly Action[] = [
  'live',
  'live',
  'live',
  'live',
  'live',
  'subscribe',
  'subscribe',
  'lose agent',
  'return agent',
  'crash',
  'crash in the midst of an act',
  'crash in the midst of an act',
  'fail',
  'want',
  'save',
];
const stepsOf = (chosen: readonly Action[]): fc.Arbitrary<readonly Step[]> =>
  fc.array(fc.tuple(fc.constantFrom(...often.filter((action) => chosen.includes(action)), ...chosen), fc.nat(20)), {
    minLength: 10,
    maxLength: 60,
  });
const all = Object.keys(actions) as Action[];
const steps = stepsOf(all);
/** The actions that neither end a task nor request its end. */
const blameless = all.filter(
  (action) => !['makeUnhealthy', 'fail', 'reboot agent', 'want', 'restart', 'kill', 'release', 'teardown'].includes(action),
);

function perform(world: FrameworkWorld, [action, choice]: Step): void {
  actions[action]({world, choice});
}

/** Containers whose address cannot have another holder: their agent was never lost for as long as an address stays reserved. */
function holders(world: FrameworkWorld) {
  return world.containers.filter((container) => !container.isOverdue);
}

function expectUnique<T>(things: readonly T[], by: (thing: T) => string, when: unknown): void {
  const values = things.map(by);
  const twice = values.filter((value, index) => values.indexOf(value) !== index);
  if (twice.length > 0) expect.fail(`${twice.join(', ')} twice after ${JSON.stringify(when)}: ${JSON.stringify(things)}`);
}

/** Checks a launch when it is sent: it is stored, the stored counter is higher, and no live container has its name or its address. */
function expectLaunchable(world: FrameworkWorld, info: TaskInfo): void {
  const id = info.task_id.value;
  const address = info.container.docker.parameters.find(({key}) => key === 'ip')!.value;
  const holder = holders(world).find((one) => one.address === address || one.name === info.name);
  if (holder !== undefined) expect.fail(`${id} was launched next to ${JSON.stringify(holder)}`);
  const number = Number(id.split('.').at(-1));
  if (!world.store.has(`runs/${id}`) || !(Number(world.store.get('counter')) > number))
    expect.fail(`${id} was launched before it was written down`);
}

describe('with any events in any order', () => {
  it('no two live tasks share an address or a name, and no task id is used twice', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const world = new FrameworkWorld(fiveTasks());
        const ids: string[] = [];
        world.onCall = (call) => {
          if (call.type !== 'ACCEPT') return;
          for (const info of call.accept.operations.flatMap((one) => one.launch.task_infos)) {
            expectLaunchable(world, info);
            ids.push(info.task_id.value);
          }
        };
        recoverFor(world, 12);
        for (const step of sequence) {
          perform(world, step);
          const live = holders(world);
          expectUnique(live, (container) => container.address, step);
          // At most one live task of each name: never more than desired.
          expectUnique(live, (container) => container.name, step);
        }
        expectUnique(ids, (id) => id, 'the ids');
      }),
      {numRuns: 200},
    );
  }, 400_000);

  it('no task is ended without a reason: it survives every loss of messages, of the scheduler, the master and its agent', () => {
    fc.assert(
      fc.property(stepsOf(blameless), (sequence) => {
        const world = new FrameworkWorld(fiveTasks());
        // Otherwise a message from before the agent's return could be the last one when the reservation ends.
        world.isPrompt = true;
        recoverFor(world, 12);
        const before = world.containers;
        for (const step of sequence) {
          perform(world, step);
          const ended = before.filter((container) => !world.containers.includes(container) && !container.isOverdue);
          if (ended.length > 0) expect.fail(`ended after ${JSON.stringify(step)}: ${JSON.stringify(ended)}`);
        }
      }),
      {numRuns: 100},
    );
  }, 400_000);

  it('in the end all desired tasks run with their descriptions, and nothing else', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const world = new FrameworkWorld(fiveTasks());
        recoverFor(world, 12);
        for (const step of sequence) perform(world, step);
        world.cancelCrash();
        recoverFor(world, 1200);
        const {desired, hashes, runs} = world.state;
        const expected = desired.map((spec) => `${spec.name} ${spec.address} ${spec.image}`).sort();
        expect(world.containers.map((one) => `${one.name} ${one.address} ${one.image}`).sort()).toEqual(expected);
        expect(world.containers.every((one) => one.state === 'TASK_RUNNING' && (one.healthy === true || !one.hasCheck))).toBe(
          true,
        );
        for (const run of Object.values(runs))
          expect(run).toMatchObject({termination: null, phase: 'running', specHash: hashes[run.name]});
        // When everything is healthy, only the periodic reconciliation is sent.
        world.calls.length = 0;
        recoverFor(world, 60);
        expect(world.calls.filter((call) => call.type !== 'RECONCILE')).toEqual([]);
      }),
      {numRuns: 40},
    );
  }, 400_000);
});
