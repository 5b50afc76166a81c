import {describe, expect, it} from 'vitest';
import {viewOf} from '../../../src/framework/view.js';
import {why} from '../../../src/framework/why.js';
import type {TaskSpec} from '../../../src/scheduler-api/task.js';
import {FrameworkWorld, fiveTasks, recoverFor, runFor, taskSpec} from '../../support/framework-world.js';

const spec = taskSpec('ssh-1', '192.168.0.101');
const one = (world: FrameworkWorld) => viewOf(world.state, world.now).tasks[0]!;
const reasons = (world: FrameworkWorld, of = world.state.desired[0]!) => why(world.state, of, world.now);

describe('the reasons for a task’s state', () => {
  it('it waits for an offer', () => {
    const world = new FrameworkWorld([spec]);
    world.subscribe();
    world.drain();
    expect(reasons(world)).toEqual(['it waits for an offer from Mesos']);
    expect(one(world)).toMatchObject({
      state: 'pending',
      taskId: null,
      node: null,
      healthy: null,
      restarts: 0,
      message: 'it waits for an offer from Mesos',
    });
  });

  it('it fits on no node, each named with its reason', () => {
    const world = new FrameworkWorld([{...spec, cpus: 100, constraints: {node: 'node1'}}]);
    recoverFor(world, 5);
    expect(reasons(world)).toEqual([
      'node0: the constraint requires node1',
      'node1: needs 100 cpus, 4 offered',
      'node2: the constraint requires node1',
    ]);
  });

  it('it runs and is healthy: no message', () => {
    const world = new FrameworkWorld([spec]);
    recoverFor(world, 10);
    expect(one(world)).toMatchObject({state: 'running', message: '', containerId: 'c-ssh-1.0', address: '192.168.0.101'});
  });

  it('it runs, but its health check fails', () => {
    const world = new FrameworkWorld(fiveTasks());
    recoverFor(world, 10);
    world.makeUnhealthy(world.containers.find((container) => container.name === 'jupyter')!);
    world.drain();
    expect(one(world)).toMatchObject({
      state: 'unhealthy',
      healthy: false,
      message: expect.stringContaining('its health check fails'),
    });
  });

  it('it failed, waits, and flaps', () => {
    const world = new FrameworkWorld([spec]);
    for (let round = 0; round < 3; round++) {
      for (let second = 0; second < 30 && world.containers.length === 0; second++) recoverFor(world, 1);
      world.end(world.containers[0]!, 'TASK_FAILED', 'Container exited with status 125');
      world.drain();
    }
    expect(one(world)).toMatchObject({state: 'failed', flapping: true, restarts: 3});
    expect(reasons(world)).toEqual([
      'it waits 4 s before the next start',
      'flapping: it failed 3 times in a row',
      expect.stringMatching(/^last end: ssh-1\.2 on node\d: it failed \(Container exited with status 125\)$/),
    ]);
  });

  it('it shares its node although it has become unique, with the command that moves it', () => {
    const two = (constraints: TaskSpec['constraints']) =>
      [1, 2].map((number) => taskSpec(`ssh-${number}`, `192.168.0.10${number}`, {constraints}));
    const world = new FrameworkWorld(two({node: 'node0'}));
    recoverFor(world, 10);
    world.setDesired(two({unique: true}));
    expect(reasons(world)).toContain(
      "must be alone of its kind on a node, and ssh-2 is there too: 'hw5 task restart ssh-1' moves it",
    );
    world.command('restart', 'ssh-1');
    recoverFor(world, 20);
    expect(reasons(world)).toEqual([expect.stringMatching(/^has run on node[12] for \d+ s/)]);
  });

  it('it is lost: how long its address stays reserved, with the command that ends this', () => {
    const world = new FrameworkWorld([spec]);
    recoverFor(world, 10);
    world.loseAgent(world.agents.find((agent) => agent.containers.size > 0)!);
    world.drain();
    world.pass(100);
    expect(one(world)).toMatchObject({state: 'unreachable', healthy: null});
    expect(reasons(world)[0]).toContain('nothing is started there for another 200 s');
    expect(reasons(world)[1]).toContain("'hw5 task release ssh-1' abandons it now");
  });

  it('it was abandoned, and its old container is killed if it returns', () => {
    const world = new FrameworkWorld([spec]);
    recoverFor(world, 10);
    world.loseAgent(world.agents.find((agent) => agent.containers.size > 0)!);
    runFor(world, 310);
    expect(reasons(world).at(-1)).toMatch(/^ssh-1\.0 on node\d was abandoned; it is killed if it returns$/);
    expect(one(world)).toMatchObject({state: 'running', taskId: 'ssh-1.1'});
  });

  it('another task has its address', () => {
    const world = new FrameworkWorld([spec]);
    recoverFor(world, 10);
    world.setDesired([taskSpec('ssh-2', '192.168.0.101')]);
    expect(reasons(world)[0]).toMatch(/^192\.168\.0\.101 is still held by ssh-1\.0 on node\d$/);
  });

  it('the scheduler is not subscribed', () => {
    const world = new FrameworkWorld([spec]);
    world.dispatch({type: 'disconnected', reason: 'the Mesos master node0:5050 cannot be reached'});
    expect(reasons(world).at(-1)).toBe('no subscription at the Mesos master: the Mesos master node0:5050 cannot be reached');
  });
});
