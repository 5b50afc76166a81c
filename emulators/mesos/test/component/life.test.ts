import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {TestCluster} from '../support/cluster.js';
import {shellTask} from '../support/framework.js';

let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster();
});
afterEach(() => cluster.close());

describe('a task', () => {
  it('is launched from an offer and reported until it is finished', async () => {
    const master = await cluster.master();
    await cluster.agent(master);
    const framework = await cluster.framework(master).subscribe();
    const offer = await framework.offer();
    expect(offer.attributes).toEqual([
      {name: 'rack', type: 'TEXT', text: {value: 'r1'}},
      {name: 'zone', type: 'TEXT', text: {value: 'z1'}},
    ]);
    const answer = await framework.launch(offer, shellTask('t', 'sleep 0.1'));
    expect(answer.status).toBe(202);
    const status = await framework.status('t', 'TASK_FINISHED');
    expect(status.message).toBe('Command exited with status 0');
    expect(framework.states('t')).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
  });
});
