import {describe, expect, it} from 'vitest';
import {readPublishedView} from '../../../src/scheduler-api/published-view.js';
import {readState} from '../../../src/scheduler-api/state.js';
import {ContractError} from '../../../src/scheduler-api/version.js';
import {scheduler} from '../tasks/scheduler.js';

const framework = {id: null, connected: false, connection: 'away', leader: null, isLeader: false, master: null, isCurrent: true};
const state = {apiVersion: 1, framework, tasks: []};

function errorOf(document: unknown): ContractError {
  try {
    readState(document);
  } catch (error) {
    if (error instanceof ContractError) return error;
    throw error;
  }
  throw new Error('the document was accepted');
}

describe('the state of a scheduler', () => {
  it('is read when it is of this version; fields that this hw5 does not know are ignored', () => {
    expect(readState({...state, colour: 'red'})).toEqual(state);
  });

  it('without a version is that of an older release', () => {
    const {apiVersion: _, ...unversioned} = state;
    expect(errorOf(unversioned)).toMatchObject({
      mismatch: 'older',
      message: 'this scheduler speaks version 0 of its API, and this hw5 version 1',
      hint: '`hw5 up` installs the new scheduler',
    });
  });

  it('of a later version is that of a newer release, whatever else it contains', () => {
    expect(errorOf({apiVersion: 2, jobs: []})).toMatchObject({
      mismatch: 'newer',
      message: 'this scheduler speaks version 2 of its API, and this hw5 version 1',
      hint: 'use the version of hw5 that installed it, or a newer one',
    });
  });

  it.each<[string, unknown, string]>([
    ['a field that is missing', {...state, framework: {...framework, isLeader: undefined}}, 'framework.isLeader: '],
    ['a field of another type', {...state, tasks: 'none'}, 'tasks: '],
    ['a version that is no number', {...state, apiVersion: 'one'}, 'apiVersion: '],
    ['no object', [], 'the document: '],
    ['nothing', null, 'the document: '],
  ])('with %s is that of a broken scheduler, and the error names the field', (_, document, field) => {
    expect(errorOf(document)).toMatchObject({
      mismatch: 'malformed',
      message: expect.stringContaining(`its answer is not understood: ${field}`),
    });
  });
});

describe('the tasks in the state of a scheduler', () => {
  const {isConfirmed: _, ...older} = scheduler().tasks[0]!;
  const stateOf = (more: object, task: object) => ({...scheduler(more), tasks: [task]});

  it('are confirmed where an earlier release does not report whether they are', () => {
    expect(readState(stateOf({isLeader: true}, older)).tasks).toEqual([{...older, isConfirmed: true}]);
  });

  it.each([
    [{leader: 'node1'}, 'last known state: the leading scheduler, on node1, does not answer'],
    [{leader: null}, 'last known state: no scheduler leads'],
  ])('are not confirmed when an instance reports them that does not lead: %o', (more, message) => {
    const [task] = readState(stateOf({isLeader: false, ...more}, older)).tasks;
    expect(task).toEqual({...older, isConfirmed: false, healthy: null, message});
  });
});

describe('the view that a leader published', () => {
  it('counts as missing when there is none, or an instance of another version published it', () => {
    expect(readPublishedView(undefined)).toBeUndefined();
    expect(readPublishedView({tasks: [], wanted: 'x'})).toBeUndefined();
    expect(readPublishedView({apiVersion: 2})).toBeUndefined();
  });

  it('is an error when it is of this version and broken', () => {
    expect(() => readPublishedView({apiVersion: 1, tasks: 5})).toThrow(/what the leader published is not understood: .*tasks: /);
  });
});
