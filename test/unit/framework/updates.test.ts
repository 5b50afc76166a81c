import {describe, expect, it} from 'vitest';
import type {TaskStatus} from '../../../src/framework/mesos.js';
import {verdictOf} from '../../../src/framework/verdict.js';

const verdict = (state: TaskStatus['state'], more: Partial<TaskStatus> = {}) =>
  verdictOf({task_id: {value: 'ssh-1.0'}, state, ...more});

describe('a status update proves', () => {
  it.each(['TASK_STAGING', 'TASK_STARTING', 'TASK_RUNNING', 'TASK_KILLING'] as const)(
    'with %s that the container is alive',
    (state) => {
      expect(verdict(state)).toBe('alive');
    },
  );

  it.each([
    'TASK_FINISHED',
    'TASK_FAILED',
    'TASK_KILLED',
    'TASK_ERROR',
    'TASK_DROPPED',
    'TASK_GONE',
    'TASK_GONE_BY_OPERATOR',
  ] as const)('with %s that the container is dead, also when the master sends it', (state) => {
    expect(verdict(state)).toBe('dead');
    expect(verdict(state, {source: 'SOURCE_MASTER'})).toBe('dead');
  });

  it.each(['TASK_UNREACHABLE', 'TASK_UNKNOWN'] as const)('with %s nothing', (state) => {
    expect(verdict(state)).toBe('uncertain');
    expect(verdict(state, {uuid: 'u', source: 'SOURCE_AGENT'})).toBe('uncertain');
  });

  it('with LOST nothing when it is the master’s own, which has no uuid', () => {
    expect(verdict('TASK_LOST', {source: 'SOURCE_MASTER'})).toBe('uncertain');
  });

  it('with LOST that the container is dead when an agent sent it: such an update has a uuid, whatever its source', () => {
    expect(verdict('TASK_LOST', {uuid: 'u', source: 'SOURCE_MASTER'})).toBe('dead');
    expect(verdict('TASK_LOST', {uuid: 'u', source: 'SOURCE_AGENT'})).toBe('dead');
    expect(verdict('TASK_LOST', {uuid: 'u'})).toBe('dead');
    expect(verdict('TASK_LOST', {source: 'SOURCE_AGENT'})).toBe('dead');
  });
});
