import {describe, expect, it} from 'vitest';
import {parseCluster} from '../../../src/cluster/load.js';
import {configErrorsOf} from './config-errors.js';

const file = (tasks: string, more = '') => `nodes: [10.0.0.1, 10.0.0.2, 10.0.0.3]\nframework:\n  tasks:\n${tasks}\n${more}`;
const tasksOf = (tasks: string, more?: string) => parseCluster(file(tasks, more), 'c.yaml').framework.tasks;
const faults = (tasks: string, more?: string) => configErrorsOf(file(tasks, more));

describe('a group of tasks', () => {
  it('becomes numbered tasks at its addresses, in order', () => {
    const tasks = tasksOf('   - {name: ssh, count: 3, addresses: 192.168.0.201-203}');
    expect(tasks.map(({name, address}) => `${name} ${address}`)).toEqual([
      'ssh-1 192.168.0.201',
      'ssh-2 192.168.0.202',
      'ssh-3 192.168.0.203',
    ]);
  });

  it('is as large as its addresses when it does not say how large', () => {
    const tasks = tasksOf('   - {name: ssh, addresses: [192.168.0.201, 192.168.0.205-206]}');
    expect(tasks.map(({address}) => address)).toEqual(['192.168.0.201', '192.168.0.205', '192.168.0.206']);
    expect(tasks.map(({name}) => name)).toEqual(['ssh-1', 'ssh-2', 'ssh-3']);
  });

  it('of one is still numbered', () => {
    expect(tasksOf('   - {name: ssh, count: 1}').map(({name}) => name)).toEqual(['ssh-1']);
  });

  it('with more tasks than addresses is refused, with the two ways to mend it', () => {
    expect(faults('   - {name: ssh, count: 5, addresses: 192.168.0.101-104}')).toEqual([
      '4:25 framework.tasks[0].count: 5 tasks at 4 addresses → write `count: 4`, or `addresses: 192.168.0.101-105`',
    ]);
  });

  it('with one address for all is refused', () => {
    expect(faults('   - {name: ssh, count: 2, address: 192.168.0.101}')).toEqual([
      expect.stringContaining('framework.tasks[0].address: one address for a group of tasks → write `addresses:'),
    ]);
  });

  it('with a range that is none is refused, and nothing else is said of it', () => {
    expect(faults('   - {name: ssh, count: 2, addresses: 192.168.0.104-101}')).toEqual([
      expect.stringContaining('4:39 framework.tasks[0].addresses: not a range of IPv4 addresses'),
    ]);
  });
});

