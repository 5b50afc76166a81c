import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {describe, expect, it} from 'vitest';
import type {Cluster, ClusterNode} from '../../../src/cluster/cluster.js';
import type {Action} from '../../../src/engine/action.js';
import type {RunEvent} from '../../../src/engine/events.js';
import {downRun, planRun, upRun} from '../../../src/engine/runner.js';
import {everywhere} from '../../../src/engine/step.js';
import {ConnectError, InterruptedError, StepError} from '../../../src/support/errors.js';
import {FakeCluster, part} from '../../support/fake-cluster.js';

const STORY = [part('base'), part('etcd', {needs: ['base'], waits: true}), part('docker', {needs: [everywhere('etcd')]})];

describe('up', () => {
  it('makes everything, in the order of the needs, and looks again after each change', async () => {
    const world = new FakeCluster(['a']);
    const result = await upRun(world.options(STORY));
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

  it('changes nothing the second time, and needs one look at each host: connect, lock, look', async () => {
    const world = new FakeCluster();
    await upRun(world.options(STORY));
    for (const machine of world.machines.values()) machine.trips.length = 0;
    expect(await upRun(world.options(STORY))).toEqual({changed: 0, unchanged: 9, errors: []});
    for (const name of ['a', 'b', 'c']) expect(world.machine(name).trips).toEqual(['lock', 'observe base etcd docker', 'unlock']);
    await world.verify();
  });

  it('mends only what is missing', async () => {
    const world = new FakeCluster();
    await upRun(world.options(STORY));
    world.machine('b').things.delete('docker');
    world.events.length = 0;
    expect(await upRun(world.options(STORY))).toMatchObject({changed: 1, unchanged: 8});
    expect(world.outcomes['docker@b']).toBe('changed');
  });

  it('waits where something is there but not ready yet, and calls that unchanged', async () => {
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

  it('says what was waited for, what was missing and what to do when the wait reaches its limit', async () => {
    const world = new FakeCluster(['a']);
    world.machine('a').unready.add('etcd');
    const {errors} = await upRun(world.options([part('etcd', {waits: true})]));
    expect(errors).toMatchObject([
      {step: 'etcd', host: 'a', message: 'waited 5 s for etcd to be ready: etcd is not ready', hint: 'check etcd'},
    ]);
  });

  it('asks what a step needs for each host of its own', async () => {
    const needs = ({name}: ClusterNode) => (name === 'a' ? ['docker'] : []);
    const world = new FakeCluster(['a', 'b']);
    world.machine('a').instead.set('make docker', () => ({code: 1, stderr: 'no room'}));
    await upRun(world.options([part('docker', {on: ['a']}), part('mesos', {extra: {needs}})]));
    expect(world.outcomes).toEqual({'docker@a': 'failed', 'mesos@a': 'blocked', 'mesos@b': 'changed'});
  });

  it('blocks only what needs the step that failed, on the hosts where it does', async () => {
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

  it('begins a step on one host while another host is still at the one before', async () => {
    const world = new FakeCluster(['a', 'b']);
    world.machine('a').instead.set('make etcd', async () => {
      // only done when b has gone on
      while (!world.machine('b').things.has('docker')) await new Promise((resolve) => setTimeout(resolve, 1));
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

  it('tells of a host that cannot be reached once, and does on the others what it can', async () => {
    const world = new FakeCluster();
    const error = new ConnectError('c', 'no route to c', {hint: 'plug it in'});
    world.unreachable.set('c', error);
    const result = await upRun(world.options(STORY));
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

  it('does not begin what only a host that cannot be reached could make possible', async () => {
    const world = new FakeCluster();
    world.unreachable.set('c', new ConnectError('c', 'no route to c'));
    await upRun(world.options([part('master', {on: ['c']}), part('agent', {needs: [everywhere('master')]})]));
    expect(world.outcomes).toEqual({'master@c': 'failed', 'agent@a': 'blocked', 'agent@b': 'blocked', 'agent@c': 'blocked'});
  });

  it('lets a step that fails on a host that is there hold up the others', async () => {
    const world = new FakeCluster();
    world.machine('c').instead.set('make etcd', () => ({code: 1}));
    await upRun(world.options(STORY));
    expect(world.outcomes).toMatchObject({'etcd@c': 'failed', 'docker@a': 'blocked', 'docker@b': 'blocked'});
  });

  it('tells of a connection that was lost once, though several steps were at work on the host', async () => {
    const world = new FakeCluster(['a', 'b']);
    const lost = new ConnectError('b', 'the connection to b was lost', {hint: 'is it up?'});
    let others = 0;
    for (const thing of ['one', 'two']) {
      world.machine('b').instead.set(`make ${thing}`, async () => {
        others++;
        while (others < 2) await new Promise((resolve) => setTimeout(resolve, 1));
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

  it('takes no silence for "not there": nothing is changed, and the error names host and question', async () => {
    const world = new FakeCluster(['a', 'b']);
    world.machine('a').unresponsive.add('etcd');
    const {errors} = await upRun(world.options(STORY));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(StepError);
    expect(errors[0]).toMatchObject({
      step: 'etcd',
      host: 'a',
      message: 'a gave no answer within 30 s: isThere (see etcd)',
      hint: expect.stringContaining('run that on a'),
    });
    expect(world.changes('a')).toEqual(['make base']);
    expect(world.outcomes).toMatchObject({'etcd@a': 'failed', 'etcd@b': 'changed', 'docker@a': 'blocked'});
    await world.verify();
  });

  it('looks again at the turn of a step that could not be observed at first: what it needs may have been slow to wake', async () => {
    const world = new FakeCluster(['a']);
    await upRun(world.options(STORY));
    const machine = world.machine('a');
    machine.trips.length = 0;
    machine.unresponsive.add('docker');
    machine.instead.set('observe docker', () => '0 0 \n');
    expect(await upRun(world.options(STORY))).toEqual({changed: 0, unchanged: 3, errors: []});
    expect(machine.trips).toEqual(['lock', 'observe base etcd docker', 'observe docker', 'unlock']);
  });

  it('plans nothing anywhere from what one host did not say', async () => {
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

  it('changes nothing more on a host whose lock it has lost, and goes on with the others', async () => {
    const world = new FakeCluster(['a', 'b']);
    const machine = world.machine('a');
    machine.instead.set('make base', () => {
      machine.things.add('base');
      machine.host.isLockLost = true;
      return '';
    });
    const {errors} = await upRun(world.options(STORY));
    expect(errors).toEqual([expect.objectContaining({message: expect.stringContaining('lost the lock on a')})]);
    expect(world.changes('a')).toEqual(['make base']);
    expect(world.outcomes).toMatchObject({'base@a': 'failed', 'etcd@a': 'blocked', 'etcd@b': 'changed'});
    await world.verify();
  });

  it('changes rolling steps on one host after the other', async () => {
    const world = new FakeCluster();
    let atWork = 0;
    let most = 0;
    for (const machine of world.machines.values()) {
      machine.instead.set('make etcd', async () => {
        most = Math.max(most, ++atWork);
        await new Promise((resolve) => setTimeout(resolve, 3));
        atWork--;
        machine.things.add('etcd');
        return '';
      });
    }
    await upRun(world.options([part('etcd', {isRolling: true})]));
    expect(most).toBe(1);
    atWork = 0;
    for (const machine of world.machines.values()) machine.things.delete('etcd');
    await upRun(world.options([part('etcd')]));
    expect(most).toBe(3);
  });

  it('leaves the other members of a rolling step alone when one has failed', async () => {
    const world = new FakeCluster();
    world.machine('b').instead.set('make etcd', () => ({code: 1, stderr: 'does not start'}));
    const result = await upRun(world.options([part('etcd', {isRolling: true})]));
    expect(world.outcomes).toEqual({'etcd@a': 'changed', 'etcd@b': 'failed', 'etcd@c': 'blocked'});
    expect(result.errors).toHaveLength(1);
    expect(world.changes('c')).toEqual([]);
  });

  it('fails when a change does not stay', async () => {
    const world = new FakeCluster(['a']);
    world.machine('a').instead.set('make etcd', () => '');
    const {errors} = await upRun(world.options([part('etcd')]));
    expect(errors[0]!.message).toBe('did not converge; still to do: make etcd: make etcd');
  });

  it('does not mind what it fetched to this computer: no host shows that', async () => {
    const world = new FakeCluster(['a']);
    const folder = await mkdtemp(join(tmpdir(), 'hw5-runner-'));
    world.machine('a').instead.set('make tar', () => ({stdout: 'the tar'}));
    const plan = (): Action[] => [{kind: 'fetch', title: 'keep', argv: ['make', 'tar'], localFile: join(folder, 'tar')}];
    expect(await upRun(world.options([part('images', {extra: {plan}})]))).toMatchObject({changed: 1, errors: []});
    expect(await readFile(join(folder, 'tar'), 'utf8')).toBe('the tar');
    await rm(folder, {recursive: true});
  });

  it('changes nothing on a host that a check stands against, and tells all problems at once', async () => {
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

  it('begins nothing anywhere when the check of a later step stands against it, and tells all that object', async () => {
    const world = new FakeCluster();
    const lost = new ConnectError('c', 'no route to c');
    world.unreachable.set('c', lost);
    const check = (_: unknown, {node}: {node: ClusterNode}) =>
      node.name === 'a' ? [] : [{message: 'no such program', hint: 'install it'}];
    const steps = [...STORY, part('mesos', {needs: ['docker'], extra: {check}}), part('more', {extra: {check}})];
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

  it('checks again at the turn of the step: silence at first is no objection, and what was observed may have changed', async () => {
    const world = new FakeCluster(['a']);
    const check = (observed: {readonly isThere: boolean}) => (observed.isThere ? [{message: 'in the way', hint: 'move it'}] : []);
    world.machine('a').unresponsive.add('docker');
    world.machine('a').instead.set('observe docker', () => '0 0 \n');
    const steps = [part('base'), part('docker', {needs: ['base'], extra: {check}})];
    const {errors} = await upRun(world.options(steps));
    expect(errors).toMatchObject([{step: 'docker', message: 'in the way'}]);
    expect(world.changes('a')).toEqual(['make base']);
  });

  it('plans on what all hosts of the step showed, in the order of the file', async () => {
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

  it('refuses a need that comes later in the list', async () => {
    const world = new FakeCluster(['a']);
    await expect(upRun(world.options([part('a', {needs: ['b']}), part('b')]))).rejects.toThrow('step a needs b');
  });
});

describe('a host on which somebody else works', () => {
  it('stops the run before anything is changed anywhere, and the other locks are given back', async () => {
    const world = new FakeCluster();
    world.machine('b').lockHolder = 'hw5 down of ann@desk';
    await expect(upRun(world.options(STORY))).rejects.toThrow('somebody else works on b: hw5 down of ann@desk');
    expect(world.machine('a').trips).toEqual(['lock', 'unlock']);
    expect(world.machine('c').trips).toEqual([]);
    expect(world.events.at(-1)).toMatchObject({type: 'aborted'});
    await world.verify();
  });
});

describe('an interrupted run', () => {
  it('stops between two actions, says which steps were at work, and begins nothing more', async () => {
    const world = new FakeCluster(['a', 'b']);
    const abort = new AbortController();
    world.machine('a').instead.set('make one', () => {
      abort.abort(new InterruptedError('interrupted'));
      return '';
    });
    const plan = (): Action[] => ['one', 'two'].map((thing) => ({kind: 'run', title: thing, argv: ['make', thing]}));
    const steps = [part('both', {on: ['a'], extra: {plan}}), part('later', {needs: ['both']})];
    await expect(upRun(world.options(steps, {signal: abort.signal}))).rejects.toThrow(InterruptedError);
    expect(world.changes('a')).toEqual(['make one']);
    expect(world.outcomes).toEqual({'both@a': 'interrupted'});
    expect(world.events.at(-1)).toMatchObject({type: 'aborted'});
    await world.verify();
  });

  it('does not begin an action when the interruption came just before', async () => {
    const world = new FakeCluster(['a']);
    const abort = new AbortController();
    const emit = (event: RunEvent): void => {
      if (event.type === 'step-start') abort.abort(new InterruptedError('interrupted'));
    };
    await expect(upRun(world.options([part('one')], {signal: abort.signal, emit}))).rejects.toThrow('interrupted');
    expect(world.changes('a')).toEqual([]);
    await world.verify();
  });

  it('ends a command that is at work', async () => {
    const world = new FakeCluster(['a']);
    const abort = new AbortController();
    world.machine('a').instead.set('make one', () => {
      setTimeout(() => abort.abort(new InterruptedError('interrupted')), 5);
      return new Promise(() => {});
    });
    await expect(upRun(world.options([part('one')], {signal: abort.signal}))).rejects.toThrow('interrupted');
    await world.verify();
  });

  it('closes connections that were made already', async () => {
    const world = new FakeCluster(['a', 'b']);
    const abort = new AbortController();
    const {connect} = world.options([]);
    const options = world.options(STORY, {
      signal: abort.signal,
      connect: async (node, signal) => {
        if (node.name === 'a') return connect(node, signal);
        abort.abort(new InterruptedError('interrupted'));
        throw new ConnectError('b', 'aborted');
      },
    });
    await expect(upRun(options)).rejects.toThrow('interrupted');
    expect(world.machine('a').isDisposed).toBe(true);
    expect(world.changes('a')).toEqual([]);
  });
});

describe('a bug', () => {
  it('in a step ends the run with itself, when what had begun has ended', async () => {
    const world = new FakeCluster(['a', 'b']);
    const plan = (_: unknown, {node}: {node: {name: string}}): Action[] => {
      if (node.name === 'b') throw new TypeError('x is not a function');
      return [{kind: 'run', title: 'make', argv: ['make', 'slow']}];
    };
    let wasOpen: boolean | undefined;
    world.machine('a').instead.set('make slow', async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      wasOpen = !world.machine('a').isDisposed;
      return '';
    });
    await expect(upRun(world.options([part('odd', {extra: {plan}})]))).rejects.toThrow(new TypeError('x is not a function'));
    expect(wasOpen).toBe(true);
    await world.verify();
  });

  it('in the reading of a fact is not taken for a host that cannot be reached', async () => {
    const world = new FakeCluster(['a']);
    const facts = () => ({
      isThere: {
        script: 'see odd',
        parse: (): boolean => {
          throw new TypeError('y is undefined');
        },
      },
    });
    await expect(upRun(world.options([part('odd', {extra: {facts}})]))).rejects.toThrow(new TypeError('y is undefined'));
    await world.verify();
  });
});

describe('down', () => {
  const full = (): FakeCluster => {
    const world = new FakeCluster();
    for (const machine of world.machines.values()) for (const thing of ['base', 'etcd', 'docker']) machine.things.add(thing);
    return world;
  };

  it('takes everything away in reverse: what needs a step goes first, on all hosts', async () => {
    const world = full();
    expect(await downRun({...world.options(STORY), purge: false})).toEqual({changed: 9, unchanged: 0, errors: []});
    const order = world.events.flatMap((event) =>
      event.type === 'action' ? [event.action.slice('take '.length).split(':')[0]] : [],
    );
    expect(order.slice(0, 3)).toEqual(['docker', 'docker', 'docker']);
    expect(world.changes('a')).toEqual(['take docker', 'take etcd', 'take base']);
    for (const machine of world.machines.values()) expect(machine.things).toEqual(new Set());
  });

  it('finds what a role that was taken away has left, still after what needs it', async () => {
    const everyNode = {undoTargets: (cluster: Cluster) => cluster.nodes};
    const steps = [part('etcd', {on: ['a'], extra: everyNode}), part('docker', {on: ['a', 'b'], needs: ['etcd']})];
    const world = full();
    world.machine('b').instead.set('take docker', async () => {
      await pause(30);
      for (const {things} of world.machines.values()) expect(things).toContain('etcd');
      world.machine('b').things.delete('docker');
      return '';
    });
    expect(await downRun({...world.options(steps), purge: false})).toMatchObject({changed: 5, errors: []});
    expect(['b', 'c'].map((name) => world.changes(name))).toEqual([['take docker', 'take etcd'], ['take etcd']]);
    expect(world.events[0]).toMatchObject({steps: [{name: 'etcd', hosts: ['a', 'b', 'c']}, {name: 'docker'}]});
    const again = new FakeCluster();
    await upRun(again.options(steps));
    expect(again.machine('c').things).toEqual(new Set());
  });

  it('is stopped by no failure, and tells all', async () => {
    const world = full();
    world.machine('a').instead.set('take docker', () => ({code: 1, stderr: 'busy'}));
    world.machine('b').instead.set('take etcd', () => ({code: 1, stderr: 'busy'}));
    const {errors, changed} = await downRun({...world.options(STORY), purge: false});
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
    instead.set('take docker', () => {
      things.delete('etcd');
      return {code: 1, stderr: 'busy'};
    });
    await downRun({...world.options(STORY), purge: false});
    expect(trips).toEqual([
      'lock',
      'observe base etcd docker',
      'take docker',
      'observe etcd',
      'observe base',
      'take base',
      'unlock',
    ]);
  });

  it('changes nothing the second time', async () => {
    const world = new FakeCluster();
    expect(await downRun({...world.options(STORY), purge: true})).toEqual({changed: 0, unchanged: 9, errors: []});
    expect(world.machine('a').trips).toEqual(['lock', 'observe base etcd docker', 'unlock']);
  });

  it('takes nothing away, and does not say that it is gone, where a host gives no answer', async () => {
    const world = new FakeCluster(['a', 'b']);
    await upRun(world.options(STORY));
    world.machine('a').unresponsive.add('docker');
    const {errors} = await downRun({...world.options(STORY), purge: false});
    expect(errors).toEqual([expect.objectContaining({step: 'docker', host: 'a'})]);
    expect([...world.machine('a').things]).toEqual(['docker']);
    expect([...world.machine('b').things]).toEqual([]);
  });

  it('goes on past a question whose answer it does not need', async () => {
    const world = new FakeCluster(['a']);
    const docker = part('docker', {extra: {undo: () => []}});
    world.machine('a').unresponsive.add('docker');
    expect(await downRun({...world.options([docker]), purge: false})).toEqual({changed: 0, unchanged: 1, errors: []});
  });

  it('tells of a host that cannot be reached once', async () => {
    const world = full();
    world.unreachable.set('b', new ConnectError('b', 'no route to b'));
    const {errors} = await downRun({...world.options(STORY), purge: false});
    expect(errors).toHaveLength(1);
    const told = world.events.filter((event) => event.type === 'step-end' && event.error !== undefined);
    expect(told).toMatchObject([{host: 'b', outcome: 'failed'}]);
    expect(world.machine('c').things).toEqual(new Set());
  });

  it('tells of a connection that was lost once', async () => {
    const world = full();
    const lost = new ConnectError('b', 'the connection to b was lost');
    for (const thing of ['docker', 'etcd', 'base']) world.machine('b').instead.set(`take ${thing}`, () => lost);
    const {errors} = await downRun({...world.options(STORY), purge: false});
    expect(errors).toMatchObject([{step: 'docker', host: 'b', cause: lost}]);
    expect(world.machine('a').things).toEqual(new Set());
  });
});

describe('a step that is there where it is not wanted any more', () => {
  const onlyOn = (name: string, on: string[], needs: string[] = []) =>
    part(name, {on, needs, extra: {undoTargets: (cluster) => cluster.nodes}});
  const story = [part('base'), onlyOn('agent', ['a'], ['base']), onlyOn('task', ['a'], ['agent'])];
  const old = (): FakeCluster => {
    const world = new FakeCluster(['a', 'b']);
    for (const thing of ['base', 'agent', 'task']) world.machine('b').things.add(thing);
    return world;
  };

  it('is taken away by up, backwards, before it is done elsewhere; a second time there is nothing to do', async () => {
    const world = old();
    expect(await upRun(world.options(story))).toEqual({changed: 5, unchanged: 1, errors: []});
    expect(world.changes('b')).toEqual(['take task', 'take agent']);
    const order = world.events.flatMap((event) => (event.type === 'action' ? [`${event.action} on ${event.host}`] : []));
    expect(order.indexOf('take agent: take agent on b')).toBeLessThan(order.indexOf('make agent: make agent on a'));
    expect(world.events).toContainEqual({
      type: 'more-steps',
      steps: [
        {name: 'task-retired', hosts: ['b']},
        {name: 'agent-retired', hosts: ['b']},
      ],
    });
    expect(await upRun(world.options(story))).toEqual({changed: 0, unchanged: 4, errors: []});
    await world.verify();
  });

  it('goes after what needed it, also where nothing is left of what is between them', async () => {
    const world = old();
    world.machine('b').things.add('end');
    world.machine('b').things.delete('task');
    await upRun(world.options([...story, onlyOn('end', ['a'], ['task'])]));
    expect(world.changes('b')).toEqual(['take end', 'take agent']);
  });

  it('is shown by plan', async () => {
    const plans = await planRun(old().options(story, {lockAs: undefined}));
    expect(plans.filter(({host}) => host === 'b').map(({title, actions}) => [title, actions.length])).toEqual([
      ['the task, no longer wanted', 1],
      ['the agent, no longer wanted', 1],
      ['the base', 0],
    ]);
  });

  it('is not touched before all that needs nothing was checked there', async () => {
    const world = old();
    const check = () => [{message: 'no', hint: 'mend'}];
    await upRun(world.options([part('base', {extra: {check}}), ...story.slice(1)]));
    expect(world.changes('b')).toEqual([]);
  });

  it('is left to itself where the host cannot be reached, and holds up nothing', async () => {
    const world = old();
    world.unreachable.set('b', new ConnectError('b', 'no route to b'));
    await upRun(world.options(story));
    expect(world.outcomes).toEqual({'base@a': 'changed', 'base@b': 'failed', 'agent@a': 'changed', 'task@a': 'changed'});
  });
});

describe('plan', () => {
  it('looks at each host once, takes no lock and changes nothing', async () => {
    const world = new FakeCluster(['a', 'b']);
    world.machine('b').things.add('base');
    const plans = await planRun(world.options(STORY, {lockAs: undefined}));
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

  it('tells of a host that it could not look at once, not once a step', async () => {
    const world = new FakeCluster(['a', 'b']);
    world.machine('a').instead.set('observe base etcd docker', () => ({code: 1, stderr: 'no space left on device'}));
    const plans = await planRun(world.options(STORY));
    expect(new Set(plans.flatMap(({error}) => (error ? [error] : []))).size).toBe(1);
    expect(plans.filter(({error}) => error).map(({host}) => host)).toEqual(['a', 'a', 'a']);
  });

  it('says of which step it could not see enough, and plans the others', async () => {
    const world = new FakeCluster(['a']);
    world.machine('a').unresponsive.add('etcd');
    const plans = await planRun(world.options(STORY));
    expect(plans.map(({step, actions, error}) => [step, actions.length, error?.message])).toEqual([
      ['base', 1, undefined],
      ['etcd', 0, 'a gave no answer within 30 s: isThere (see etcd)'],
      ['docker', 1, undefined],
    ]);
  });

  it('plans the hosts that it reaches, and says why not the others', async () => {
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

describe('the events of a run', () => {
  it('begin with what will be done where and end with a count', async () => {
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
