import {describe, expect, it} from 'vitest';
import {emptyState, type ReducerState} from '../../../src/framework/model.js';
import {changesBetween, type Records, stateFrom} from '../../../src/framework/records.js';
import {defaultSettings} from '../../../src/framework/settings.js';
import {taskSpec} from '../../support/framework-world.js';

const NOW = 1_000_000;
const read = (records: Record<string, unknown>) => stateFrom(new Map(Object.entries(records)), defaultSettings, NOW);

/** A run as every release stores it. */
const stored = {
  taskId: 'ssh-1.7',
  name: 'ssh-1',
  address: '192.168.0.101',
  agentId: 'S1',
  node: 'node1',
  specHash: '0123456789ab',
  launchedAt: 500,
  phase: 'lost',
  since: 600,
  isSeen: true,
  hasRun: true,
  healthy: true,
  containerId: 'c1',
  message: 'Agent node1 was lost',
  condemned: {kind: 'zombie', reason: 'it was abandoned', graceSeconds: 0},
  lostSince: 550,
  released: true,
};

function recordsOf(state: ReducerState): Records {
  return new Map(changesBetween(emptyState(), state).flatMap((op) => (op.op === 'put' ? [[op.key, op.value]] : [])));
}

describe('the records of a run', () => {
  it('are read as every release wrote them', () => {
    expect(read({'runs/ssh-1.7': stored}).runs['ssh-1.7']).toMatchObject({
      taskId: 'ssh-1.7',
      phase: 'lost',
      isReported: true,
      termination: {kind: 'abandoned', reason: 'it was abandoned', graceSeconds: 0},
      abandoned: true,
      since: 600,
    });
  });

  it('are written as every release reads them, with these fields and no others', () => {
    const state = read({'runs/ssh-1.7': stored});
    state.runs['ssh-1.7']!.lostSince = 550;
    expect(recordsOf(state).get('runs/ssh-1.7')).toEqual(stored);
  });

  it.each(['unwanted', 'roll', 'restart', 'failure', 'stranger', 'zombie'])('keep the kind of termination %s', (kind) => {
    const record = {...stored, condemned: {...stored.condemned, kind}};
    expect(recordsOf(read({'runs/ssh-1.7': record})).get('runs/ssh-1.7')).toMatchObject({condemned: {kind}});
  });

  it('count as launched at the latest now, by this clock', () => {
    const {launchedAt, since} = read({'runs/ssh-1.7': {...stored, launchedAt: NOW + 5, since: NOW + 5}}).runs['ssh-1.7']!;
    expect([launchedAt, since]).toEqual([NOW, NOW]);
  });
});

describe('the records of stale endpoints', () => {
  it('are stored under the key of the first release', () => {
    const record = {address: '192.168.0.101', containers: ['c1']};
    const state = read({'leftovers/192.168.0.101': record});
    expect(state.staleEndpoints['192.168.0.101']).toMatchObject({...record, freeing: 'needed'});
    expect(recordsOf(state).get('leftovers/192.168.0.101')).toEqual(record);
  });
});

describe('the stored list of desired tasks', () => {
  const task = taskSpec('ssh-1', '192.168.0.101');

  it('is read, with the defaults of fields that an older release did not have', () => {
    const {env: _, ...older} = task;
    expect(read({desired: {tasks: [older], at: 5}})).toMatchObject({desired: [task], desiredAt: 5});
  });

  it('counts as older than any configuration when another release wrote something that this one does not understand', () => {
    expect(read({desired: {tasks: [{...task, colour: 'red'}], at: 5}})).toMatchObject({desired: [], desiredAt: 0});
    expect(read({desired: {jobs: []}})).toMatchObject({desired: [], desiredAt: 0});
  });
});
