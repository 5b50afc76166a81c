import {describe, expect, it} from 'vitest';
import {FrameworkWorld, fiveTasks, flourish, taskSpec} from '../../support/framework-world.js';

const ADDRESS = '192.168.0.104';
const renamed = () => fiveTasks().map((spec) => (spec.address === ADDRESS ? taskSpec('other', ADDRESS) : spec));

/** A world in which ssh-4 runs, with the id of its container. */
function settled(): {world: FrameworkWorld; old: string} {
  const world = new FrameworkWorld(fiveTasks());
  flourish(world, 20);
  const {taskId} = world.containers.find((one) => one.name === 'ssh-4')!;
  return {world, old: world.state.runs[taskId]!.containerId!};
}

/** The agent of ssh-4 loses its power, and the operator gives the task up. */
function loseAndRelease(world: FrameworkWorld): void {
  const {agentId} = world.containers.find((one) => one.name === 'ssh-4')!;
  world.loseAgent(world.agents.find((agent) => agent.id === agentId)!);
  world.drain();
  world.command('release', 'ssh-4');
}

/** Seconds pass, in which docker refuses the address because the old endpoint still has it, until that is cut off. */
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

describe('what a container may have left at its address', () => {
  it('is remembered until a freeing succeeds: docker on the leader’s node may be away just then', () => {
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

  it('is looked for again after longer and longer pauses', () => {
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

  it('keeps no task from starting for good when docker on the leader’s node is broken', () => {
    const {world} = settled();
    world.isDockerAway = true;
    world.end(world.containers.find((one) => one.name === 'ssh-4')!, 'TASK_FAILED');
    flourish(world, 60);
    expect(holder(world)).toMatchObject({name: 'ssh-4', state: 'TASK_RUNNING'});
  });

  it('is told as the reason why the task waits', () => {
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

  it('is still known when the task was scaled away meanwhile', () => {
    const {world, old} = settled();
    world.isDockerAway = true;
    world.end(world.containers.find((one) => one.name === 'ssh-4')!, 'TASK_FAILED', 'docker died');
    world.drain();
    world.want(fiveTasks().slice(0, 4));
    flourish(world, 5);
    world.isDockerAway = false;
    world.freed.length = 0;
    world.want(fiveTasks());
    passWithLeftover(world, old, 40);
    expect(holder(world)).toMatchObject({name: 'ssh-4', state: 'TASK_RUNNING'});
  });

  it('is cleared away for a task of another name that gets the address', () => {
    const {world, old} = settled();
    world.want(renamed());
    passWithLeftover(world, old, 40);
    expect(holder(world)).toMatchObject({name: 'other', state: 'TASK_RUNNING'});
  });

  it('is known to a successor', () => {
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
