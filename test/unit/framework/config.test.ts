import {describe, expect, it} from 'vitest';
import {parseConfig} from '../../../src/framework/config.js';
import {ConfigError} from '../../../src/support/errors.js';

const minimal = {
  apiVersion: 1,
  node: 'node0',
  master: '198.18.0.10:5050',
  name: 'hw5',
  etcd: ['http://198.18.0.10:2379'],
  clusterToken: 'zzw',
  listen: '/run/hw5/scheduler.sock',
  tasks: [{name: 'ssh-1', image: 'docker-ssh:1', network: 'calico_net', address: '192.168.0.101', cpus: 0.5, mem: 256}],
};
const parse = (config: unknown) => parseConfig(JSON.stringify(config), 'framework.json');

describe('the configuration', () => {
  it('has defaults for what is left out', () => {
    const config = parse(minimal);
    expect(config).toMatchObject({user: 'root', role: '*', failoverTimeoutSeconds: 604_800});
    expect(config.tasks[0]).toMatchObject({arguments: [], env: {}, volumes: [], constraints: {}});
  });

  it.each([
    ['a typing error in a key', {...minimal, mastr: 'x'}, 'mastr'],
    ['a master without a port', {...minimal, master: 'node0'}, 'master: write it as host:port'],
    ['an agent without an address', {...minimal, agents: [{name: 'node0'}]}, 'agents.0.address'],
    ['no etcd', {...minimal, etcd: []}, 'etcd'],
    ['an address that is none', {...minimal, tasks: [{...minimal.tasks[0], address: '192.168.0.1000'}]}, 'tasks.0.address'],
    ['less memory than Mesos gives', {...minimal, tasks: [{...minimal.tasks[0], mem: 16}]}, 'tasks.0.mem'],
    [
      'a name used twice',
      {...minimal, tasks: [minimal.tasks[0], {...minimal.tasks[0], address: '192.168.0.102'}]},
      'ssh-1 is already used by task 0',
    ],
    [
      'an address used twice',
      {...minimal, tasks: [minimal.tasks[0], {...minimal.tasks[0], name: 'b'}]},
      '192.168.0.101 is already used by task 0',
    ],
    ['a principal without its secret', {...minimal, principal: 'hw5'}, 'principal and secretFile belong together'],
    ['a task id that Mesos would reject', {...minimal, tasks: [{...minimal.tasks[0], name: 'a/b'}]}, 'tasks.0.name'],
  ])('with %s is rejected, and the error names the place', (_what, config, words) => {
    expect(() => parse(config)).toThrow(ConfigError);
    expect(() => parse(config)).toThrow(words);
  });

  it.each([
    [
      'of an older release',
      {...minimal, apiVersion: undefined},
      'framework.json is of version 0, and this scheduler reads version 1',
    ],
    ['of a newer release', {apiVersion: 2, jobs: []}, 'framework.json is of version 2, and this scheduler reads version 1'],
  ])('%s is reported as such', (_what, config, message) => {
    expect(() => parse(config)).toThrow(
      expect.objectContaining({message, hint: '`hw5 up` installs the scheduler and its configuration together', exitCode: 2}),
    );
  });

  it('is not of another version but broken when it is no object', () => {
    expect(() => parse([])).toThrow('the document: ');
  });

  it('is an error that names the file when it is not JSON', () => {
    expect(() => parseConfig('{', 'framework.json')).toThrow(/framework\.json is not JSON/);
  });
});
