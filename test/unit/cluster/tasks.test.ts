import {describe, expect, it} from 'vitest';
import {parseCluster} from '../../../src/cluster/load.js';
import {configErrorsOf} from './config-errors.js';

const file = (tasks: string, more = '') => `nodes: [10.0.0.1, 10.0.0.2, 10.0.0.3]\nframework:\n  tasks:\n${tasks}\n${more}`;
const tasksOf = (tasks: string, more?: string) => parseCluster(file(tasks, more), 'c.yaml').framework.tasks;
const errors = (tasks: string, more?: string) => configErrorsOf(file(tasks, more));

describe('a group of tasks', () => {
  it('becomes numbered tasks at its addresses, in order', () => {
    const tasks = tasksOf('   - {name: ssh, count: 3, addresses: 192.168.0.201-203}');
    expect(tasks.map(({name, address}) => `${name} ${address}`)).toEqual([
      'ssh-1 192.168.0.201',
      'ssh-2 192.168.0.202',
      'ssh-3 192.168.0.203',
    ]);
  });

  it('has as many tasks as addresses when it has no count', () => {
    const tasks = tasksOf('   - {name: ssh, addresses: [192.168.0.201, 192.168.0.205-206]}');
    expect(tasks.map(({address}) => address)).toEqual(['192.168.0.201', '192.168.0.205', '192.168.0.206']);
    expect(tasks.map(({name}) => name)).toEqual(['ssh-1', 'ssh-2', 'ssh-3']);
  });

  it('with a count of one is numbered, too', () => {
    expect(tasksOf('   - {name: ssh, count: 1}').map(({name}) => name)).toEqual(['ssh-1']);
  });

  it('with more tasks than addresses is rejected, with the two ways to fix it', () => {
    expect(errors('   - {name: ssh, count: 5, addresses: 192.168.0.101-104}')).toEqual([
      '4:25 framework.tasks[0].count: 5 tasks, but 4 addresses → write `count: 4`, or `addresses: 192.168.0.101-105`',
    ]);
  });

  it('with a single address is rejected', () => {
    expect(errors('   - {name: ssh, count: 2, address: 192.168.0.101}')).toEqual([
      expect.stringContaining('framework.tasks[0].address: a single address for a group of tasks → write `addresses:'),
    ]);
  });

  it('with an invalid range is rejected, without further errors', () => {
    expect(errors('   - {name: ssh, count: 2, addresses: 192.168.0.104-101}')).toEqual([
      expect.stringContaining('4:39 framework.tasks[0].addresses: not a range of IPv4 addresses'),
    ]);
  });
});

describe('tasks without an address', () => {
  it('get the next free one, counted from the first of the pool', () => {
    const tasks = tasksOf(
      '   - name: jupyter\n   - {name: ssh, count: 3}\n   - {name: ssh-9, address: 10.7.0.102}',
      'network: {subnet: 10.7.0.0/16}',
    );
    expect(tasks.map(({address}) => address)).toEqual(['10.7.0.100', '10.7.0.101', '10.7.0.103', '10.7.0.104', '10.7.0.102']);
  });

  it('are rejected when the pool is too small for them', () => {
    expect(configErrorsOf('nodes: [10.0.0.1]\nnetwork: {subnet: 10.7.0.0/26}')).toEqual([
      expect.stringMatching(/^2:19 network\.subnet: too small: .* → choose a larger subnet, or write an address for each task/),
    ]);
    expect(tasksOf('   - {name: ssh, address: 10.7.0.2}', 'network: {subnet: 10.7.0.0/26}')).toHaveLength(1);
  });

  it('never get the broadcast address', () => {
    const at = (count: number) =>
      configErrorsOf(`nodes: [10.0.0.1]\nnetwork: {subnet: 10.7.0.0/25}\nframework: {tasks: [{name: ssh, count: ${count}}]}`);
    expect(at(26)).toEqual([]);
    expect(at(27)).toEqual([expect.stringContaining('network.subnet: too small')]);
  });
});

describe('the defaults of a task', () => {
  it('follow its image', () => {
    const [jupyter, ssh, other] = tasksOf(
      '   - {name: lab, image: jupyter}\n   - {name: ssh-7}\n   - {name: web, image: nginx:1, cpus: 2, mem: 128}',
    );
    expect(jupyter).toMatchObject({
      cpus: 0.5,
      mem: 512,
      command: 'jupyter',
      healthCheck: {type: 'http', port: 8888, path: '/api'},
    });
    expect(ssh).toMatchObject({
      image: 'ssh',
      cpus: 0.1,
      mem: 64,
      command: '/usr/sbin/sshd',
      healthCheck: {type: 'tcp', port: 22},
    });
    expect(other).toMatchObject({cpus: 2, mem: 128, command: undefined, arguments: [], healthCheck: undefined});
  });

  it('do not combine a given command with the default arguments', () => {
    expect(tasksOf('   - {name: ssh-1, command: sleep}')[0]).toMatchObject({command: 'sleep', arguments: []});
    expect(tasksOf('   - {name: ssh-1, arguments: [-D]}')[0]).toMatchObject({command: '/usr/sbin/sshd', arguments: ['-D']});
  });

  it('complete a health check, or leave it out', () => {
    const [off, slow, web] = tasksOf(
      '   - {name: ssh-1, healthCheck: none}\n   - {name: ssh-2, healthCheck: {graceSeconds: 5}}\n   - {name: web, image: nginx, healthCheck: {type: http, port: 80}}',
    );
    expect(off!.healthCheck).toBeUndefined();
    expect(slow!.healthCheck).toEqual({
      type: 'tcp',
      port: 22,
      graceSeconds: 5,
      intervalSeconds: 5,
      timeoutSeconds: 5,
      failures: 3,
    });
    expect(web!.healthCheck).toMatchObject({type: 'http', port: 80, path: '/'});
  });
});

