import {describe, expect, it} from 'vitest';
import {planRun} from '../../../src/engine/runner.js';
import {everywhere} from '../../../src/engine/step.js';
import {ConnectError} from '../../../src/support/errors.js';
import {FakeCluster, part} from '../../support/fake-cluster.js';

const STEPS = [part('base'), part('etcd', {needs: ['base'], waits: true}), part('docker', {needs: [everywhere('etcd')]})];

describe('plan', () => {
  it('observes each host once, takes no lock and changes nothing', async () => {
    const world = new FakeCluster(['a', 'b']);
    world.machine('b').things.add('base');
    const plans = await planRun(world.options(STEPS, {lockAs: undefined}));
    expect(plans.filter((plan) => plan.actions.length > 0).map((plan) => `${plan.step}@${plan.host}`)).toEqual([
      'base@a',
      'etcd@a',
      'etcd@b',
      'docker@a',
      'docker@b',
    ]);
    expect(plans.find((plan) => plan.step === 'etcd')!.waitFor).toBe('etcd to be ready');
    expect(world.machine('a').trips).toEqual(['observe base etcd docker']);
    await world.verify();
  });

  it('reports a host that cannot be observed once, not once per step', async () => {
    const world = new FakeCluster(['a', 'b']);
    world.machine('a').instead.set('observe base etcd docker', () => ({code: 1, stderr: 'no space left on device'}));
    const plans = await planRun(world.options(STEPS));
    expect(new Set(plans.flatMap(({error}) => (error ? [error] : []))).size).toBe(1);
    expect(plans.filter(({error}) => error).map(({host}) => host)).toEqual(['a', 'a', 'a']);
  });

  it('reports which step could not be observed, and plans the others', async () => {
    const world = new FakeCluster(['a']);
    world.machine('a').unresponsive.add('etcd');
    const plans = await planRun(world.options(STEPS));
    expect(plans.map(({step, actions, error}) => [step, actions.length, error?.message])).toEqual([
      ['base', 1, undefined],
      ['etcd', 0, 'a gave no answer within 30 s: isThere (see etcd)'],
      ['docker', 1, undefined],
    ]);
  });

  it('plans the hosts that it reaches, and reports why not the others', async () => {
    const world = new FakeCluster(['a', 'b']);
    const error = new ConnectError('b', 'no route to b');
    world.unreachable.set('b', error);
    const plans = await planRun(world.options([part('base')], {lockAs: undefined}));
    expect(plans).toMatchObject([
      {host: 'a', error: undefined, actions: [{argv: ['make', 'base']}]},
      {host: 'b', error, actions: []},
    ]);
  });
});
