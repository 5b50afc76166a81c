import {describe, expect, it} from 'vitest';
import {command, failure, reply, taskReasons} from '../../../src/scheduler-api/commands.js';
import {configuration} from '../../../src/scheduler-api/configuration.js';
import {
  DESIRED_PATH,
  SCHEDULER_STATE_COMMAND,
  SOCKET,
  STATE_PATH,
  taskActionPath,
  whyPath,
} from '../../../src/scheduler-api/endpoints.js';
import {publishedView} from '../../../src/scheduler-api/published-view.js';
import {schedulerState} from '../../../src/scheduler-api/state.js';

/**
 * Version 1 on the wire, written out. A renamed or removed field fails here even when it was renamed everywhere in the sources: other
 * releases of hw5 still use the old name, so the change needs a new API_VERSION, and then these documents change with it.
 */
const task = {
  name: 'ssh-1',
  image: 'docker-ssh:1',
  network: 'calico_net',
  address: '192.168.0.101',
  cpus: 0.5,
  mem: 256,
  command: 'sshd',
  arguments: ['-D'],
  env: {LANG: 'C'},
  hostname: 'ssh-1',
  volumes: [{host: '/etc/hw5/containers/ssh', container: '/run/hw5', mode: 'ro'}],
  healthCheck: {type: 'tcp', port: 22, path: '/', graceSeconds: 60, intervalSeconds: 5, timeoutSeconds: 5, failures: 3},
  constraints: {node: 'node1', unique: true},
};
const report = {
  name: 'ssh-1',
  taskId: 'ssh-1.7',
  state: 'running',
  healthy: true,
  isConfirmed: true,
  node: 'node1',
  agentId: 'S1',
  address: '192.168.0.101',
  image: 'docker-ssh:1',
  restarts: 2,
  containerId: 'c1',
  message: '',
  since: '2026-01-01T00:00:00.000Z',
  failing: {times: 4, reason: 'it failed'},
  flapping: false,
  isOutdated: false,
};
const documents = {
  state: [
    schedulerState,
    {
      apiVersion: 1,
      framework: {
        id: 'F1',
        connected: true,
        connection: '',
        leader: 'node0',
        isLeader: true,
        master: 'node0:5050',
        isCurrent: true,
      },
      tasks: [report],
    },
  ],
  configuration: [
    configuration,
    {
      apiVersion: 1,
      node: 'node0',
      master: '198.18.0.10:5050',
      name: 'hw5',
      user: 'root',
      role: '*',
      failoverTimeoutSeconds: 604_800,
      etcd: ['http://198.18.0.10:2379'],
      clusterToken: 'zzw',
      listen: '/run/hw5/scheduler.sock',
      agents: [{name: 'node0', address: '198.18.0.10'}],
      principal: 'hw5',
      secretFile: '/etc/hw5/mesos-secret',
      tasks: [task],
    },
  ],
  'published view': [
    publishedView,
    {
      apiVersion: 1,
      frameworkId: 'F1',
      connected: true,
      connection: '',
      tasks: [report],
      desiredHash: '0123456789ab',
      why: {'ssh-1': ['has run on node1 for 5 s and is healthy']},
      master: 'node0:5050',
      leader: 'node0',
      isMasterUnresponsive: false,
    },
  ],
  'restart command': [command, {action: 'restart', name: 'ssh-1', at: 1}],
  'desired command': [command, {action: 'desired', tasks: [task], at: 1}],
  'resign command': [command, {action: 'resign', at: 1}],
  reply: [reply, {ok: true, message: 'done'}],
  reasons: [taskReasons, {name: 'ssh-1', why: ['it waits for an offer from Mesos']}],
  failure: [failure, {error: 'there is no task ssh-9'}],
} as const;

describe('on the wire, version 1', () => {
  it.each(Object.entries(documents))('the %s has these fields and no others', (_name, [schema, document]) => {
    expect(schema.parse(document)).toEqual(document);
  });

  it('a task is in one of these states', () => {
    const states = ['pending', 'staging', 'starting', 'running', 'unhealthy', 'killing', 'unreachable', 'failed'];
    expect(schedulerState.shape.tasks.element.shape.state.options).toEqual(states);
  });

  it('the socket and the paths are these', () => {
    expect(SOCKET).toBe('/run/hw5/scheduler.sock');
    expect([STATE_PATH, DESIRED_PATH, whyPath('a/b'), taskActionPath('ssh-1', 'kill')]).toEqual([
      '/v1/state',
      '/v1/desired',
      '/v1/why/a%2Fb',
      '/v1/tasks/ssh-1/kill',
    ]);
    expect(SCHEDULER_STATE_COMMAND).toBe('curl -sf -m 10 --unix-socket /run/hw5/scheduler.sock http://localhost/v1/state');
  });
});
