import {describe, expect, it, vi} from 'vitest';
import {OpenHosts} from '../../../src/host/open-hosts.js';
import {ConnectError} from '../../../src/support/errors.js';
import {findFramework, taskOf} from '../../../src/tasks/framework-api.js';
import {FakeHost} from '../../support/fake-host.js';
import {clusterOf} from '../components/situation.js';
import {answer, instance, STOPPED, scheduler} from './scheduler.js';

const cluster = clusterOf();

/** The nodes as they answer; an Error cannot be connected to. */
function open(...nodes: readonly (FakeHost | Error | Promise<FakeHost>)[]): OpenHosts {
  return new OpenHosts(async (node) => {
    const host = await nodes[cluster.nodes.findIndex(({name}) => name === node.name)];
    if (host instanceof Error) throw host;
    return host!;
  });
}

describe('finding the scheduler', () => {
  it('returns the instance that leads', async () => {
    await using hosts = open(instance('node0'), instance('node1'), instance('node2', {isLeader: true}));
    expect((await findFramework(cluster, hosts)).node.name).toBe('node2');
  });

  it('does not wait for a dead node when the leader answers', async () => {
    const never = new Promise<FakeHost>(() => {});
    const hosts = open(instance('node0', {isLeader: true}), never, never);
    expect((await findFramework(cluster, hosts)).node.name).toBe('node0');
  });

  it('returns an instance that does not lead when the leader does not answer', async () => {
    const never = new Promise<FakeHost>(() => {});
    const hosts = open(new ConnectError('node0', 'no route'), instance('node1'), never);
    vi.useFakeTimers();
    try {
      const found = findFramework(cluster, hosts);
      await vi.advanceTimersByTimeAsync(1000);
      expect((await found).node.name).toBe('node1');
    } finally {
      vi.useRealTimers();
    }
  });

  it.each<[string, number, FakeHost | Error, string]>([
    ['waits longer for the leader that another one names', 4_000, instance('node0', {isLeader: true}), 'node0'],
    ['returns another one once the leader that it names fails', 4_000, new ConnectError('node0', 'no route'), 'node1'],
    ['returns another one when the leader that it names is too late', 9_000, instance('node0', {isLeader: true}), 'node1'],
  ])('%s', async (_, afterMs, leader, expected) => {
    vi.useFakeTimers();
    try {
      const late = new Promise<FakeHost>((resolve, reject) => {
        setTimeout(() => (leader instanceof Error ? reject(leader) : resolve(leader)), afterMs);
      });
      const never = new Promise<FakeHost>(() => {});
      const found = findFramework(cluster, open(late, instance('node1'), never));
      let isFound = false;
      void found.then(() => {
        isFound = true;
      });
      await vi.advanceTimersByTimeAsync(3_900);
      expect(isFound).toBe(false);
      await vi.advanceTimersByTimeAsync(1_200);
      expect(isFound).toBe(true);
      expect((await found).node.name).toBe(expected);
    } finally {
      vi.useRealTimers();
    }
  });

  it('fails with the reason of every node when no instance answers', async () => {
    await using hosts = open(new ConnectError('node0', 'node0 is off'), STOPPED('node1'), STOPPED('node2'));
    await expect(findFramework(cluster, hosts)).rejects.toMatchObject({
      message: 'no scheduler answers\nnode0: node0 is off\nnode1: its scheduler does not run\nnode2: its scheduler does not run',
      hint: expect.stringContaining('hw5 logs scheduler'),
    });
  });

  it.each([
    [
      'an older',
      {apiVersion: undefined},
      'this scheduler speaks version 0 of its API, and this hw5 version 1',
      '`hw5 up` installs',
    ],
    ['a newer', {apiVersion: 2}, 'this scheduler speaks version 2 of its API, and this hw5 version 1', 'use the version of hw5'],
    ['a broken', {tasks: [{}]}, 'its answer is not understood: tasks.0.name: ', '`hw5 logs scheduler`'],
  ])('reports %s scheduler as such, and how to proceed', async (_, change, message, hint) => {
    const node = (name: string) => new FakeHost(name).on(/state$/, answer(200, {...scheduler(), ...change}));
    await using hosts = open(node('node0'), STOPPED('node1'), STOPPED('node2'));
    await expect(findFramework(cluster, hosts)).rejects.toMatchObject({
      message: expect.stringMatching(/^no scheduler gives an answer that this hw5 understands\nnode0: /),
      hint: expect.stringContaining(hint),
    });
    await expect(findFramework(cluster, hosts)).rejects.toThrow(message);
  });

  it('uses an instance of this version next to an older one, as while hw5 replaces them', async () => {
    const old = new FakeHost('node0').on(/state$/, answer(200, {...scheduler(), apiVersion: undefined}));
    await using hosts = open(old, instance('node1'), STOPPED('node2'));
    expect((await findFramework(cluster, hosts)).node.name).toBe('node1');
  });

  it('queries the socket as root', async () => {
    const leader = instance('node0', {isLeader: true});
    await using hosts = open(leader, instance('node1'), instance('node2'));
    await findFramework(cluster, hosts);
    expect(leader.commands[0]).toMatch(/^# curl .*--unix-socket \/run\/hw5\/scheduler\.sock http:\/\/scheduler\/v1\/state$/);
  });

  it('sends a command for a task, and returns the reply', async () => {
    const leader = instance('node0', {isLeader: true}).on(
      /POST .*\/v1\/tasks\/ssh-1\/restart$/,
      answer(202, {ok: true, message: 'ssh-1.1 is ended'}),
    );
    await using hosts = open(leader, instance('node1'), instance('node2'));
    const api = await findFramework(cluster, hosts);
    expect(await api.command('ssh-1', 'restart')).toBe('ssh-1.1 is ended');
  });

  it('fails with the reply of the scheduler when it rejects a command', async () => {
    const leader = instance('node0', {isLeader: true}).on(/release$/, answer(409, {ok: false, message: 'ssh-1 is not lost'}));
    await using hosts = open(leader, instance('node1'), instance('node2'));
    const api = await findFramework(cluster, hosts);
    await expect(api.command('ssh-1', 'release')).rejects.toMatchObject({
      message: 'ssh-1 is not lost',
      hint: '`hw5 why ssh-1` gives the reasons',
    });
  });

  it('returns the reasons for a task’s state', async () => {
    const leader = instance('node0', {isLeader: true}).on(
      /\/v1\/why\/ssh-1$/,
      answer(200, {name: 'ssh-1', why: ['it waits', 'node1: too small']}),
    );
    await using hosts = open(leader, instance('node1'), instance('node2'));
    expect(await (await findFramework(cluster, hosts)).why('ssh-1')).toEqual(['it waits', 'node1: too small']);
  });
});

describe('a task of the command line', () => {
  it('is found by its name', () => {
    expect(taskOf(scheduler(), 'ssh-2', cluster).address).toBe('192.168.0.102');
  });

  it.each([
    ['jupitr', 'there is no task jupitr', 'did you mean jupyter?'],
    ['web', 'there is no task web', 'there are jupyter, ssh-1, ssh-2, ssh-3, ssh-4'],
  ])('is an error when there is none with the name %s, with a suggestion', (name, message, hint) => {
    expect(() => taskOf(scheduler(), name, cluster)).toThrow(expect.objectContaining({message, hint, exitCode: 2}));
  });

  it('is an error when it is only in the cluster file yet', () => {
    expect(() => taskOf({...scheduler(), tasks: []}, 'ssh-1', cluster)).toThrow(
      expect.objectContaining({hint: 'it is in the cluster file: run `hw5 up`'}),
    );
  });
});