describe('tasks are rejected', () => {
  it.each([
    ['without a name', '   - {image: nginx}', '4:6 framework.tasks[0].name: missing'],
    ['without an image, when their name implies none', '   - {name: web}', '4:6 framework.tasks[0].image: missing'],
    [
      'with an invalid image: one error, not a missing image as well',
      '   - {name: web, image: "Ng inx"}',
      '4:25 framework.tasks[0].image: not the name of a container image',
    ],
    [
      'with a name that is not a valid host name',
      '   - {name: Web_1, image: a}',
      '4:13 framework.tasks[0].name: not a valid name',
    ],
    [
      'outside the pool',
      '   - {name: ssh-1, address: 10.1.1.1}',
      '4:29 framework.tasks[0].address: 10.1.1.1 (ssh-1) is outside the pool 192.168.0.0/16',
    ],
    [
      'at the network address',
      '   - {name: ssh-1, address: 192.168.0.0}',
      '192.168.0.0 is the network address of 192.168.0.0/16',
    ],
    [
      'at the broadcast address',
      '   - {name: ssh-1, address: 192.168.255.255}',
      '192.168.255.255 is the broadcast address of 192.168.0.0/16',
    ],
    [
      'on a node that does not exist',
      '   - {name: ssh-1, constraints: {node: node9}}',
      'framework.tasks[0].constraints.node: there is no node named "node9" → did you mean `node0`?',
    ],
    [
      'with a health check of an unknown port',
      '   - {name: web, image: a, healthCheck: tcp}',
      'framework.tasks[0].healthCheck: the port is missing',
    ],
    [
      'with a path that the health check does not use',
      '   - {name: ssh-1, healthCheck: {path: /x}}',
      'framework.tasks[0].healthCheck.path: only a health check of type http has a path',
    ],
    ['with too little memory', '   - {name: ssh-1, mem: 16}', '4:25 framework.tasks[0].mem: not a valid amount of memory'],
    [
      'with a name too long once it is numbered',
      `   - {name: ${'a'.repeat(62)}, image: b, count: 1}`,
      'results in the task name',
    ],
  ])('%s', (_, tasks, expected) => {
    expect(errors(tasks)).toEqual([expect.stringContaining(expected)]);
  });

  it.each([
    ['arguments: [notebook, --NotebookApp.token=zzw]', '4:44 framework.tasks[0].arguments[1]'],
    ['arguments: [notebook, --ServerApp.token, zzw]', '4:44 framework.tasks[0].arguments[1]'],
    ["arguments: [notebook, --NotebookApp.token='']", '4:44 framework.tasks[0].arguments[1]'],
    ['arguments: [notebook, "--IdentityProvider.token=zzw"]', '4:44 framework.tasks[0].arguments[1]'],
    ['arguments: [notebook, --NotebookApp.password=zzw]', '4:44 framework.tasks[0].arguments[1]'],
    ['command: bash, arguments: [-c, jupyter notebook --token zzw]', 'framework.tasks[0].arguments[1]'],
    ['command: jupyter notebook --NotebookApp.token=zzw', '4:31 framework.tasks[0].command'],
  ])("when Jupyter's token is in the command line, without repeating it: %s", (more, place) => {
    const [error, ...others] = errors(`   - {name: jupyter, ${more}}`);
    expect(error).toContain(`${place}: a token or password must not be in a command line`);
    expect(error).toContain('`framework: {tokenFile: FILE}`');
    expect(error).not.toContain('zzw');
    expect(others).toEqual([]);
  });

  it('not for similar options, nor for options of another image', () => {
    expect(errors('   - {name: jupyter, arguments: [notebook, --NotebookApp.token_renew=1, token, --port=8888]}')).toEqual([]);
    expect(errors('   - {name: web, image: redis, arguments: [--password=x]}')).toEqual([]);
  });

  it('when two have the same name, also by their numbers', () => {
    expect(errors('   - {name: ssh, count: 2}\n   - {name: ssh-2}')).toEqual([
      expect.stringContaining('5:13 framework.tasks[1].name: framework.tasks[0] already has the name ssh-2'),
    ]);
  });

  it('when two have the same address', () => {
    expect(
      errors('   - {name: ssh, addresses: 192.168.0.101-104}\n   - {name: web, image: nginx, address: 192.168.0.103}'),
    ).toEqual([expect.stringContaining('5:41 framework.tasks[1].address: ssh-3 already has the address 192.168.0.103')]);
  });

  it('once per group for the same error', () => {
    expect(errors('   - {name: ssh, addresses: 10.1.1.1-4}')).toEqual([
      expect.stringContaining(
        '4:29 framework.tasks[0].addresses: 10.1.1.1 (ssh-1) is outside the pool 192.168.0.0/16, and likewise for 3 more',
      ),
    ]);
  });

  it('when more tasks need a node each than there are agents', () => {
    expect(
      errors('   - {name: ssh, count: 3, constraints: {unique: true}}\n   - {name: jupyter, constraints: {unique: true}}'),
    ).toEqual([]);
    expect(errors('   - {name: ssh, count: 4, constraints: {unique: true}}')).toEqual([
      expect.stringContaining('framework.tasks[0].constraints.unique: 4 tasks need a node each, but there are 3 agents'),
    ]);
    expect(errors('   - {name: ssh, count: 2, constraints: {unique: true, node: node1}}')).toEqual([
      expect.stringContaining('ssh-2 must be the only task of its kind on node1'),
    ]);
  });
});
