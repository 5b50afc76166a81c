import {describe, expect, it} from 'vitest';
import type {Call} from '../../../src/framework/mesos.js';
import {reduce} from '../../../src/framework/reduce.js';
import {viewOf} from '../../../src/framework/view.js';
import {FrameworkWorld, fiveTasks, recoverFor, runFor, taskSpec} from '../../support/framework-world.js';

function settled(tasks = fiveTasks(), agents = 3): FrameworkWorld {
  const world = new FrameworkWorld(tasks, agents);
  recoverFor(world, 20);
  world.calls.length = 0;
  return world;
}

function callsOf<T extends Call['type']>(world: FrameworkWorld, type: T): Extract<Call, {type: T}>[] {
  return world.calls.filter((call): call is Extract<Call, {type: T}> => call.type === type);
}

const names = (world: FrameworkWorld) => world.containers.map((container) => container.name).sort();
const container = (world: FrameworkWorld, name: string) => world.containers.find((one) => one.name === name)!;
const agentOf = (world: FrameworkWorld, name: string) =>
  world.agents.find((agent) => agent.id === container(world, name).agentId)!;

describe('starting', () => {
  it('runs every desired task once, spread over the nodes', () => {
    const world = settled();
    expect(names(world)).toEqual(['jupyter', 'ssh-1', 'ssh-2', 'ssh-3', 'ssh-4']);
    expect(world.agents.map((agent) => agent.containers.size).sort()).toEqual([1, 2, 2]);
    const kinds = world.agents.map((agent) => [...agent.containers.values()].filter((one) => one.name.startsWith('ssh')).length);
    expect(kinds.sort()).toEqual([1, 1, 2]);
  });

  it('puts several tasks into one offer', () => {
    const world = new FrameworkWorld(fiveTasks(), 1);
    recoverFor(world, 5);
    expect(names(world)).toHaveLength(5);
    expect(callsOf(world, 'ACCEPT')).toHaveLength(1);
  });

  it('stores a launch before it sends it', () => {
    const world = new FrameworkWorld(fiveTasks(), 3);
    world.onCall = (call) => {
      if (call.type !== 'ACCEPT') return;
      for (const info of call.accept.operations.flatMap((operation) => operation.launch.task_infos)) {
        expect(world.store.has(`runs/${info.task_id.value}`)).toBe(true);
      }
    };
    recoverFor(world, 10);
    expect(callsOf(world, 'ACCEPT').length).toBeGreaterThan(0);
  });

  it('sends a launch only after its own record is stored, not after an earlier one', () => {
    const world = new FrameworkWorld(fiveTasks(), 1);
    world.subscribe();
    world.deliver();
    world.offer();
    world.deliver();
    world.pass(1);
    expect(world.saves.length).toBeGreaterThan(1);
    while (world.saves.length > 1) world.finishSave();
    expect(callsOf(world, 'ACCEPT')).toEqual([]);
    world.finishSave();
    expect(callsOf(world, 'ACCEPT')).toHaveLength(1);
  });

  it('describes the container as docker needs it', () => {
    const world = new FrameworkWorld(
      [
        taskSpec('ssh-1', '192.168.0.101', {
          command: '/usr/sbin/sshd',
          arguments: ['-D'],
          hostname: 'ssh-1',
          volumes: [{host: '/a', container: '/b', mode: 'ro'}],
        }),
      ],
      1,
    );
    recoverFor(world, 5);
    const info = callsOf(world, 'ACCEPT')[0]!.accept.operations[0]!.launch.task_infos[0]!;
    expect(info).toMatchObject({
      name: 'ssh-1',
      resources: [
        {name: 'cpus', type: 'SCALAR', scalar: {value: 0.5}},
        {name: 'mem', type: 'SCALAR', scalar: {value: 256}},
      ],
      container: {
        type: 'DOCKER',
        docker: {
          image: 'docker-ssh:1',
          network: 'USER',
          parameters: [
            {key: 'ip', value: '192.168.0.101'},
            {key: 'hostname', value: 'ssh-1'},
            {key: 'log-driver', value: 'json-file'},
            {key: 'log-opt', value: 'max-size=10m'},
            {key: 'log-opt', value: 'max-file=3'},
          ],
        },
        network_infos: [{name: 'calico_net'}],
        volumes: [{container_path: '/b', host_path: '/a', mode: 'RO'}],
      },
      command: {shell: false, value: '/usr/sbin/sshd', arguments: ['-D']},
      kill_policy: {grace_period: {nanoseconds: 5_000_000_000}},
    });
    expect(info.task_id.value).toMatch(/^ssh-1\.\d+$/);
  });

  it('declines all offers when there is nothing to start, and requests no more', () => {
    const world = settled();
    world.isSuppressed = false;
    world.offer();
    world.drain();
    expect(callsOf(world, 'DECLINE').flatMap((call) => call.decline.offer_ids)).toHaveLength(3);
    expect(callsOf(world, 'DECLINE')[0]!.decline.filters.refuse_seconds).toBe(120);
    expect(settled().isSuppressed).toBe(true);
  });

  it('keeps a task off every node but the one its constraint names', () => {
    const world = settled([taskSpec('jupyter', '192.168.0.100', {constraints: {node: 'node2'}})]);
    expect(agentOf(world, 'jupyter').host).toBe('node2');
  });

  it('never places two unique tasks of a kind on one node, and reports why one waits', () => {
    const world = settled(
      [1, 2, 3].map((number) => taskSpec(`ssh-${number}`, `192.168.0.10${number}`, {constraints: {unique: true}})),
      2,
    );
    expect(names(world)).toHaveLength(2);
    const waiting = world.state.desired.find((spec) => !names(world).includes(spec.name))!;
    expect(world.state.rejections[waiting.name]!.node0).toContain('must be alone of its kind');
  });

  it('reports how much is missing when no offer is large enough', () => {
    const world = settled([taskSpec('jupyter', '192.168.0.100', {mem: 9000})], 1);
    expect(world.state.rejections.jupyter!.node0).toBe('needs 9000 MB, 4096 MB offered');
  });

  it('cancels a launch when its offer is rescinded before the launch is stored', () => {
    const world = new FrameworkWorld(fiveTasks(), 1);
    world.subscribe();
    world.drain();
    world.offer();
    world.drain();
    world.pass(1);
    expect(Object.values(world.state.runs).every((run) => run.phase === 'intended')).toBe(true);
    world.rescind();
    world.disconnect();
    world.drain();
    expect(callsOf(world, 'ACCEPT')).toEqual([]);
    recoverFor(world, 10);
    expect(names(world)).toHaveLength(5);
  });
});

