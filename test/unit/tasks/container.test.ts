import {describe, expect, it} from 'vitest';
import {OpenHosts} from '../../../src/host/open-hosts.js';
import {ConnectError} from '../../../src/support/errors.js';
import {containersOn, findContainers, runningContainer} from '../../../src/tasks/container.js';
import {FakeHost} from '../../support/fake-host.js';
import {clusterOf} from '../components/situation.js';
import {scheduler} from './scheduler.js';

const cluster = clusterOf();
const [task] = scheduler().tasks;

/** `docker inspect` of jupyter's two last containers, an older one of another framework, and one of ssh-3. */
const LIST = `aaa /mesos-old false 137 true 2026-01-01T00:00:00.1Z jupyter\t"no \\"such\\" network"
bbb /mesos-container-of-jupyter true 0 false 2026-01-02T00:00:00.1Z jupyter
ccc /mesos-x true 0 false 2026-01-03T00:00:00.1Z ssh-3
ddd /mesos-y false 1 false 2026-01-03T00:00:00.1Z 0a1b2c3d4e5f
`;

function node(name: string, list = ''): FakeHost {
  return new FakeHost(name).on(['sh', '-s'], list);
}

function open(...nodes: readonly (FakeHost | Error)[]): OpenHosts {
  return new OpenHosts(async ({name}) => {
    const host = nodes[cluster.nodes.findIndex((one) => one.name === name)]!;
    if (host instanceof Error) throw host;
    return host;
  });
}

describe("a task's containers", () => {
  it('are those with its host name, the newest first, including terminated ones', async () => {
    const found = await containersOn(node('node0', LIST), task!);
    expect(
      found.map(({id, isRunning, exitCode, wasKilledForMemory, startError}) => ({
        id,
        isRunning,
        exitCode,
        wasKilledForMemory,
        startError,
      })),
    ).toEqual([
      {id: 'bbb', isRunning: true, exitCode: 0, wasKilledForMemory: false, startError: ''},
      {id: 'aaa', isRunning: false, exitCode: 137, wasKilledForMemory: true, startError: 'no "such" network'},
    ]);
  });

  it('are also those with its container id and another host name', async () => {
    expect((await containersOn(node('node0', LIST), {name: 'web', containerId: 'y'})).map(({id}) => id)).toEqual(['ddd']);
  });

  it('are listed as root', async () => {
    const host = node('node0', LIST);
    await containersOn(host, task!);
    expect(host.commands).toEqual(['# sh -s']);
  });

  it('cannot be listed without docker', async () => {
    const host = new FakeHost('node0').on(['sh', '-s'], {code: 1, stderr: 'Cannot connect to the Docker daemon'});
    await expect(containersOn(host, task!)).rejects.toMatchObject({
      hint: expect.stringContaining('hw5 logs docker --node node0'),
    });
  });

  it.each(['node1', 'node1.example.org', '198.18.0.11'])(
    'are listed on its node also when its agent is registered as %s',
    async (hostname) => {
      const others = [node('node0'), node('node2')];
      await using hosts = open(others[0]!, node('node1', LIST), others[1]!);
      expect(await runningContainer(cluster, {...task!, node: hostname}, hosts)).toMatchObject({id: 'bbb', node: 'node1'});
      expect((await findContainers(cluster, {...task!, node: hostname}, hosts)).map((one) => one.node)).toEqual([
        'node1',
        'node1',
      ]);
      expect(others.flatMap((one) => one.commands)).toEqual([]);
    },
  );

  it('are listed on its node only, when there is one', async () => {
    const others = [node('node1'), node('node2')];
    await using hosts = open(node('node0', LIST), ...others);
    expect((await findContainers(cluster, task!, hosts)).map(({node}) => node)).toEqual(['node0', 'node0']);
    expect(others.flatMap((host) => host.commands)).toEqual([]);
  });

  it('are listed on all nodes that can be reached, when it has no node', async () => {
    const later = LIST.replaceAll('2026-01-02', '2026-01-04');
    await using hosts = open(node('node0', LIST), new ConnectError('node1', 'off'), node('node2', later));
    const found = await findContainers(cluster, {...task!, node: null, containerId: null}, hosts);
    expect(found.map(({node, created}) => `${node} ${created.slice(0, 10)}`)).toEqual([
      'node2 2026-01-04',
      'node0 2026-01-02',
      'node0 2026-01-01',
      'node2 2026-01-01',
    ]);
  });
});

describe('a command in a container', () => {
  it('uses the running one', async () => {
    await using hosts = open(node('node0', LIST), node('node1'), node('node2'));
    expect((await runningContainer(cluster, task!, hosts)).id).toBe('bbb');
  });

  it('cannot be run in a task without a node', async () => {
    await using hosts = open();
    await expect(runningContainer(cluster, {...task!, node: null, state: 'pending'}, hosts)).rejects.toMatchObject({
      message: 'jupyter does not run: it is pending',
      hint: expect.stringContaining('hw5 why jupyter'),
    });
  });

  it('cannot be run in a container that has terminated', async () => {
    await using hosts = open(node('node0', LIST.replaceAll('true 0', 'false 0')));
    await expect(runningContainer(cluster, task!, hosts)).rejects.toMatchObject({
      message: 'jupyter has no running container on node0: it is running',
    });
  });
});
