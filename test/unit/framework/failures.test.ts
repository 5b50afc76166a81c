import {describe, expect, it} from 'vitest';
import {dockerReason} from '../../../src/framework/executor-output.js';
import {stateFrom} from '../../../src/framework/records.js';
import {defaultSettings} from '../../../src/framework/settings.js';
import {viewOf} from '../../../src/framework/view.js';
import {FrameworkWorld, recoverFor, taskSpec} from '../../support/framework-world.js';

const STATUS = 'Container exited with status 125';
const NO_NETWORK = 'Docker: network calico_net not found.';

/** A world whose only task's container ends with these messages, one after the other. Each reason is reported as Docker's, if it has one. */
function afterEnds(...ends: readonly (readonly [message: string, reason?: string])[]): FrameworkWorld {
  const world = new FrameworkWorld([taskSpec('ssh-1', '192.168.0.101')]);
  for (const [message, reason] of ends) {
    for (let second = 0; second < 90 && world.containers.length === 0; second++) recoverFor(world, 1);
    world.end(world.containers[0]!, 'TASK_FAILED', message);
    world.drain();
    const effect = world.explaining.shift();
    if (reason !== undefined) world.dispatch({type: 'end-explained', name: effect!.name, taskId: effect!.sandbox.taskId, reason});
  }
  return world;
}

const failing = (world: FrameworkWorld) => viewOf(world.state, world.now).tasks[0]!.failing;

describe('a container that docker could not start', () => {
  it('is explained by what its executor wrote into its sandbox', () => {
    const world = afterEnds([STATUS]);
    const {agentOrigins} = world.state;
    for (let second = 0; second < 90 && world.containers.length === 0; second++) recoverFor(world, 1);
    const {agentId} = world.containers[0]!;
    world.end(world.containers[0]!, 'TASK_FAILED', STATUS);
    world.drain();
    expect(world.explaining).toEqual([
      {
        type: 'explain-end',
        name: 'ssh-1',
        sandbox: {origin: agentOrigins[agentId], agentId, frameworkId: 'F1', taskId: 'ssh-1.1', containerId: 'c-ssh-1.1'},
      },
    ]);
  });

  it("has Docker's reason in why, in the list and in the store", () => {
    const world = afterEnds([STATUS, NO_NETWORK]);
    const end =
      /^last end: ssh-1\.0 on node\d: it failed \(Container exited with status 125\): Docker: network calico_net not found\.$/;
    expect(world.why('ssh-1')).toContainEqual(expect.stringMatching(end));
    expect(viewOf(world.state, world.now).tasks[0]!.message).toContain(NO_NETWORK);
    world.drain();
    world.crash(9);
    expect(world.why('ssh-1')).toContainEqual(expect.stringMatching(end));
  });

  it.each(['Container exited with status 1', 'Failed to launch container: Failed to run docker pull'])(
    'is not looked for after "%s", which has the reason or is the program\'s own end',
    (message) => {
      const world = new FrameworkWorld([taskSpec('ssh-1', '192.168.0.101')]);
      for (let second = 0; second < 9 && world.containers.length === 0; second++) recoverFor(world, 1);
      world.end(world.containers[0]!, 'TASK_FAILED', message);
      world.drain();
      expect(world.explaining).toEqual([]);
    },
  );

  it.each([
    ["Docker: IP assignment error: update conflict: 'BlockKey(cidr=192.168.0.64/26)'.", 0],
    ['Docker: the block is already claimed by host node1.', 0],
    [NO_NETWORK, 1],
  ])('because of "%s" is counted as %d restarts', (reason, restarts) => {
    const world = afterEnds([STATUS, reason]);
    expect(viewOf(world.state, world.now).tasks[0]!.restarts).toBe(restarts);
    for (let second = 0; second < 90 && world.containers.length === 0; second++) recoverFor(world, 1);
    expect(world.containers).toHaveLength(1);
  });

  it('does not explain a later end with the reason of an earlier one', () => {
    const world = afterEnds([STATUS], [STATUS]);
    world.dispatch({type: 'end-explained', name: 'ssh-1', taskId: 'ssh-1.0', reason: NO_NETWORK});
    expect(world.why('ssh-1').join()).not.toContain(NO_NETWORK);
  });
});

describe('failures in a row for the same reason', () => {
  it('are counted', () => {
    const world = afterEnds([STATUS, NO_NETWORK], [STATUS, NO_NETWORK], [STATUS, NO_NETWORK]);
    expect(failing(world)).toEqual({times: 3, reason: `it failed (${STATUS}): ${NO_NETWORK}`});
  });

  it.each([
    ['status', ['Container exited with status 126', NO_NETWORK]],
    ['reason of Docker', [STATUS, 'Docker: no space left on device.']],
  ] as const)('are counted from the beginning after another %s', (_, last) => {
    const world = afterEnds([STATUS, NO_NETWORK], [STATUS, NO_NETWORK], last);
    expect(failing(world)).toEqual({times: 1, reason: `it failed (${last[0]}): ${last[1]}`});
  });

  it('are none once the task has been healthy for a while, or has another description', () => {
    const stable = afterEnds([STATUS]);
    recoverFor(stable, 90);
    expect(failing(stable)).toBeNull();
    const changed = afterEnds([STATUS]);
    changed.setDesired([taskSpec('ssh-1', '192.168.0.101', {image: 'docker-ssh:2'})]);
    expect(failing(changed)).toBeNull();
  });

  it('are none in a record of an earlier release', () => {
    const {failing: _, ...slot} = afterEnds([STATUS]).state.slots['ssh-1']!;
    const state = stateFrom(new Map([['slots/ssh-1', slot]]), defaultSettings, slot.since);
    expect(state.slots['ssh-1']!.failing).toBeNull();
  });
});

describe("Docker's reason in the output of an executor", () => {
  it.each([
    [
      "I1128 17:33:31.123456  1234 exec.cpp:237] Executor registered\ndocker: Error response from daemon: network x not found.\nSee '/usr/bin/docker run --help'.\n",
      'Docker: network x not found.',
    ],
    [
      'docker: Error response from daemon: OCI runtime create failed: exec: "foo": executable file not found in $PATH: unknown.\ntime="…" level=error msg="error waiting for container: context canceled"\n',
      'Docker: OCI runtime create failed: exec: "foo": executable file not found in $PATH: unknown.',
    ],
    ['/usr/bin/docker: Cannot connect to the Docker daemon.\n', 'Docker: Cannot connect to the Docker daemon.'],
    ['/entrypoint.sh: 9: exec: foo: not found\n', 'it printed: /entrypoint.sh: 9: exec: foo: not found'],
    ['docker: invalid value --token=abc\n', 'Docker: invalid value --token=***'],
    ['\nI1128 17:33:31.123456  1234 exec.cpp:237] Executor registered\n', undefined],
  ])('%j', (output, reason) => {
    expect(dockerReason(output)).toBe(reason);
  });
});