describe('acknowledging', () => {
  it('acknowledges updates with a uuid, and not those that the master generated', () => {
    const world = settled();
    world.disconnect();
    recoverFor(world, 3);
    // The answers to the reconciliation have no uuid.
    expect(callsOf(world, 'RECONCILE').length).toBeGreaterThan(0);
    expect(callsOf(world, 'ACKNOWLEDGE')).toEqual([]);
    world.end(container(world, 'ssh-1'), 'TASK_FAILED');
    world.drain();
    expect(callsOf(world, 'ACKNOWLEDGE')).toHaveLength(1);
  });

  it('acknowledges an update only after its content is stored', () => {
    const world = settled();
    world.end(container(world, 'ssh-1'), 'TASK_FAILED');
    world.deliver();
    expect(callsOf(world, 'ACKNOWLEDGE')).toEqual([]);
    world.finishSave();
    expect(callsOf(world, 'ACKNOWLEDGE')).toHaveLength(1);
  });
});

describe('failing tasks', () => {
  it('starts a failed task again at its address, and leaves the others alone', () => {
    const world = settled();
    const before = world.containers.filter((one) => one.name !== 'ssh-2').map((one) => one.taskId);
    world.end(container(world, 'ssh-2'), 'TASK_FAILED', 'Container exited with status 1');
    recoverFor(world, 15);
    expect(container(world, 'ssh-2').address).toBe('192.168.0.102');
    expect(world.containers.filter((one) => one.name !== 'ssh-2').map((one) => one.taskId)).toEqual(before);
    expect(world.state.slots['ssh-2']!.restarts).toBe(1);
  });

  it('waits longer after each failure in a row, but never longer than the ceiling', () => {
    const world = settled([taskSpec('ssh-1', '192.168.0.101')], 1);
    const waits: number[] = [];
    for (let failure = 0; failure < 9; failure++) {
      world.end(container(world, 'ssh-1'), 'TASK_FAILED');
      world.drain();
      waits.push((world.state.slots['ssh-1']!.notBefore - world.now) / 1000);
      for (let second = 0; second < 80 && world.containers.length === 0; second++) recoverFor(world, 1);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('resets the failures of a task that stays healthy for a while', () => {
    const world = settled([taskSpec('ssh-1', '192.168.0.101')], 1);
    world.end(container(world, 'ssh-1'), 'TASK_FAILED');
    recoverFor(world, 20);
    expect(world.state.slots['ssh-1']!.failures).toBe(1);
    recoverFor(world, 70);
    expect(world.state.slots['ssh-1']!.failures).toBe(0);
  });

  it('tries another node after a launch that failed before the container ran', () => {
    const world = new FrameworkWorld([taskSpec('ssh-1', '192.168.0.101')], 3);
    world.subscribe();
    for (let second = 0; second < 5 && world.containers.length === 0; second++) {
      world.offer();
      world.drain();
      world.pass(1);
      world.drain();
    }
    const first = container(world, 'ssh-1');
    world.end(first, 'TASK_FAILED', 'no such image');
    recoverFor(world, 10);
    expect(container(world, 'ssh-1').agentId).not.toBe(first.agentId);
  });

  it('frees the address of a stale endpoint before it launches again', () => {
    const world = settled();
    world.end(container(world, 'ssh-1'), 'TASK_FAILED');
    world.deliver();
    world.finishSave();
    expect(world.freeing).toEqual(['192.168.0.101']);
    world.offer();
    world.pass(5);
    while (world.stream.length > 0) world.deliver();
    world.pass(5);
    expect(callsOf(world, 'ACCEPT')).toEqual([]);
    world.drain();
    recoverFor(world, 10);
    expect(names(world)).toContain('ssh-1');
  });

  it('revives offers at most every five seconds', () => {
    const world = settled();
    const times: number[] = [];
    world.onCall = (call) => {
      if (call.type === 'REVIVE') times.push(world.now);
    };
    for (let round = 0; round < 30; round++) {
      for (const one of world.containers) if (one.state === 'TASK_RUNNING') world.end(one, 'TASK_FAILED');
      recoverFor(world, 2);
    }
    expect(times.length).toBeGreaterThan(3);
    for (let index = 1; index < times.length; index++) expect(times[index]! - times[index - 1]!).toBeGreaterThanOrEqual(5000);
  });

  it('kills a launch that does not start within five minutes, and launches it again', () => {
    const world = new FrameworkWorld([taskSpec('ssh-1', '192.168.0.101')], 1);
    world.subscribe();
    const rest = () => {
      world.drain();
      world.offer();
      world.drain();
      world.pass(1);
      world.drain();
    };
    for (let second = 0; second < 290; second++) rest();
    const first = container(world, 'ssh-1').taskId;
    expect(callsOf(world, 'KILL')).toEqual([]);
    for (let second = 0; second < 40; second++) rest();
    expect(callsOf(world, 'KILL').map((call) => call.kill.task_id.value)).toContain(first);
    expect(container(world, 'ssh-1').taskId).not.toBe(first);
  });

  it('replaces a task whose health check keeps failing when the agent does not kill it', () => {
    const world = settled();
    const unhealthy = container(world, 'jupyter');
    world.makeUnhealthy(unhealthy);
    for (let second = 0; second < 200; second++) {
      world.drain();
      world.pass(1);
    }
    world.drain();
    expect(callsOf(world, 'KILL').map((call) => call.kill.task_id.value)).toEqual([unhealthy.taskId]);
  });
});

describe('a health check that is never reported', () => {
  it('counts as failed after its limit', () => {
    const world = new FrameworkWorld(fiveTasks().slice(0, 1), 1);
    world.subscribe();
    const pass = (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        world.drain();
        world.offer();
        world.drain();
        for (const one of world.containers) if (one.state !== 'TASK_RUNNING') world.progress(one);
        world.pass(1);
      }
    };
    pass(90);
    expect(callsOf(world, 'KILL')).toEqual([]);
    pass(40);
    expect(callsOf(world, 'KILL')).toHaveLength(1);
    expect(world.state.slots['jupyter']).toMatchObject({
      failures: 1,
      message: expect.stringContaining('its health check was not reported for 105 s'),
    });
  });
});

describe('lost agents', () => {
  it('starts no replacement while the old container at the address may be alive', () => {
    const world = settled();
    const agent = agentOf(world, 'jupyter');
    world.loseAgent(agent);
    world.drain();
    for (let second = 0; second < 290; second++) {
      world.offer();
      world.drain();
      world.pass(1);
      world.drain();
    }
    expect(callsOf(world, 'ACCEPT')).toEqual([]);
  });

  it('leaves the tasks alone when the agent returns in time', () => {
    const world = settled();
    const before = world.containers.map((one) => one.taskId);
    world.loseAgent(world.agents[1]!);
    world.drain();
    world.pass(200);
    world.drain();
    recoverFor(world, 200);
    expect(world.containers.map((one) => one.taskId)).toEqual(before);
    expect(callsOf(world, 'KILL')).toEqual([]);
  });

  it('replaces the tasks elsewhere after 300 s, and kills the old ones when they return', () => {
    const world = settled();
    const agent = agentOf(world, 'jupyter');
    const oldIds = [...agent.containers.keys()];
    world.loseAgent(agent);
    for (let second = 0; second < 320; second++) {
      world.drain();
      world.offer();
      world.drain();
      world.pass(1);
      world.drain();
      for (const one of world.containers) if (one.agentId !== agent.id) world.progress(one);
    }
    expect(world.containers.filter((one) => one.agentId !== agent.id)).toHaveLength(5);
    recoverFor(world, 10);
    for (const old of oldIds) expect(world.containers.map((one) => one.taskId)).not.toContain(old);
    expect(names(world)).toEqual(['jupyter', 'ssh-1', 'ssh-2', 'ssh-3', 'ssh-4']);
  });

  it('waits for the end of an abandoned container that returns before its replacement was launched', () => {
    const world = settled([taskSpec('ssh-1', '192.168.0.101', {constraints: {node: 'node0'}})]);
    const old = container(world, 'ssh-1');
    world.onCall = (call) => {
      if (call.type === 'ACCEPT') expect(world.containers).not.toContain(old);
    };
    world.loseAgent(world.agents[0]!);
    for (let second = 0; second < 320; second++) {
      world.drain();
      world.offer();
      world.pass(1);
    }
    expect(world.state.runs[old.taskId]!.abandoned).toBe(true);
    recoverFor(world, 30);
    expect(container(world, 'ssh-1').taskId).not.toBe(old.taskId);
    expect(callsOf(world, 'ACCEPT')).toHaveLength(1);
    expect(world.state.slots['ssh-1']!.restarts).toBe(1);
  });

  it('cancels a replacement that was not launched yet when the old container returns', () => {
    const world = settled([taskSpec('ssh-1', '192.168.0.101')]);
    const old = container(world, 'ssh-1');
    const agent = agentOf(world, 'ssh-1');
    world.onCall = (call) => {
      if (call.type === 'ACCEPT') expect(world.containers).not.toContain(old);
    };
    world.loseAgent(agent);
    world.drain();
    world.command('release', 'ssh-1');
    world.drain();
    world.pass(5);
    world.drain();
    world.offer();
    while (world.stream.length > 0) world.deliver();
    world.pass(1);
    expect(Object.values(world.state.runs).map((run) => run.phase)).toContain('intended');
    world.returnAgent(agent);
    while (world.stream.length > 0) world.deliver();
    recoverFor(world, 30);
    expect(container(world, 'ssh-1').taskId).not.toBe(old.taskId);
  });

  it('abandons no task whose agent returned while the scheduler was not subscribed', () => {
    const world = settled();
    const before = world.containers.map((one) => one.taskId);
    const agent = agentOf(world, 'ssh-1');
    world.loseAgent(agent);
    world.drain();
    world.pass(290);
    world.disconnect();
    world.returnAgent(agent);
    world.pass(60);
    recoverFor(world, 20);
    expect(world.containers.map((one) => one.taskId)).toEqual(before);
    expect(callsOf(world, 'KILL')).toEqual([]);
  });

  it('replaces a lost task immediately when the operator releases it', () => {
    const world = settled();
    const agent = agentOf(world, 'ssh-1');
    world.loseAgent(agent);
    world.drain();
    world.command('release', 'ssh-1');
    expect(world.replies.at(-1)).toMatchObject({ok: true});
    for (let second = 0; second < 10; second++) {
      world.drain();
      world.offer();
      world.drain();
      world.pass(1);
    }
    expect(world.containers.filter((one) => one.name === 'ssh-1' && one.agentId !== agent.id)).toHaveLength(1);
  });

  it('releases an address also when the lost container there has another name, or is no longer desired', () => {
    for (const name of ['other', 'ssh-4']) {
      const world = settled();
      const {taskId} = container(world, 'ssh-4');
      world.loseAgent(agentOf(world, 'ssh-4'));
      world.drain();
      world.setDesired(fiveTasks().map((spec) => (spec.name === 'ssh-4' ? taskSpec('other', spec.address) : spec)));
      expect(viewOf(world.state, world.now).tasks.find((task) => task.name === 'ssh-4')).toMatchObject({
        state: 'unreachable',
        message: expect.stringContaining('hw5 task release ssh-4'),
      });
      expect(world.why('other')).toContainEqual(expect.stringContaining("'hw5 task release other' abandons it now"));
      world.command('release', name);
      expect(world.replies.at(-1)).toEqual({
        type: 'reply',
        ok: true,
        message: `${taskId} is abandoned; 192.168.0.104 is free for a replacement`,
      });
      expect(viewOf(world.state, world.now).tasks.map((task) => task.name)).not.toContain('ssh-4');
      runFor(world, 20);
      expect(names(world)).toContain('other');
    }
  });

  it('frees the address of the lost container’s endpoint, also for another task that gets the address', () => {
    const world = settled();
    const {containerId} = world.state.runs[container(world, 'ssh-4').taskId]!;
    const agent = agentOf(world, 'ssh-4');
    world.loseAgent(agent);
    world.drain();
    world.setDesired(fiveTasks().map((spec) => (spec.name === 'ssh-4' ? taskSpec('other', spec.address) : spec)));
    world.pass(301);
    // Docker rejects the address because the lost container's endpoint is still in its store.
    for (let second = 0; second < 10; second++) {
      world.drain();
      world.offer();
      world.drain();
      const other = world.containers.find((one) => one.name === 'other');
      if (other?.state === 'TASK_STAGING') world.progress(other);
      else if (other !== undefined) world.end(other, 'TASK_FAILED', 'Address already in use');
      world.pass(1);
    }
    const freed = world.freed.filter((request) => request.name === 'other');
    expect(freed[0]?.containers).toContain(containerId);
  });

  it('counts the reservation by its own clock, and reports the first message about the loss', () => {
    const world = settled();
    const {taskId, agentId} = container(world, 'ssh-1');
    const reported = (message: string) =>
      world.dispatch({
        type: 'mesos',
        event: {
          type: 'UPDATE',
          update: {
            status: {
              task_id: {value: taskId},
              agent_id: {value: agentId},
              state: 'TASK_UNREACHABLE',
              source: 'SOURCE_MASTER',
              message,
              // the master's clock is ten minutes slow
              ...{unreachable_time: {nanoseconds: (world.now - 600_000) * 1e6}},
            },
          },
        },
      });
    reported('health check timed out');
    reported('Reconciliation: Task is unreachable');
    expect(world.state.runs[taskId]).toMatchObject({phase: 'lost', abandoned: false});
    const {why} = viewOf(world.state, world.now);
    expect(why['ssh-1']![0]).toMatch(/health check timed out.* for another 300 s/);
  });

  it('reports what an unresponsive master does not confirm, and lets the operator release it', () => {
    const world = settled();
    const {taskId} = container(world, 'ssh-1');
    const agent = agentOf(world, 'ssh-1');
    world.crash(9);
    world.loseAgent(agent);
    world.subscribe();
    world.deliver();
    const pass = (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        // An upstream master does not answer for agents in its registry that may still register again.
        world.stream.length = 0;
        world.pass(1);
      }
    };
    pass(60);
    expect(world.why('ssh-1')).toEqual([
      expect.stringMatching(
        /^Mesos has not confirmed ssh-1\.\d+ on node\d for 60 s: its agent has not registered again; after a restart of the Mesos master that takes up to 75 s$/,
      ),
      'when last confirmed, it was running and healthy',
    ]);
    world.command('release', 'ssh-1');
    expect(world.replies.at(-1)).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^ssh-1 may be running: the agent on node\d has another 30 s to register/),
    });
    pass(30);
    expect(world.why('ssh-1').slice(0, 2)).toEqual([
      expect.stringMatching(/^Mesos has not confirmed ssh-1\.\d+ on node\d for 90 s$/),
      expect.stringContaining("'hw5 task release ssh-1' abandons it now"),
    ]);
    world.command('release', 'ssh-1');
    expect(world.replies.at(-1)).toMatchObject({ok: true});
    runFor(world, 20);
    expect(world.containers.filter((one) => one.name === 'ssh-1' && one.agentId !== agent.id)).toHaveLength(1);
    recoverFor(world, 20);
    expect(world.containers.map((one) => one.taskId)).not.toContain(taskId);
  });

  it('reports no task as healthy that the master has not confirmed since the subscription broke', () => {
    const world = settled();
    const tasks = () =>
      viewOf(world.state, world.now).tasks.map(({state, healthy, isConfirmed, message}) => ({
        state,
        healthy,
        isConfirmed,
        message,
      }));
    const lastKnown = {
      state: 'running',
      healthy: null,
      isConfirmed: false,
      message: expect.stringMatching(/^Mesos has not confirmed (jupyter|ssh-\d)\.\d+ on node\d/),
    };
    world.disconnect();
    expect(tasks()).toEqual(Array(5).fill(lastKnown));
    // the master was restarted: it has recovered its agents, and answers for none before they have registered again
    world.subscribe();
    world.deliver();
    const answers = world.stream.splice(0);
    for (let second = 0; second < 70; second++) {
      expect(tasks()).toEqual(Array(5).fill(lastKnown));
      world.pass(1);
    }
    world.stream.push(...answers);
    while (world.stream.length > 0) world.deliver();
    expect(tasks()).toEqual(Array(5).fill({state: 'running', healthy: true, isConfirmed: true, message: ''}));
  });

  it('does not report what an earlier leader recorded as healthy before the master has confirmed it', () => {
    const world = settled();
    world.crash(9);
    expect(viewOf(world.state, world.now).tasks.map((task) => task.isConfirmed)).toEqual(Array(5).fill(false));
    recoverFor(world, 2);
    expect(viewOf(world.state, world.now).tasks.map((task) => task.isConfirmed)).toEqual(Array(5).fill(true));
  });

  it('replies what a restart waits for, and ends the run as soon as the master knows its agent again', () => {
    const world = settled();
    const {taskId} = container(world, 'ssh-1');
    world.disconnect();
    world.subscribe();
    world.deliver();
    const answers = world.stream.splice(0);
    world.command('restart', 'ssh-1');
    expect(world.replies.at(-1)).toMatchObject({
      ok: true,
      message: expect.stringMatching(
        /^ssh-1\.\d+ on node\d will be ended, and ssh-1 started again, as soon as the agent on node\d is registered with the Mesos master again/,
      ),
    });
    expect(world.why('ssh-1')[0]).toMatch(/is being ended: an operator restarts it$/);
    for (let second = 0; second < 6; second++) {
      world.stream.length = 0;
      world.pass(1);
    }
    world.calls.length = 0;
    world.stream = answers;
    while (world.stream.length > 0) world.deliver();
    expect(callsOf(world, 'KILL')).toMatchObject([{kill: {task_id: {value: taskId}}}]);
  });

  it('does not release a task that is not lost', () => {
    const world = settled();
    world.command('release', 'ssh-1');
    expect(world.replies.at(-1)).toMatchObject({ok: false});
    expect(callsOf(world, 'KILL')).toEqual([]);
  });

  it('does not take TASK_UNKNOWN of a restarted master as proof of death', () => {
    const world = settled();
    const before = world.containers.map((one) => one.taskId);
    world.restartMaster();
    for (let second = 0; second < 70; second++) {
      world.subscribe();
      world.drain();
      world.offer();
      world.pass(1);
    }
    expect(callsOf(world, 'ACCEPT')).toEqual([]);
    recoverFor(world, 10);
    expect(world.containers.map((one) => one.taskId)).toEqual(before);
    expect(callsOf(world, 'KILL')).toEqual([]);
  });

  it('does not take the rejection of a launch with the id of a running task as proof of its death', () => {
    const world = settled();
    const {taskId, agentId} = container(world, 'ssh-1');
    const status = {
      task_id: {value: taskId},
      agent_id: {value: agentId},
      state: 'TASK_ERROR',
      source: 'SOURCE_MASTER',
      reason: 'REASON_TASK_INVALID',
      message: `Task has duplicate ID: ${taskId}`,
    } as const;
    world.dispatch({type: 'mesos', event: {type: 'UPDATE', update: {status}}});
    expect(callsOf(world, 'RECONCILE').flatMap((call) => call.reconcile.tasks.map((task) => task.task_id.value))).toEqual([
      taskId,
    ]);
    recoverFor(world, 20);
    expect(callsOf(world, 'ACCEPT')).toEqual([]);
    expect(container(world, 'ssh-1').taskId).toBe(taskId);
  });

  it('replaces the tasks of a rebooted agent as soon as the agent reports that they are gone', () => {
    const world = settled();
    const agent = world.agents[0]!;
    world.loseAgent(agent);
    world.drain();
    world.pass(60);
    world.returnAgent(agent, true);
    recoverFor(world, 15);
    expect(names(world)).toEqual(['jupyter', 'ssh-1', 'ssh-2', 'ssh-3', 'ssh-4']);
  });
});

