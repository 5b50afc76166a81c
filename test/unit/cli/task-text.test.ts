import {stripVTControlCharacters} from 'node:util';
import {describe, expect, it} from 'vitest';
import {explanationText, taskListText} from '../../../src/cli/text/task.js';
import {scheduler} from '../tasks/scheduler.js';

const NOW = Date.parse('2026-01-01T00:01:30Z');

describe('the list of tasks', () => {
  it('shows the state and age of each task, and the reason if it is unhealthy', () => {
    const state = scheduler(
      {},
      {
        'ssh-1': {state: 'pending', healthy: null, node: null, message: 'it waits for an offer'},
        'ssh-2': {
          state: 'unhealthy',
          healthy: false,
          since: '2025-12-31T20:00:00Z',
          restarts: 3,
          message: 'its health check fails',
        },
      },
    );
    const lines = stripVTControlCharacters(taskListText(state, NOW)).split('\n');
    expect(lines.slice(0, 4)).toEqual([
      'TASK     STATE             NODE   ADDRESS        SINCE  RESTARTS  IMAGE',
      'jupyter  running, healthy  node0  192.168.0.100  90 s   0         docker-jupyter:0123456789ab',
      'ssh-1    pending           -      192.168.0.101  90 s   0         docker-ssh:0123456789ab  it waits for an offer',
      'ssh-2    unhealthy         node2  192.168.0.102  4 h    3         docker-ssh:0123456789ab  its health check fails',
    ]);
  });
});

describe('why, for people', () => {
  const [task] = scheduler({}, {jupyter: {state: 'pending', healthy: null}}).tasks;

  it('lists the reasons, then problems on the nodes, then the last lines of output', () => {
    const text = explanationText({
      name: 'jupyter',
      task,
      isWell: false,
      why: ['it waits 5 s before the next start'],
      findings: ['node1: docker is unhealthy (x)'],
      lastEnd: {node: 'node0', exitCode: 78, wasKilledForMemory: false, lines: ['token is missing']},
    });
    expect(stripVTControlCharacters(text)).toBe(`jupyter is pending
  it waits 5 s before the next start

on the nodes:
  node1: docker is unhealthy (x)

its last container, on node0, ended with exit code 78; its last output:
  token is missing
`);
  });

  it('reports that a container was killed because of its memory', () => {
    const lastEnd = {node: 'node0', exitCode: 137, wasKilledForMemory: true, lines: []};
    const text = explanationText({name: 'jupyter', task, isWell: false, why: [], findings: [], lastEnd});
    expect(text).toContain('on node0, was killed because it exceeded its memory\n');
    const failed = {node: 'node0', exitCode: 126, wasKilledForMemory: false, startError: 'no such network', lines: []};
    expect(explanationText({name: 'jupyter', task, isWell: false, why: [], findings: [], lastEnd: failed})).toContain(
      'its last container, on node0, could not be started: no such network\n',
    );
  });
});
