import {setTimeout as pause} from 'node:timers/promises';
import {describe, expect, it} from 'vitest';
import type {Cluster} from '../../../src/cluster/cluster.js';
import {downRun, upRun} from '../../../src/engine/runner.js';
import {everywhere} from '../../../src/engine/step.js';
import {ConnectError, StepError} from '../../../src/support/errors.js';
import {FakeCluster, part} from '../../support/fake-cluster.js';

const STEPS = [part('base'), part('etcd', {needs: ['base'], waits: true}), part('docker', {needs: [everywhere('etcd')]})];

describe('down', () => {
  const full = (): FakeCluster => {
    const world = new FakeCluster();
    for (const machine of world.machines.values()) for (const thing of ['base', 'etcd', 'docker']) machine.things.add(thing);
    return world;
  };

  it('removes everything in reverse: what needs a step is removed first, on all hosts', async () => {
    const world = full();
    expect(await downRun({...world.options(STEPS), purge: false})).toEqual({changed: 9, unchanged: 0, errors: []});
    const order = world.events.flatMap((event) =>
      event.type === 'action' ? [event.action.slice('remove '.length).split(':')[0]] : [],
    );
    expect(order.slice(0, 3)).toEqual(['docker', 'docker', 'docker']);
    expect(world.changes('a')).toEqual(['remove docker', 'remove etcd', 'remove base']);
    for (const machine of world.machines.values()) expect(machine.things).toEqual(new Set());
  });

  it('removes a step from hosts that have lost its role, after what needs it', async () => {
    const everyNode = {undoTargets: (cluster: Cluster) => cluster.nodes};
    const steps = [part('etcd', {on: ['a'], extra: everyNode}), part('docker', {on: ['a', 'b'], needs: ['etcd']})];
    const world = full();
    world.machine('b').instead.set('remove docker', async () => {
      await pause(30);
      for (const {things} of world.machines.values()) expect(things).toContain('etcd');
      world.machine('b').things.delete('docker');
      return '';
    });
    expect(await downRun({...world.options(steps), purge: false})).toMatchObject({changed: 5, errors: []});
    expect(['b', 'c'].map((name) => world.changes(name))).toEqual([['remove docker', 'remove etcd'], ['remove etcd']]);
    expect(world.events[0]).toMatchObject({steps: [{name: 'etcd', hosts: ['a', 'b', 'c']}, {name: 'docker'}]});
    const again = new FakeCluster();
    await upRun(again.options(steps));
    expect(again.machine('c').things).toEqual(new Set());
  });

  it('continues after failures, and reports all', async () => {
    const world = full();
    world.machine('a').instead.set('remove docker', () => ({code: 1, stderr: 'busy'}));
    world.machine('b').instead.set('remove etcd', () => ({code: 1, stderr: 'busy'}));
    const {errors, changed} = await downRun({...world.options(STEPS), purge: false});
    expect(errors.map((error) => (error instanceof StepError ? `${error.step}@${error.host}` : error))).toEqual([
      'docker@a',
      'etcd@b',
    ]);
    expect(changed).toBe(7);
    expect(world.machine('a').things).toEqual(new Set(['docker']));
  });

  it('observes a host again after a step that failed, which may have changed something before', async () => {
    const world = new FakeCluster(['a']);
    const {things, instead, trips} = world.machine('a');
    for (const thing of ['base', 'etcd', 'docker']) things.add(thing);
    instead.set('remove docker', () => {
      things.delete('etcd');
      return {code: 1, stderr: 'busy'};
    });
    await downRun({...world.options(STEPS), purge: false});
    expect(trips).toEqual([
      'lock',
      'observe base etcd docker',
      'remove docker',
      'observe etcd',
      'observe base',
      'remove base',
      'unlock',
    ]);
  });

  it('changes nothing the second time', async () => {
    const world = new FakeCluster();
    expect(await downRun({...world.options(STEPS), purge: true})).toEqual({changed: 0, unchanged: 9, errors: []});
    expect(world.machine('a').trips).toEqual(['lock', 'observe base etcd docker', 'unlock']);
  });

  it('removes nothing, and fails, where a fact times out', async () => {
    const world = new FakeCluster(['a', 'b']);
    await upRun(world.options(STEPS));
    world.machine('a').unresponsive.add('docker');
    const {errors} = await downRun({...world.options(STEPS), purge: false});
    expect(errors).toEqual([expect.objectContaining({step: 'docker', host: 'a'})]);
    expect([...world.machine('a').things]).toEqual(['docker']);
    expect([...world.machine('b').things]).toEqual([]);
  });

  it('ignores a timeout of a fact that it does not need', async () => {
    const world = new FakeCluster(['a']);
    const docker = part('docker', {extra: {undo: () => []}});
    world.machine('a').unresponsive.add('docker');
    expect(await downRun({...world.options([docker]), purge: false})).toEqual({changed: 0, unchanged: 1, errors: []});
  });

  it('reports a host that cannot be reached once', async () => {
    const world = full();
    world.unreachable.set('b', new ConnectError('b', 'no route to b'));
    const {errors} = await downRun({...world.options(STEPS), purge: false});
    expect(errors).toHaveLength(1);
    const reported = world.events.filter((event) => event.type === 'step-end' && event.error !== undefined);
    expect(reported).toMatchObject([{host: 'b', outcome: 'failed'}]);
    expect(world.machine('c').things).toEqual(new Set());
  });

  it('reports a lost connection once', async () => {
    const world = full();
    const lost = new ConnectError('b', 'the connection to b was lost');
    for (const thing of ['docker', 'etcd', 'base']) world.machine('b').instead.set(`remove ${thing}`, () => lost);
    const {errors} = await downRun({...world.options(STEPS), purge: false});
    expect(errors).toMatchObject([{step: 'docker', host: 'b', cause: lost}]);
    expect(world.machine('a').things).toEqual(new Set());
  });
});
