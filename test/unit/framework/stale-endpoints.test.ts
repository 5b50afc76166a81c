import {describe, expect, it} from 'vitest';
import {FrameworkWorld, fiveTasks, recoverFor, taskSpec} from '../../support/framework-world.js';

const ADDRESS = '192.168.0.104';
const renamed = () => fiveTasks().map((spec) => (spec.address === ADDRESS ? taskSpec('other', ADDRESS) : spec));

/** A simulation in which ssh-4 runs, with the id of its container. */
function settled(): {world: FrameworkWorld; old: string} {
  const world = new FrameworkWorld(fiveTasks());
  recoverFor(world, 20);
  const {taskId} = world.containers.find((one) => one.name === 'ssh-4')!;
  return {world, old: world.state.runs[taskId]!.containerId!};
}

/** The agent of ssh-4 loses power, and the operator releases the task. */
function loseAndRelease(world: FrameworkWorld): void {
  const {agentId} = world.containers.find((one) => one.name === 'ssh-4')!;
  world.loseAgent(world.agents.find((agent) => agent.id === agentId)!);
  world.drain();
  world.command('release', 'ssh-4');
}

/** Lets seconds pass in which docker rejects the address because the stale endpoint has it, until that is disconnected. */
function passWithLeftover(world: FrameworkWorld, old: string, seconds: number): void {
  let isCut = false;
  for (let second = 0; second < seconds; second++) {
    world.drain();
    world.offer();
    world.drain();
    isCut ||= !world.isDockerAway && world.freed.some((request) => request.containers.includes(old));
    for (const one of world.containers.filter(({address, isOverdue}) => address === ADDRESS && !isOverdue)) {
      if (isCut || one.state === 'TASK_STAGING') world.progress(one);
      else world.end(one, 'TASK_FAILED', 'Address already in use');
    }
    world.pass(1);
  }
}
const holder = (world: FrameworkWorld) => world.containers.find((one) => one.address === ADDRESS && !one.isOverdue);

describe('a stale endpoint', () => {
  it('is kept on record until freeing its address succeeds: docker on the leader’s node may not answer', () => {
    const {world, old} = settled();
    world.isDockerAway = true;
    loseAndRelease(world);
    passWithLeftover(world, old, 20);
    expect(holder(world)).toBeUndefined();
    world.isDockerAway = false;
    world.freed.length = 0;
    passWithLeftover(world, old, 60);
    expect(world.freed[0]!.containers).toContain(old);
    expect(holder(world)).toMatchObject({name: 'ssh-4', state: 'TASK_RUNNING'});
  });

  it('is removed with growing pauses between the attempts', () => {
    const {world} = settled();
    world.isDockerAway = true;
    const times: number[] = [];
    loseAndRelease(world);
    for (let second = 0; second < 60; second++) {
      const before = world.freed.length;
      world.drain();
      world.pass(1);
      if (world.freed.length > before) times.push(world.now);
    }
    expect(times.slice(1).map((time, index) => (time - times[index]!) / 1000)).toEqual([2, 4, 8, 16]);
  });

  it('does not block a task for ever when docker on the leader’s node is broken', () => {
    const {world} = settled();
    world.isDockerAway = true;
    world.end(world.containers.find((one) => one.name === 'ssh-4')!, 'TASK_FAILED');
    recoverFor(world, 60);
    expect(holder(world)).toMatchObject({name: 'ssh-4', state: 'TASK_RUNNING'});
  });

  it('is reported as the reason why the task waits', () => {
    const {world} = settled();
    world.isDockerAway = true;
    loseAndRelease(world);
    world.drain();
    expect(world.why('ssh-4')).toEqual(
      expect.arrayContaining([
        `${ADDRESS} is being freed of the stale endpoint of its last container`,
        'calico_net could not be inspected',
      ]),
    );
  });

  it('stays on record when the task is removed by scaling in the meantime', () => {
    const {world, old} = settled();
    world.isDockerAway = true;
    world.end(world.containers.find((one) => one.name === 'ssh-4')!, 'TASK_FAILED', 'docker died');
    world.drain();
    world.setDesired(fiveTasks().slice(0, 4));
    recoverFor(world, 5);
    world.isDockerAway = false;
    world.freed.length = 0;
    world.setDesired(fiveTasks());
    passWithLeftover(world, old, 40);
    expect(holder(world)).toMatchObject({name: 'ssh-4', state: 'TASK_RUNNING'});
  });

  it('is removed for a task with another name that gets the address', () => {
    const {world, old} = settled();
    world.setDesired(renamed());
    passWithLeftover(world, old, 40);
    expect(holder(world)).toMatchObject({name: 'other', state: 'TASK_RUNNING'});
  });

  it('is on record for a successor of the leader', () => {
    const {world, old} = settled();
    world.isDockerAway = true;
    loseAndRelease(world);
    world.drain();
    world.crash(9);
    world.isDockerAway = false;
    world.freed.length = 0;
    world.subscribe();
    passWithLeftover(world, old, 20);
    expect(holder(world)).toMatchObject({name: 'ssh-4', state: 'TASK_RUNNING'});
  });
});
