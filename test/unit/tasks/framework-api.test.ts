import {describe, expect, it} from 'vitest';
import {OpenHosts} from '../../../src/host/open-hosts.js';
import {ConnectError} from '../../../src/support/errors.js';
import {findFramework, taskOf} from '../../../src/tasks/framework-api.js';
import type {FakeHost} from '../../support/fake-host.js';
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

describe('the way to the framework', () => {
  it('leads to the instance that leads', async () => {
    await using hosts = open(instance('node0'), instance('node1'), instance('node2', {isLeader: true}));
    expect((await findFramework(cluster, hosts)).node.name).toBe('node2');
  });

  it('does not wait for a dead node when the leader answers', async () => {
    const never = new Promise<FakeHost>(() => {});
    const hosts = open(instance('node0', {isLeader: true}), never, never);
    expect((await findFramework(cluster, hosts)).node.name).toBe('node0');
  });

  it('leads to one that stands by when the leader does not answer', async () => {
    const never = new Promise<FakeHost>(() => {});
    const hosts = open(new ConnectError('node0', 'no route'), instance('node1'), never);
    expect((await findFramework(cluster, hosts)).node.name).toBe('node1');
  });

  it('says of every node why nothing answers there', async () => {
    await using hosts = open(new ConnectError('node0', 'node0 is off'), STOPPED('node1'), STOPPED('node2'));
    await expect(findFramework(cluster, hosts)).rejects.toMatchObject({
      message: 'no scheduler answers\nnode0: node0 is off\nnode1: its scheduler does not run\nnode2: its scheduler does not run',
      hint: expect.stringContaining('hw5 logs scheduler'),
    });
  });

  it('goes over the socket as root', async () => {
    const leader = instance('node0', {isLeader: true});
    await using hosts = open(leader, instance('node1'), instance('node2'));
    await findFramework(cluster, hosts);
    expect(leader.commands[0]).toMatch(/^# curl .*--unix-socket \/run\/hw5\/scheduler\.sock http:\/\/scheduler\/v1\/state$/);
  });

  it('hands over what is wanted of a task, and gives the answer back', async () => {
    const leader = instance('node0', {isLeader: true}).on(
      /POST .*\/v1\/tasks\/ssh-1\/restart$/,
      answer(202, {ok: true, message: 'ssh-1.1 is ended'}),
    );
    await using hosts = open(leader, instance('node1'), instance('node2'));
    const api = await findFramework(cluster, hosts);
    expect(await api.command('ssh-1', 'restart')).toBe('ssh-1.1 is ended');
  });

  it('fails with the words of the framework when it refuses', async () => {
    const leader = instance('node0', {isLeader: true}).on(/release$/, answer(409, {ok: false, message: 'ssh-1 is not lost'}));
    await using hosts = open(leader, instance('node1'), instance('node2'));
    const api = await findFramework(cluster, hosts);
    await expect(api.command('ssh-1', 'release')).rejects.toMatchObject({
      message: 'ssh-1 is not lost',
      hint: '`hw5 why ssh-1` gives the reasons',
    });
  });

  it('tells why a task is as it is', async () => {
    const leader = instance('node0', {isLeader: true}).on(
      /\/v1\/why\/ssh-1$/,
      answer(200, {name: 'ssh-1', why: ['it waits', 'node1: too small']}),
    );
    await using hosts = open(leader, instance('node1'), instance('node2'));
    expect(await (await findFramework(cluster, hosts)).why('ssh-1')).toEqual(['it waits', 'node1: too small']);
  });
});

describe('a task that is asked for', () => {
  it('is found by its name', () => {
    expect(taskOf(scheduler(), 'ssh-2', cluster).address).toBe('192.168.0.102');
  });

  it.each([
    ['jupitr', 'there is no task jupitr', 'did you mean jupyter?'],
    ['web', 'there is no task web', 'there are jupyter, ssh-1, ssh-2, ssh-3, ssh-4'],
  ])('is refused when there is none of the name %s, with what was meant', (name, message, hint) => {
    expect(() => taskOf(scheduler(), name, cluster)).toThrow(expect.objectContaining({message, hint, exitCode: 2}));
  });

  it('may be in the cluster file and not with the framework yet', () => {
    expect(() => taskOf({...scheduler(), tasks: []}, 'ssh-1', cluster)).toThrow(
      expect.objectContaining({hint: 'it is in the cluster file: run `hw5 up`'}),
    );
  });
});
