import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {describe, expect, it} from 'vitest';
import type {ClusterNode} from '../../../src/cluster/cluster.js';
import {type Action, systemctl} from '../../../src/engine/action.js';
import {upRun} from '../../../src/engine/runner.js';
import {everywhere} from '../../../src/engine/step.js';
import {ConnectError, StepError} from '../../../src/support/errors.js';
import {FakeCluster, part} from '../../support/fake-cluster.js';

const STEPS = [part('base'), part('etcd', {needs: ['base'], waits: true}), part('docker', {needs: [everywhere('etcd')]})];

describe('up', () => {
  it('makes everything, in the order of the needs, and observes again after each change', async () => {
    const world = new FakeCluster(['a']);
    const result = await upRun(world.options(STEPS));
    expect(result).toEqual({changed: 3, unchanged: 0, errors: []});
    expect(world.machine('a').trips).toEqual([
      'lock',
      'observe base etcd docker',
      'make base',
      'observe base',
      'observe etcd',
      'make etcd',
      'wait etcd',
      'observe etcd',
      'observe docker',
      'make docker',
      'observe docker',
      'unlock',
    ]);
    await world.verify();
  });

  it('changes nothing the second time, with one observation per host: connect, lock, observe', async () => {
    const world = new FakeCluster();
    await upRun(world.options(STEPS));
    for (const machine of world.machines.values()) machine.trips.length = 0;
    expect(await upRun(world.options(STEPS))).toEqual({changed: 0, unchanged: 9, errors: []});
    for (const name of ['a', 'b', 'c']) expect(world.machine(name).trips).toEqual(['lock', 'observe base etcd docker', 'unlock']);
    await world.verify();
  });

  it('makes only what is missing', async () => {
    const world = new FakeCluster();
    await upRun(world.options(STEPS));
    world.machine('b').things.delete('docker');
    world.events.length = 0;
    expect(await upRun(world.options(STEPS))).toMatchObject({changed: 1, unchanged: 8});
    expect(world.outcomes['docker@b']).toBe('changed');
  });

  it('waits for a step that exists but is not ready, and counts it as unchanged', async () => {
    const world = new FakeCluster(['a']);
    const machine = world.machine('a');
    machine.things.add('etcd');
    machine.unready.add('etcd');
    machine.instead.set('wait etcd', () => {
      machine.unready.delete('etcd');
      return '';
    });
    expect(await upRun(world.options([part('etcd', {waits: true})]))).toEqual({changed: 0, unchanged: 1, errors: []});
    expect(world.events).toContainEqual({type: 'waiting', step: 'etcd', host: 'a', reason: 'etcd to be ready'});
  });

  it('reports what an action that takes long waits for', async () => {
    const world = new FakeCluster(['a']);
    const machine = world.machine('a');
    machine.host.on(['systemctl', '--quiet', 'restart', 'dockerd'], () => {
      expect(world.events.at(-1)).toEqual({type: 'waiting', step: 'dockerd', host: 'a', reason: 'dockerd to start'});
      machine.things.add('dockerd');
      return '';
    });
    const plan = ({isThere}: {isThere: boolean}) =>
      isThere ? [] : [{...systemctl('restart', 'dockerd'), waitsFor: 'dockerd to start'}];
    expect(await upRun(world.options([part('dockerd', {extra: {plan: plan as never}})]))).toMatchObject({changed: 1, errors: []});
  });

  it('reports what was waited for, what was missing and a hint when the wait reaches its limit', async () => {
    const world = new FakeCluster(['a']);
    world.machine('a').unready.add('etcd');
    const {errors} = await upRun(world.options([part('etcd', {waits: true})]));
    expect(errors).toMatchObject([
      {step: 'etcd', host: 'a', message: 'waited 5 s for etcd to be ready: etcd is not ready', hint: 'check etcd'},
    ]);
  });

  it('reports what is missing, and no bug, when what was waited for was so for a moment only', async () => {
    const world = new FakeCluster(['a']);
    const machine = world.machine('a');
    machine.instead.set('make etcd', () => '');
    machine.instead.set('wait etcd', () => {
      machine.instead.delete('wait etcd');
      machine.things.delete('etcd');
      machine.unready.add('etcd');
      return '';
    });
    const {errors} = await upRun(world.options([part('etcd', {waits: true})]));
    expect(errors).toMatchObject([{message: 'waited 5 s for etcd to be ready: etcd is not ready', hint: 'check etcd'}]);
  });

  it('evaluates the needs of a step for each of its hosts', async () => {
    const needs = ({name}: ClusterNode) => (name === 'a' ? ['docker'] : []);
    const world = new FakeCluster(['a', 'b']);
    world.machine('a').instead.set('make docker', () => ({code: 1, stderr: 'no room'}));
    await upRun(world.options([part('docker', {on: ['a']}), part('mesos', {extra: {needs}})]));
    expect(world.outcomes).toEqual({'docker@a': 'failed', 'mesos@a': 'blocked', 'mesos@b': 'changed'});
  });

  it('blocks only what needs the failed step, on the hosts where it does', async () => {
    const steps = [
      part('base'),
      part('etcd', {needs: ['base']}),
      part('own', {needs: ['etcd']}),
      part('all', {needs: [everywhere('etcd')]}),
      part('apart', {needs: ['base']}),
    ];
    const world = new FakeCluster();
    world.machine('b').instead.set('make etcd', () => ({code: 1, stderr: 'no room'}));
    const result = await upRun(world.options(steps));
    const {outcomes} = world;
    const on = (outcome: string) => Object.keys(outcomes).filter((key) => outcomes[key] === outcome);
    expect(on('failed')).toEqual(['etcd@b']);
    expect(on('blocked').sort()).toEqual(['all@a', 'all@b', 'all@c', 'own@b']);
    expect(on('changed')).toHaveLength(10);
    expect(result.errors).toMatchObject([{step: 'etcd', host: 'b', cause: {stderr: 'no room'}}]);
    expect(world.events.at(-1)).toMatchObject({type: 'end', changed: 10, failed: 1});
    await world.verify();
  });

  it('starts a step on one host while another host still runs the one before', async () => {
    const world = new FakeCluster(['a', 'b']);
    world.machine('a').instead.set('make etcd', async () => {
      // done when b has continued
      while (!world.machine('b').things.has('docker')) await delay(1);
      world.machine('a').things.add('etcd');
      return '';
    });
    const steps = [part('etcd'), part('docker', {needs: ['etcd']})];
    expect(await upRun(world.options(steps))).toMatchObject({changed: 4, errors: []});
  });

  it('waits for all hosts of a step that is not for this one', async () => {
    const world = new FakeCluster(['a', 'b']);
    const steps = [part('builder', {on: ['a']}), part('images', {on: ['b'], needs: ['builder']})];
    await upRun(world.options(steps));
    const order = world.events.flatMap((event) => (event.type === 'action' ? [`${event.action} on ${event.host}`] : []));
    expect(order).toEqual(['make builder: make builder on a', 'make images: make images on b']);
  });

  it('reports a host that cannot be reached once, and continues on the others', async () => {
    const world = new FakeCluster();
    const error = new ConnectError('c', 'no route to c', {hint: 'plug it in'});
    world.unreachable.set('c', error);
    const result = await upRun(world.options(STEPS));
    expect(result.errors).toEqual([error]);
    expect(world.events.filter((event) => event.type === 'step-end' && event.outcome === 'failed')).toHaveLength(1);
    expect(world.outcomes).toMatchObject({
      'etcd@a': 'changed',
      'etcd@c': 'blocked',
      'docker@a': 'changed',
      'docker@c': 'blocked',
    });
    expect(world.machine('c').trips).toEqual([]);
    await world.verify();
  });

  it('does not start what needs only hosts that cannot be reached', async () => {
    const world = new FakeCluster();
    world.unreachable.set('c', new ConnectError('c', 'no route to c'));
    await upRun(world.options([part('master', {on: ['c']}), part('agent', {needs: [everywhere('master')]})]));
    expect(world.outcomes).toEqual({'master@c': 'failed', 'agent@a': 'blocked', 'agent@b': 'blocked', 'agent@c': 'blocked'});
  });

  it('blocks other hosts when a step fails on a host that can be reached', async () => {
    const world = new FakeCluster();
    world.machine('c').instead.set('make etcd', () => ({code: 1}));
    await upRun(world.options(STEPS));
    expect(world.outcomes).toMatchObject({'etcd@c': 'failed', 'docker@a': 'blocked', 'docker@b': 'blocked'});
  });

  it('reports a lost connection once, although several steps were running on the host', async () => {
    const world = new FakeCluster(['a', 'b']);
    const lost = new ConnectError('b', 'the connection to b was lost', {hint: 'is it up?'});
    let others = 0;
    for (const thing of ['one', 'two']) {
      world.machine('b').instead.set(`make ${thing}`, async () => {
        others++;
        while (others < 2) await delay(1);
        return lost;
      });
    }
    const result = await upRun(world.options([part('one'), part('two'), part('three', {needs: ['one']})]));
    expect(result.errors).toHaveLength(1);
    expect(result.errors[0]).toMatchObject({host: 'b', cause: lost, hint: 'is it up?'});
    expect(world.outcomes).toEqual({
      'one@a': 'changed',
      'one@b': 'failed',
      'two@a': 'changed',
      'two@b': 'failed',
      'three@a': 'changed',
      'three@b': 'blocked',
    });
  });

  it('does not treat a timeout as absence: nothing is changed, and the error names host and fact', async () => {
    const world = new FakeCluster(['a', 'b']);
    world.machine('a').unresponsive.add('etcd');
    const {errors} = await upRun(world.options(STEPS));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(StepError);
    expect(errors[0]).toMatchObject({
      step: 'etcd',
      host: 'a',
      message: 'a gave no answer within 30 s: isThere (see etcd)',
      hint: expect.stringContaining('run that command on a'),
    });
    expect(world.changes('a')).toEqual(['make base']);
    expect(world.outcomes).toMatchObject({'etcd@a': 'failed', 'etcd@b': 'changed', 'docker@a': 'blocked'});
    await world.verify();
  });

  it('observes a step again whose first observation timed out: what it needs may have been starting', async () => {
    const world = new FakeCluster(['a']);
    await upRun(world.options(STEPS));
    const machine = world.machine('a');
    machine.trips.length = 0;
    machine.unresponsive.add('docker');
    machine.instead.set('observe docker', () => '0 0 \n');
    expect(await upRun(world.options(STEPS))).toEqual({changed: 0, unchanged: 3, errors: []});
    expect(machine.trips).toEqual(['lock', 'observe base etcd docker', 'observe docker', 'unlock']);
  });

  it('plans nothing on any host from a fact that timed out on one', async () => {
    const world = new FakeCluster(['a', 'b']);
    world.machine('a').unresponsive.add('keys');
    const keys = part('keys', {
      extra: {plan: (_seen, {allObserved: all}) => ([...all.values()].some((one) => one.isThere) ? [] : [])},
    });
    const {errors} = await upRun(world.options([keys]));
    expect(errors.map((error) => [(error as StepError).host, error.message])).toEqual([
      ['a', 'a gave no answer within 30 s: isThere (see keys)'],
      ['b', 'a gave no answer within 30 s: isThere (see keys)'],
    ]);
  });

  it('changes nothing more on a host whose lock it has lost, and continues with the others', async () => {
    const world = new FakeCluster(['a', 'b']);
    const machine = world.machine('a');
    machine.instead.set('make base', () => {
      machine.things.add('base');
      machine.host.isLockLost = true;
      return '';
    });
    const {errors} = await upRun(world.options(STEPS));
    expect(errors).toEqual([expect.objectContaining({message: expect.stringContaining('lost the lock on a')})]);
    expect(world.changes('a')).toEqual(['make base']);
    expect(world.outcomes).toMatchObject({'base@a': 'failed', 'etcd@a': 'blocked', 'etcd@b': 'changed'});
    await world.verify();
  });

  it('changes rolling steps on one host after the other', async () => {
    const world = new FakeCluster();
    let running = 0;
    let most = 0;
    for (const machine of world.machines.values()) {
      machine.instead.set('make etcd', async () => {
        most = Math.max(most, ++running);
        await delay(3);
        running--;
        machine.things.add('etcd');
        return '';
      });
    }
    await upRun(world.options([part('etcd', {isRolling: true})]));
    expect(most).toBe(1);
    running = 0;
    for (const machine of world.machines.values()) machine.things.delete('etcd');
    await upRun(world.options([part('etcd')]));
    expect(most).toBe(3);
  });

  it('does not change the other members of a rolling step when one has failed', async () => {
    const world = new FakeCluster();
    world.machine('b').instead.set('make etcd', () => ({code: 1, stderr: 'does not start'}));
    const result = await upRun(world.options([part('etcd', {isRolling: true})]));
    expect(world.outcomes).toEqual({'etcd@a': 'changed', 'etcd@b': 'failed', 'etcd@c': 'blocked'});
    expect(result.errors).toHaveLength(1);
    expect(world.changes('c')).toEqual([]);
  });

  it('changes no member of a rolling step after the first one has failed', async () => {
    const world = new FakeCluster();
    world.machine('a').instead.set('make etcd', () => ({code: 1, stderr: 'does not start'}));
    await upRun(world.options([part('etcd', {isRolling: true})]));
    expect(world.outcomes).toEqual({'etcd@a': 'failed', 'etcd@b': 'blocked', 'etcd@c': 'blocked'});
    expect([...world.changes('b'), ...world.changes('c')]).toEqual([]);
  });

  it('observes a member of a rolling step again when its turn comes', async () => {
    const world = new FakeCluster(['a', 'b']);
    world.machine('a').instead.set('make etcd', () => {
      for (const name of ['a', 'b']) world.machine(name).things.add('etcd');
      return '';
    });
    await upRun(world.options([part('etcd', {isRolling: true})]));
    expect(world.outcomes).toEqual({'etcd@a': 'changed', 'etcd@b': 'unchanged'});
    expect(world.changes('b')).toEqual([]);
  });

  it('fails when a change does not stay', async () => {
    const world = new FakeCluster(['a']);
    world.machine('a').instead.set('make etcd', () => '');
    const {errors} = await upRun(world.options([part('etcd')]));
    expect(errors[0]).toMatchObject({
      message: 'it did not stay as hw5 made it; to do again: make etcd: make etcd',
      hint: 'another program changes a',
    });
  });

  it('shows the journal of a service that has ended again', async () => {
    const world = new FakeCluster(['a']);
    world.machine('a').instead.set('make etcd', () => '');
    world.machine('a').instead.set('observe ', () => 'bind: address already in use\n');
    const {errors} = await upRun(world.options([part('etcd', {extra: {units: ['etcd.service']}})]));
    expect(errors[0]).toMatchObject({
      hint: 'another program changes a, or what it started has ended again: see `journalctl -u etcd.service` on a',
      journal: ['bind: address already in use'],
    });
  });

  it('mentions a bug only where something else is left than was done', async () => {
    const world = new FakeCluster(['a']);
    const plan = ({isThere}: {isThere: boolean}): Action[] => [
      {kind: 'run', title: isThere ? 'remove it' : 'make it', argv: [isThere ? 'remove' : 'make', 'etcd']},
    ];
    const {errors} = await upRun(world.options([part('etcd', {extra: {plan}})]));
    expect(errors[0]).toMatchObject({
      message: 'did not converge; still to do: remove it: remove etcd',
      hint: expect.stringContaining('a bug of hw5'),
    });
  });

  it('observes a host again before it reports that something is left to do: a service may have ended once', async () => {
    const world = new FakeCluster(['a']);
    const machine = world.machine('a');
    machine.instead.set('make etcd', () => {
      setTimeout(() => machine.things.add('etcd'), 100);
      return '';
    });
    expect(await upRun(world.options([part('etcd')]))).toMatchObject({changed: 1, errors: []});
  });

  it('accepts a fetch, which changes the controller only', async () => {
    const world = new FakeCluster(['a']);
    const directory = await mkdtemp(join(tmpdir(), 'hw5-runner-'));
    world.machine('a').instead.set('make tar', () => ({stdout: 'the tar'}));
    const plan = (): Action[] => [{kind: 'fetch', title: 'keep', argv: ['make', 'tar'], localFile: join(directory, 'tar')}];
    expect(await upRun(world.options([part('images', {extra: {plan}})]))).toMatchObject({changed: 1, errors: []});
    expect(await readFile(join(directory, 'tar'), 'utf8')).toBe('the tar');
    await rm(directory, {recursive: true});
  });

  it('changes nothing on a host that fails a check, and reports all failed checks together', async () => {
    const world = new FakeCluster(['a']);
    const check = () => [
      {message: 'too old', hint: 'renew it'},
      {message: 'too small', hint: 'enlarge it'},
    ];
    const steps = [part('preflight', {extra: {check}}), part('etcd', {needs: ['preflight']})];
    const {errors} = await upRun(world.options(steps));
    expect(errors).toMatchObject([{message: 'too old; too small', hint: 'renew it; enlarge it'}]);
    expect(world.changes('a')).toEqual([]);
  });

  it("starts nothing on any host when a later step's check fails, and reports all failed checks", async () => {
    const world = new FakeCluster();
    const lost = new ConnectError('c', 'no route to c');
    world.unreachable.set('c', lost);
    const check = (_: unknown, {node}: {node: ClusterNode}) =>
      node.name === 'a' ? [] : [{message: 'no such program', hint: 'install it'}];
    const steps = [...STEPS, part('mesos', {needs: ['docker'], extra: {check}}), part('more', {extra: {check}})];
    const {errors} = await upRun(world.options(steps));
    expect(errors.map((error) => (error instanceof StepError ? `${error.step}@${error.host}` : error))).toEqual([
      lost,
      'mesos@b',
      'more@b',
    ]);
    for (const name of ['a', 'b']) {
      expect(world.machine(name).trips).toEqual(['lock', 'observe base etcd docker mesos more', 'unlock']);
    }
    expect(world.outcomes).toMatchObject({'base@a': 'blocked', 'mesos@a': 'blocked', 'mesos@b': 'failed', 'more@b': 'failed'});
    expect(world.events.filter(({type}) => type === 'step-start')).toEqual([]);
    await world.verify();
  });

  it('checks again when the step starts: a fact may have timed out or changed', async () => {
    const world = new FakeCluster(['a']);
    const check = (observed: {readonly isThere: boolean}) => (observed.isThere ? [{message: 'in the way', hint: 'move it'}] : []);
    world.machine('a').unresponsive.add('docker');
    world.machine('a').instead.set('observe docker', () => '0 0 \n');
    const steps = [part('base'), part('docker', {needs: ['base'], extra: {check}})];
    const {errors} = await upRun(world.options(steps));
    expect(errors).toMatchObject([{step: 'docker', message: 'in the way'}]);
    expect(world.changes('a')).toEqual(['make base']);
  });

  it('plans with the facts of all hosts of the step, in the order of the cluster file', async () => {
    const world = new FakeCluster();
    world.machine('b').things.add('key');
    const observed: string[] = [];
    const plan = (
      _: unknown,
      {allObserved, node}: {allObserved: ReadonlyMap<string, {isThere: boolean}>; node: {name: string}},
    ): Action[] => {
      if (node.name === 'a') observed.push([...allObserved].map(([name, {isThere}]) => `${name} ${isThere}`).join(', '));
      return [];
    };
    await upRun(world.options([part('key', {extra: {plan}})]));
    expect(observed[0]).toBe('a false, b true, c false');
  });

  it('rejects a need that is later in the list', async () => {
    const world = new FakeCluster(['a']);
    await expect(upRun(world.options([part('a', {needs: ['b']}), part('b')]))).rejects.toThrow('step a needs b');
  });
});