describe('failover', () => {
  it('keeps the framework id, and no task restarts', () => {
    const world = settled();
    const before = world.containers.map((one) => one.taskId);
    world.crash(9);
    expect(world.state.frameworkId).toBe('F1');
    recoverFor(world, 30);
    expect(world.containers.map((one) => one.taskId)).toEqual(before);
    expect(callsOf(world, 'KILL')).toEqual([]);
  });

  it('reconciles every task once it is subscribed, and repeats it until it is answered', () => {
    const world = settled();
    world.crash(9);
    world.subscribe();
    world.deliver();
    expect(callsOf(world, 'RECONCILE')[0]!.reconcile.tasks).toHaveLength(5);
    const times: number[] = [];
    world.onCall = (call) => {
      if (call.type === 'RECONCILE' && call.reconcile.tasks.length > 0) times.push(world.now);
    };
    const start = world.now;
    world.stream.length = 0;
    world.pass(200);
    expect(times.map((time) => (time - start) / 1000)).toEqual([
      // agents may register with a restarted master for 90 s
      ...[1, 3, 7, 12, 17, 22, 27, 32, 37, 42, 47, 52, 57, 62, 67, 72, 77, 82, 87],
      ...[92, 152],
    ]);
  });

  it('never uses a task id twice, even when the last launch was not sent', () => {
    const world = settled([taskSpec('ssh-1', '192.168.0.101')], 1);
    const ids = new Set<string>();
    world.onCall = (call) => {
      if (call.type !== 'ACCEPT') return;
      for (const info of call.accept.operations.flatMap((operation) => operation.launch.task_infos)) {
        expect(ids.has(info.task_id.value)).toBe(false);
        ids.add(info.task_id.value);
      }
    };
    for (let round = 0; round < 10; round++) {
      for (const one of world.containers) world.end(one, 'TASK_FAILED');
      world.crash(round % 3);
      recoverFor(world, 15);
    }
    expect(ids.size).toBeGreaterThan(3);
  });

  it('assumes that a stored launch was sent, because it may have been', () => {
    const world = new FrameworkWorld([taskSpec('ssh-1', '192.168.0.101')], 1);
    world.subscribe();
    world.drain();
    world.offer();
    world.drain();
    world.pass(1);
    world.finishSave();
    expect(names(world)).toEqual(['ssh-1']);
    world.crash(0);
    expect(world.store.get('runs/ssh-1.0')).toMatchObject({phase: 'intended'});
    world.calls.length = 0;
    recoverFor(world, 8);
    expect(callsOf(world, 'ACCEPT')).toEqual([]);
    expect(names(world)).toEqual(['ssh-1']);
  });

  it('kills tasks of the framework that are in no record', () => {
    const world = settled();
    world.store.delete('runs/ssh-1.1');
    const id = container(world, 'ssh-1').taskId;
    world.store.delete(`runs/${id}`);
    world.crash(0);
    recoverFor(world, 40);
    expect(world.containers.map((one) => one.taskId)).not.toContain(id);
    expect(names(world)).toEqual(['jupyter', 'ssh-1', 'ssh-2', 'ssh-3', 'ssh-4']);
  });

  it.each([
    ['behind', -3_600_000],
    ['ahead', 3_600_000],
  ])('waits exactly as long as it should with a clock an hour %s of its predecessor’s', (_, shift) => {
    const world = settled();
    world.loseAgent(agentOf(world, 'ssh-1'));
    world.end(container(world, 'ssh-2'), 'TASK_FAILED');
    while (world.stream.length > 0) world.deliver();
    world.crash(99);
    world.now += shift;
    world.crash(0);
    const lost = Object.values(world.state.runs).filter((run) => run.phase === 'lost');
    expect(lost.length).toBeGreaterThan(0);
    for (const run of lost) expect(run.lostSince).toBe(world.now);
    expect(world.state.slots['ssh-2']!.notBefore).toBeLessThanOrEqual(world.now + 60_000);
    recoverFor(world, 90);
    expect(names(world)).toEqual(['jupyter', 'ssh-1', 'ssh-2', 'ssh-3', 'ssh-4']);
  });

  it('gives agents 90 s after a subscription to register again before their tasks are replaced', () => {
    const world = settled();
    world.loseAgent(agentOf(world, 'ssh-1'));
    while (world.stream.length > 0) world.deliver();
    const later = world.now + 400_000;
    const event = {type: 'SUBSCRIBED', subscribed: {framework_id: {value: world.state.frameworkId!}}} as const;
    const {state} = reduce(world.state, {type: 'mesos', event}, later);
    const lost = Object.values(state.runs).filter((run) => run.phase === 'lost');
    expect(lost.length).toBeGreaterThan(0);
    for (const run of lost) expect(run.lostSince).toBe(later - 210_000);
  });

  it('reconciles implicitly every ten minutes', () => {
    const world = settled();
    recoverFor(world, 1300);
    expect(callsOf(world, 'RECONCILE').filter((call) => call.reconcile.tasks.length === 0)).toHaveLength(2);
  });

  it('keeps the id of a removed framework until none of its tasks can be alive', () => {
    const world = settled();
    world.disconnect();
    world.dispatch({type: 'framework-removed'});
    expect(world.state.frameworkId).toBe('F1');
    world.pass(301);
    world.dispatch({type: 'framework-removed'});
    expect(world.state.frameworkId).toBeNull();
    expect(Object.keys(world.state.runs)).toEqual([]);
  });
});