describe('tasks without an address', () => {
  it('get the next one that nobody has, counted from the first of the pool', () => {
    const tasks = tasksOf(
      '   - name: jupyter\n   - {name: ssh, count: 3}\n   - {name: ssh-9, address: 10.7.0.102}',
      'network: {subnet: 10.7.0.0/16}',
    );
    expect(tasks.map(({address}) => address)).toEqual(['10.7.0.100', '10.7.0.101', '10.7.0.103', '10.7.0.104', '10.7.0.102']);
  });

  it('are refused when the pool is too small for them', () => {
    expect(configErrorsOf('nodes: [10.0.0.1]\nnetwork: {subnet: 10.7.0.0/26}')).toEqual([
      expect.stringMatching(/^2:19 network\.subnet: too small: .* → give a larger subnet, or each task an address/),
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

  it('give a command of its own no arguments of another', () => {
    expect(tasksOf('   - {name: ssh-1, command: sleep}')[0]).toMatchObject({command: 'sleep', arguments: []});
    expect(tasksOf('   - {name: ssh-1, arguments: [-D]}')[0]).toMatchObject({command: '/usr/sbin/sshd', arguments: ['-D']});
  });

  it('fill in a health check, or take it away', () => {
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

describe('tasks are refused', () => {
  it.each([
    ['without a name', '   - {image: nginx}', '4:6 framework.tasks[0].name: missing'],
    ['without an image that could be meant', '   - {name: web}', '4:6 framework.tasks[0].image: missing'],
    [
      'with an image whose name is none: one fault, not also a missing image',
      '   - {name: web, image: "Ng inx"}',
      '4:25 framework.tasks[0].image: not the name of a container image',
    ],
    ['with a name that is no host name', '   - {name: Web_1, image: a}', '4:13 framework.tasks[0].name: not a valid name'],
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
      'on a node that is not there',
      '   - {name: ssh-1, constraints: {node: node9}}',
      'framework.tasks[0].constraints.node: there is no node "node9" → did you mean `node0`?',
    ],
    [
      'with a health check of an unknown port',
      '   - {name: web, image: a, healthCheck: tcp}',
      'framework.tasks[0].healthCheck: the port is missing',
    ],
    [
      'with a path that nothing asks for',
      '   - {name: ssh-1, healthCheck: {path: /x}}',
      'framework.tasks[0].healthCheck.path: only an http check has a path',
    ],
    ['with too little memory', '   - {name: ssh-1, mem: 16}', '4:25 framework.tasks[0].mem: not enough memory'],
    ['with a name too long once it is numbered', `   - {name: ${'a'.repeat(62)}, image: b, count: 1}`, 'makes the task name'],
  ])('%s', (_, tasks, expected) => {
    expect(faults(tasks)).toEqual([expect.stringContaining(expected)]);
  });

  it.each([
    ['arguments: [notebook, --NotebookApp.token=zzw]', '4:44 framework.tasks[0].arguments[1]'],
    ['arguments: [notebook, --ServerApp.token, zzw]', '4:44 framework.tasks[0].arguments[1]'],
    ["arguments: [notebook, --NotebookApp.token='']", '4:44 framework.tasks[0].arguments[1]'],
    ['arguments: [notebook, "--IdentityProvider.token=zzw"]', '4:44 framework.tasks[0].arguments[1]'],
    ['arguments: [notebook, --NotebookApp.password=zzw]', '4:44 framework.tasks[0].arguments[1]'],
    ['command: bash, arguments: [-c, jupyter notebook --token zzw]', 'framework.tasks[0].arguments[1]'],
    ['command: jupyter notebook --NotebookApp.token=zzw', '4:31 framework.tasks[0].command'],
  ])("when Jupyter's token would stand in the command line, without repeating it: %s", (more, place) => {
    const [fault, ...others] = faults(`   - {name: jupyter, ${more}}`);
    expect(fault).toContain(`${place}: a token or password does not belong in a command line`);
    expect(fault).toContain('`framework: {tokenFile: FILE}`');
    expect(fault).not.toContain('zzw');
    expect(others).toEqual([]);
  });

  it('not for options that only sound like it, nor for what another image takes', () => {
    expect(faults('   - {name: jupyter, arguments: [notebook, --NotebookApp.token_renew=1, token, --port=8888]}')).toEqual([]);
    expect(faults('   - {name: web, image: redis, arguments: [--password=x]}')).toEqual([]);
  });

  it('when two have one name, be it by their numbers', () => {
    expect(faults('   - {name: ssh, count: 2}\n   - {name: ssh-2}')).toEqual([
      expect.stringContaining('5:13 framework.tasks[1].name: the name ssh-2 is taken: framework.tasks[0] has it'),
    ]);
  });

  it('when two have one address', () => {
    expect(
      faults('   - {name: ssh, addresses: 192.168.0.101-104}\n   - {name: web, image: nginx, address: 192.168.0.103}'),
    ).toEqual([expect.stringContaining('5:41 framework.tasks[1].address: 192.168.0.103 is the address of ssh-3 already')]);
  });

  it('once a group for the same mistake', () => {
    expect(faults('   - {name: ssh, addresses: 10.1.1.1-4}')).toEqual([
      expect.stringContaining(
        '4:29 framework.tasks[0].addresses: 10.1.1.1 (ssh-1) is outside the pool 192.168.0.0/16, and so on for 3 more',
      ),
    ]);
  });

  it('when more are to be alone than there are agents', () => {
    expect(
      faults('   - {name: ssh, count: 3, constraints: {unique: true}}\n   - {name: jupyter, constraints: {unique: true}}'),
    ).toEqual([]);
    expect(faults('   - {name: ssh, count: 4, constraints: {unique: true}}')).toEqual([
      expect.stringContaining('framework.tasks[0].constraints.unique: 4 tasks want a node of their own, but there are 3 agents'),
    ]);
    expect(faults('   - {name: ssh, count: 2, constraints: {unique: true, node: node1}}')).toEqual([
      expect.stringContaining('ssh-2 has to be alone of its kind on node1'),
    ]);
  });
});
