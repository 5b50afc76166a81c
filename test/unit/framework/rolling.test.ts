import {describe, expect, it} from 'vitest';
import {FrameworkWorld, fiveTasks, flourish, live, taskSpec} from '../../support/framework-world.js';

/** Tasks that need so much memory; a node of the world has 4096 MB. */
const needing = (mem: number) => [1, 2, 3].map((number) => taskSpec(`ssh-${number}`, `192.168.0.10${number}`, {mem}));
const huge = taskSpec('huge', '192.168.0.120', {mem: 9000});
const images = (world: FrameworkWorld) => world.containers.map((one) => `${one.name} ${one.image}`).sort();
const kills = (world: FrameworkWorld) => world.calls.flatMap((call) => (call.type === 'KILL' ? [call.kill.task_id.value] : []));

describe('a roll', () => {
  it('makes the room that a task waits for', () => {
    const world = new FrameworkWorld(needing(2000), 1);
    flourish(world, 30);
    expect(world.containers).toHaveLength(2);
    world.want(needing(1300));
    flourish(world, 120);
    expect(world.containers.map((one) => one.mem)).toEqual([1300, 1300, 1300]);
  });

  it('does not wait for a task that fits nowhere', () => {
    const world = new FrameworkWorld([...fiveTasks(), huge]);
    flourish(world, 30);
    world.want([...fiveTasks('docker-ssh:2'), huge]);
    flourish(world, 200);
    expect(images(world).filter((one) => one.endsWith(':2'))).toHaveLength(4);
  });

  it('stops at its first victim when what is now wanted fits nowhere', () => {
    const world = new FrameworkWorld(needing(1000));
    flourish(world, 30);
    world.want(needing(9000));
    flourish(world, 200);
    expect(world.containers).toHaveLength(2);
    world.crash(9);
    flourish(world, 200);
    expect(world.containers).toHaveLength(2);
    world.want(needing(900));
    flourish(world, 200);
    expect(world.containers.map((one) => one.mem)).toEqual([900, 900, 900]);
  });

  it('begins anew with what is wanted next: its last victim may need the room that the others are to make', () => {
    const two = (a: number, b: number) => [taskSpec('a', '192.168.0.101', {mem: a}), taskSpec('b', '192.168.0.102', {mem: b})];
    const world = new FrameworkWorld(two(1000, 3000), 1);
    flourish(world, 30);
    world.want(two(2000, 2000));
    flourish(world, 60);
    expect(world.containers.map((one) => one.mem)).toEqual([3000]);
    world.want(two(1200, 1200));
    flourish(world, 60);
    expect(world.containers.map((one) => one.mem)).toEqual([1200, 1200]);
  });

  it('takes nothing down on remembered health: not before the master has said how each task is', () => {
    const world = new FrameworkWorld(fiveTasks());
    flourish(world, 20);
    world.crash(99);
    world.end(world.containers.find((one) => one.name === 'ssh-4')!, 'TASK_FAILED');
    world.want(fiveTasks('docker-ssh:2'));
    world.subscribe();
    world.deliver();
    expect(kills(world)).toEqual([]);
    world.drain();
    expect(kills(world)).toEqual([]);
    live(world, 60);
    expect(images(world).filter((one) => one.endsWith('ssh:2'))).toHaveLength(4);
  });
});

describe('a task that waits for a place', () => {
  it('gets new offers as soon as its description has changed, and is not said to lack what it no longer needs', () => {
    const world = new FrameworkWorld([...fiveTasks(), huge]);
    flourish(world, 30);
    expect(world.why('huge')).toContainEqual('node0: needs 9000 MB, 3584 MB offered');
    world.calls.length = 0;
    world.want([...fiveTasks(), {...huge, mem: 100}]);
    expect(world.why('huge')).toEqual(['it waits for an offer from Mesos']);
    expect(world.calls).toContainEqual({type: 'REVIVE'});
  });

  it('gets new offers when an operator restarts it', () => {
    const world = new FrameworkWorld([huge]);
    flourish(world, 30);
    world.calls.length = 0;
    world.command('restart', 'huge');
    expect(world.calls).toContainEqual({type: 'REVIVE'});
  });
});