describe('changes of the desired tasks', () => {
  it('ends what is no longer desired and nothing else', () => {
    const world = settled();
    const kept = container(world, 'ssh-3').taskId;
    world.setDesired(fiveTasks().slice(0, 4));
    recoverFor(world, 20);
    expect(names(world)).toEqual(['jupyter', 'ssh-1', 'ssh-2', 'ssh-3']);
    expect(container(world, 'ssh-3').taskId).toBe(kept);
  });

  it('replaces the tasks one at a time for a new image, each healthy before the next', () => {
    const world = settled();
    world.setDesired(fiveTasks('docker-ssh:2'));
    const outdated = () =>
      viewOf(world.state, 0)
        .tasks.filter((task) => task.isOutdated)
        .map((task) => task.name);
    expect(outdated()).toEqual(['ssh-1', 'ssh-2', 'ssh-3', 'ssh-4']);
    let down = 0;
    for (let second = 0; second < 120; second++) {
      recoverFor(world, 1);
      const healthy = world.containers.filter((one) => one.state === 'TASK_RUNNING' && one.healthy === true).length;
      down = Math.max(down, 5 - healthy);
    }
    expect(world.containers.filter((one) => one.image === 'docker-ssh:2')).toHaveLength(4);
    expect(down).toBe(1);
    expect(outdated()).toEqual([]);
  });

  it('stops the rolling replacement at the first task that does not become healthy', () => {
    const world = settled();
    world.setDesired(fiveTasks('broken:1'));
    for (let second = 0; second < 400; second++) {
      world.drain();
      world.offer();
      world.drain();
      for (const one of world.containers) if (one.image !== 'broken:1') world.progress(one);
      for (const one of world.containers)
        if (one.image === 'broken:1' && one.state === 'TASK_STARTING') world.end(one, 'TASK_FAILED');
      for (const one of world.containers) if (one.image === 'broken:1' && one.state === 'TASK_STAGING') world.progress(one);
      world.drain();
      world.pass(1);
    }
    expect(world.containers.filter((one) => one.image === 'docker-ssh:1')).toHaveLength(3);
  });

  it('starts a repaired task immediately, however often it has failed', () => {
    const world = settled();
    world.setDesired(fiveTasks('broken:1'));
    for (let second = 0; second < 400; second++) {
      for (const one of world.containers) if (one.image === 'broken:1') world.end(one, 'TASK_FAILED');
      world.drain();
      world.offer();
      world.drain();
      world.pass(1);
    }
    expect(viewOf(world.state, world.now).tasks[1]).toMatchObject({name: 'ssh-1', flapping: true});
    world.setDesired(fiveTasks());
    expect(viewOf(world.state, world.now).tasks[1]).toMatchObject({flapping: false});
    recoverFor(world, 10);
    expect(container(world, 'ssh-1')).toMatchObject({image: 'docker-ssh:1', state: 'TASK_RUNNING'});
  });

  it('replaces an outdated task that is down also when another outdated one is lost', () => {
    const world = settled();
    const unhealthy = container(world, 'ssh-4');
    const lost = world.agents.find((agent) => agent.id !== unhealthy.agentId && names(world).length > 0)!;
    world.loseAgent(lost);
    world.drain();
    world.makeUnhealthy(unhealthy);
    world.drain();
    world.setDesired(fiveTasks().map((spec) => ({...spec, env: {A: 'b'}})));
    expect(callsOf(world, 'KILL').map((call) => call.kill.task_id.value)).toEqual([unhealthy.taskId]);
  });

  it('lets two tasks swap their addresses', () => {
    const [a, b] = [taskSpec('a', '192.168.0.101'), taskSpec('b', '192.168.0.102')];
    const world = settled([a, b]);
    world.setDesired([
      {...a, address: b.address},
      {...b, address: a.address},
    ]);
    recoverFor(world, 60);
    expect(world.containers.map((one) => [one.name, one.address]).sort()).toEqual([
      ['a', '192.168.0.102'],
      ['b', '192.168.0.101'],
    ]);
  });

  it('does not restart a task whose constraint already holds', () => {
    const world = settled();
    const {taskId, agentId} = container(world, 'ssh-1');
    const {host} = world.agents.find((agent) => agent.id === agentId)!;
    world.setDesired(fiveTasks().map((spec) => (spec.name === 'ssh-1' ? {...spec, constraints: {node: host}} : spec)));
    recoverFor(world, 20);
    expect(container(world, 'ssh-1').taskId).toBe(taskId);
  });

  it('restarts a task for the operator', () => {
    const world = settled();
    const before = container(world, 'ssh-1').taskId;
    world.command('restart', 'ssh-1');
    recoverFor(world, 15);
    expect(container(world, 'ssh-1').taskId).not.toBe(before);
    expect(world.state.slots['ssh-1']!.failures).toBe(0);
  });

  it('replies to the operator that a restart waits for the master', () => {
    const world = settled();
    world.disconnect();
    world.command('restart', 'ssh-1');
    expect(world.replies.at(-1)).toMatchObject({
      ok: true,
      message: expect.stringMatching(
        /^ssh-1\.\d+ on node\d will be ended, and ssh-1 started again, as soon as the scheduler is subscribed again \(the connection broke\)$/,
      ),
    });
    recoverFor(world, 15);
    expect(callsOf(world, 'KILL')).toHaveLength(1);
  });

  it('repeats a KILL that has no effect', () => {
    const world = settled();
    world.disconnect();
    world.subscribe();
    world.drain();
    world.command('kill', 'ssh-1');
    const doomed = callsOf(world, 'KILL').length;
    world.stream.length = 0;
    world.pass(25);
    expect(callsOf(world, 'KILL').length).toBe(doomed + 2);
  });

  it('lists the tasks in the reply to a command for an unknown one', () => {
    const world = settled();
    world.command('restart', 'ssh-9');
    expect(world.replies.at(-1)!.message).toContain('there are jupyter, ssh-1');
  });
});
