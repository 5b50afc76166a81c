import {describe, expect, it} from 'vitest';
import {FrameworkWorld, fiveTasks, recoverFor, runFor, taskSpec} from '../../support/framework-world.js';

/** Tasks that need this much memory; a simulated node has 4096 MB. */
const needing = (mem: number) => [1, 2, 3].map((number) => taskSpec(`ssh-${number}`, `192.168.0.10${number}`, {mem}));
const huge = taskSpec('huge', '192.168.0.120', {mem: 9000});
const images = (world: FrameworkWorld) => world.containers.map((one) => `${one.name} ${one.image}`).sort();
const kills = (world: FrameworkWorld) => world.calls.flatMap((call) => (call.type === 'KILL' ? [call.kill.task_id.value] : []));

describe('a rolling replacement', () => {
  it('makes the room for which a task waits', () => {
    const world = new FrameworkWorld(needing(2000), 1);
    recoverFor(world, 30);
    expect(world.containers).toHaveLength(2);
    world.setDesired(needing(1300));
    recoverFor(world, 120);
    expect(world.containers.map((one) => one.mem)).toEqual([1300, 1300, 1300]);
  });

  it('does not wait for a task that fits nowhere', () => {
    const world = new FrameworkWorld([...fiveTasks(), huge]);
    recoverFor(world, 30);
    world.setDesired([...fiveTasks('docker-ssh:2'), huge]);
    recoverFor(world, 200);
    expect(images(world).filter((one) => one.endsWith(':2'))).toHaveLength(4);
  });

  it('stops at the first task when the new description fits nowhere', () => {
    const world = new FrameworkWorld(needing(1000));
    recoverFor(world, 30);
    world.setDesired(needing(9000));
    recoverFor(world, 200);
    expect(world.containers).toHaveLength(2);
    world.crash(9);
    recoverFor(world, 200);
    expect(world.containers).toHaveLength(2);
    world.setDesired(needing(900));
    recoverFor(world, 200);
    expect(world.containers.map((one) => one.mem)).toEqual([900, 900, 900]);
  });

  it('starts again with the next list: the task that is down may need the room that the others will make', () => {
    const two = (a: number, b: number) => [taskSpec('a', '192.168.0.101', {mem: a}), taskSpec('b', '192.168.0.102', {mem: b})];
    const world = new FrameworkWorld(two(1000, 3000), 1);
    recoverFor(world, 30);
    world.setDesired(two(2000, 2000));
    recoverFor(world, 60);
    expect(world.containers.map((one) => one.mem)).toEqual([3000]);
    world.setDesired(two(1200, 1200));
    recoverFor(world, 60);
    expect(world.containers.map((one) => one.mem)).toEqual([1200, 1200]);
  });

  it('replaces nothing before the master has confirmed the state of every task', () => {
    const world = new FrameworkWorld(fiveTasks());
    recoverFor(world, 20);
    world.crash(99);
    world.end(world.containers.find((one) => one.name === 'ssh-4')!, 'TASK_FAILED');
    world.setDesired(fiveTasks('docker-ssh:2'));
    world.subscribe();
    world.deliver();
    expect(kills(world)).toEqual([]);
    world.drain();
    expect(kills(world)).toEqual([]);
    runFor(world, 60);
    expect(images(world).filter((one) => one.endsWith('ssh:2'))).toHaveLength(4);
  });
});

describe('a task that no offer fits', () => {
  it('gets new offers as soon as its description has changed, and its old reasons are dropped', () => {
    const world = new FrameworkWorld([...fiveTasks(), huge]);
    recoverFor(world, 30);
    expect(world.why('huge')).toContainEqual('node0: needs 9000 MB, 3584 MB offered');
    world.calls.length = 0;
    world.setDesired([...fiveTasks(), {...huge, mem: 100}]);
    expect(world.why('huge')).toEqual(['it waits for an offer from Mesos']);
    expect(world.calls).toContainEqual({type: 'REVIVE'});
  });

  it('gets new offers when an operator restarts it', () => {
    const world = new FrameworkWorld([huge]);
    recoverFor(world, 30);
    world.calls.length = 0;
    world.command('restart', 'huge');
    expect(world.calls).toContainEqual({type: 'REVIVE'});
  });
});
