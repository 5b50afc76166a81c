import {describe, expect, it} from 'vitest';
import type {RunEvent} from '../../../src/engine/events.js';
import {upRun} from '../../../src/engine/runner.js';
import {everywhere} from '../../../src/engine/step.js';
import {FakeCluster, part} from '../../support/fake-cluster.js';

const STEPS = [part('base'), part('etcd', {needs: ['base'], waits: true}), part('docker', {needs: [everywhere('etcd')]})];

describe('a host that another run has locked', () => {
  it('ends the run before any host is changed, and the other locks are released', async () => {
    const world = new FakeCluster();
    world.machine('b').lockHolder = 'hw5 down of ann@desk';
    await expect(upRun(world.options(STEPS))).rejects.toThrow('b is locked by another run: hw5 down of ann@desk');
    expect(world.machine('a').trips).toEqual(['lock', 'unlock']);
    expect(world.machine('c').trips).toEqual([]);
    expect(world.events.at(-1)).toMatchObject({type: 'aborted'});
    await world.verify();
  });
});

describe('the events of a run', () => {
  it('start with the steps and their hosts and end with counts', async () => {
    const world = new FakeCluster(['a', 'b']);
    await upRun(world.options([part('base'), part('etcd', {on: ['b'], needs: ['base']})]));
    expect(world.events[0]).toEqual({
      type: 'start',
      run: 'up',
      hosts: ['a', 'b'],
      steps: [
        {name: 'base', hosts: ['a', 'b']},
        {name: 'etcd', hosts: ['b']},
      ],
    });
    expect(world.events.at(-1)).toMatchObject({type: 'end', changed: 3, unchanged: 0, failed: 0});
    const ofEtcd = world.events.filter((event): event is RunEvent & {step: string} => 'step' in event && event.step === 'etcd');
    expect(ofEtcd.map((event) => event.type)).toEqual(['step-start', 'action', 'step-end']);
  });
});
