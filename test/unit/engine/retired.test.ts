import {describe, expect, it} from 'vitest';
import {planRun, upRun} from '../../../src/engine/runner.js';
import {ConnectError} from '../../../src/support/errors.js';
import {FakeCluster, part} from '../../support/fake-cluster.js';

describe('a step on a host that has lost its role', () => {
  const onlyOn = (name: string, on: string[], needs: string[] = []) =>
    part(name, {on, needs, extra: {undoTargets: (cluster) => cluster.nodes}});
  const steps = [part('base'), onlyOn('agent', ['a'], ['base']), onlyOn('task', ['a'], ['agent'])];
  const old = (): FakeCluster => {
    const world = new FakeCluster(['a', 'b']);
    for (const thing of ['base', 'agent', 'task']) world.machine('b').things.add(thing);
    return world;
  };

  it('is removed by up, in reverse, before it is installed elsewhere; the second time nothing is done', async () => {
    const world = old();
    expect(await upRun(world.options(steps))).toEqual({changed: 5, unchanged: 1, errors: []});
    expect(world.changes('b')).toEqual(['remove task', 'remove agent']);
    const order = world.events.flatMap((event) => (event.type === 'action' ? [`${event.action} on ${event.host}`] : []));
    expect(order.indexOf('remove agent: remove agent on b')).toBeLessThan(order.indexOf('make agent: make agent on a'));
    expect(world.events).toContainEqual({
      type: 'more-steps',
      steps: [
        {name: 'task-retired', hosts: ['b']},
        {name: 'agent-retired', hosts: ['b']},
      ],
    });
    expect(await upRun(world.options(steps))).toEqual({changed: 0, unchanged: 4, errors: []});
    await world.verify();
  });

  it('is removed after what needed it, even if a step between them has no remains', async () => {
    const world = old();
    world.machine('b').things.add('end');
    world.machine('b').things.delete('task');
    await upRun(world.options([...steps, onlyOn('end', ['a'], ['task'])]));
    expect(world.changes('b')).toEqual(['remove end', 'remove agent']);
  });

  it('is shown by plan', async () => {
    const plans = await planRun(old().options(steps, {lockAs: undefined}));
    expect(plans.filter(({host}) => host === 'b').map(({title, actions}) => [title, actions.length])).toEqual([
      ['the task, no longer wanted', 1],
      ['the agent, no longer wanted', 1],
      ['the base', 0],
    ]);
  });

  it('is not removed before the first steps are checked', async () => {
    const world = old();
    const check = () => [{message: 'no', hint: 'fix it'}];
    await upRun(world.options([part('base', {extra: {check}}), ...steps.slice(1)]));
    expect(world.changes('b')).toEqual([]);
  });

  it('is ignored if the host cannot be reached, and blocks nothing', async () => {
    const world = old();
    world.unreachable.set('b', new ConnectError('b', 'no route to b'));
    await upRun(world.options(steps));
    expect(world.outcomes).toEqual({'base@a': 'changed', 'base@b': 'failed', 'agent@a': 'changed', 'task@a': 'changed'});
  });
});
