import {setTimeout as delay} from 'node:timers/promises';
import {describe, expect, it} from 'vitest';
import type {Action} from '../../../src/engine/action.js';
import type {RunEvent} from '../../../src/engine/events.js';
import {upRun} from '../../../src/engine/runner.js';
import {everywhere} from '../../../src/engine/step.js';
import {ConnectError, InterruptedError} from '../../../src/support/errors.js';
import {FakeCluster, part} from '../../support/fake-cluster.js';

const STEPS = [part('base'), part('etcd', {needs: ['base'], waits: true}), part('docker', {needs: [everywhere('etcd')]})];

describe('an interrupted run', () => {
  it('stops between two actions, reports which steps were running, and starts nothing more', async () => {
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

  it('does not start an action when interrupted just before', async () => {
    const world = new FakeCluster(['a']);
    const abort = new AbortController();
    const emit = (event: RunEvent): void => {
      if (event.type === 'step-start') abort.abort(new InterruptedError('interrupted'));
    };
    await expect(upRun(world.options([part('one')], {signal: abort.signal, emit}))).rejects.toThrow('interrupted');
    expect(world.changes('a')).toEqual([]);
    await world.verify();
  });

  it('ends a running command', async () => {
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
    const options = world.options(STEPS, {
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
  it('in a step ends the run with its error, when the running steps have ended', async () => {
    const world = new FakeCluster(['a', 'b']);
    const plan = (_: unknown, {node}: {node: {name: string}}): Action[] => {
      if (node.name === 'b') throw new TypeError('x is not a function');
      return [{kind: 'run', title: 'make', argv: ['make', 'slow']}];
    };
    let wasOpen: boolean | undefined;
    world.machine('a').instead.set('make slow', async () => {
      await delay(5);
      wasOpen = !world.machine('a').isDisposed;
      return '';
    });
    await expect(upRun(world.options([part('odd', {extra: {plan}})]))).rejects.toThrow(new TypeError('x is not a function'));
    expect(wasOpen).toBe(true);
    await world.verify();
  });

  it("in a fact's parser is not reported as a host that cannot be reached", async () => {
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
