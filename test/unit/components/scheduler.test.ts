import {describe, expect, it} from 'vitest';
import {framework, scheduler} from '../../../src/components/scheduler/component.js';
import {frameworkConfig} from '../../../src/components/scheduler/configuration.js';
import {Secret} from '../../../src/host/command.js';
import {fakeInputs, SECRETS} from '../../support/fake-inputs.js';
import {clusterOf, fileAfter, lines, NO_UNIT, plan, RUNS, readiness, undo} from './situation.js';

const EXTERNAL = clusterOf('mesos: {source: {kind: external, master: "10.9.8.7:5050"}}');

describe("the scheduler's configuration", () => {
  const config = (more = '', inputs = fakeInputs(), node = 'node1') => {
    const cluster = more === 'external' ? EXTERNAL : clusterOf(more);
    return JSON.parse(frameworkConfig(cluster.nodes.find(({name}) => name === node)!, cluster, inputs));
  };

  it('names node, master, etcd and the socket', () => {
    expect(config()).toMatchObject({
      node: 'node1',
      master: '198.18.0.10:5050',
      name: 'hw5',
      user: 'root',
      role: '*',
      failoverTimeoutSeconds: 604_800,
      etcd: ['http://198.18.0.10:2379', 'http://198.18.0.11:2379', 'http://198.18.0.12:2379'],
      clusterToken: 'zzw',
      listen: '/run/hw5/scheduler.sock',
      agents: [
        {name: 'node0', address: '198.18.0.10'},
        {name: 'node1', address: '198.18.0.11'},
        {name: 'node2', address: '198.18.0.12'},
      ],
    });
    expect(config('external').master).toBe('10.9.8.7:5050');
  });

  it('names the built images by their tags, with the directories of their secrets', () => {
    const [jupyter, ssh1] = config().tasks;
    expect(jupyter).toEqual({
      name: 'jupyter',
      image: 'docker-jupyter:0123456789ab',
      network: 'calico_net',
      address: '192.168.0.100',
      cpus: 0.5,
      mem: 512,
      command: 'jupyter',
      arguments: ['notebook', '--ip=0.0.0.0', '--port=8888'],
      env: {},
      hostname: 'jupyter',
      volumes: [{host: '/etc/hw5/containers/jupyter', container: '/run/hw5', mode: 'ro'}],
      healthCheck: {type: 'http', port: 8888, path: '/api', graceSeconds: 60, intervalSeconds: 5, timeoutSeconds: 5, failures: 3},
      constraints: {},
    });
    expect(ssh1).toMatchObject({name: 'ssh-1', image: 'docker-ssh:0123456789ab', address: '192.168.0.101'});
    expect(ssh1.volumes[0].host).toBe('/etc/hw5/containers/ssh');
  });

  it('names any other image as it is, without secrets', () => {
    const {tasks} = config(
      'framework: {tasks: [{name: web, image: "nginx:1.25", address: 192.168.0.9, constraints: {node: node2}}]}',
    );
    expect(tasks).toMatchObject([{name: 'web', image: 'nginx:1.25', volumes: [], constraints: {node: 'node2'}}]);
  });

  it('names the file of the secret and not the secret', () => {
    const more = 'mesos: {principal: hw5, secretFile: /here/secret}';
    const inputs = fakeInputs({mesosSecret: new Secret(SECRETS.mesos)});
    expect(config(more, inputs)).toMatchObject({principal: 'hw5', secretFile: '/etc/hw5/mesos-secret'});
    expect(JSON.stringify(config(more, inputs))).not.toContain(SECRETS.mesos);
    expect(config()).not.toHaveProperty('principal');
  });
});

describe("the scheduler's program", () => {
  const nothing = {program: undefined, config: undefined, hasSecret: false};
  const first = plan(scheduler, nothing);
  const installed = {program: 'd'.repeat(64), config: fileAfter(first, '/etc/hw5/framework.json'), hasSecret: false};

  it('is uploaded with its configuration, for root only', () => {
    expect(lines(first)).toEqual(['upload /usr/local/lib/hw5/hw5-scheduler', 'write /etc/hw5/framework.json (mode 0600)']);
    expect(plan(scheduler, installed)).toEqual([]);
    expect(lines(plan(scheduler, {...installed, config: {...installed.config, mode: '644'}}))).toEqual([
      'change /etc/hw5/framework.json (mode 0600)',
    ]);
  });

  it('is uploaded with the secret for Mesos if there is one', () => {
    const inputs = fakeInputs({mesosSecret: new Secret(SECRETS.mesos)});
    const actions = plan(scheduler, installed, {inputs});
    expect(lines(actions)).toEqual(['write /etc/hw5/mesos-secret (mode 0600)']);
    expect(JSON.stringify(actions)).not.toContain(SECRETS.mesos);
    const secret = (text: string) => ({content: new Secret(text), mode: '600'});
    expect(plan(scheduler, {...installed, secret: secret(SECRETS.mesos)}, {inputs})).toEqual([]);
    expect(lines(plan(scheduler, {...installed, secret: secret('an older one')}, {inputs}))).toEqual([
      'change /etc/hw5/mesos-secret (mode 0600)',
    ]);
  });

  it('ends the framework once, from the first node that can; a managed master that is down delays nothing', () => {
    const ends = (node: string, cluster = clusterOf(), others: Record<string, object> = {node0: installed, node1: installed}) =>
      undo(scheduler, installed, {node, cluster, others}).flatMap((action) => (action.kind === 'script' ? [action.script] : []));
    const command = '/usr/local/lib/hw5/hw5-scheduler --config /etc/hw5/framework.json --teardown';
    expect(ends('node0')).toEqual([`timeout 60 ${command} || true`]);
    expect(ends('node0', EXTERNAL)).toEqual([command]);
    expect(ends('node1')).toEqual([]);
    // the first cannot be reached, or is new
    expect(ends('node1', EXTERNAL, {node2: installed})).toEqual([command]);
    for (const node0 of [nothing, {...installed, program: undefined}, {...installed, config: undefined}])
      expect(ends('node1', EXTERNAL, {node0, node2: installed})).toEqual([command]);
    // a role that was taken away left what it brought
    const [one, ...more] = EXTERNAL.nodes;
    expect(ends('node0', {...EXTERNAL, nodes: [{...one!, roles: ['agent']}, ...more]})).toEqual([command]);
    expect(undo(scheduler, nothing)).toEqual([]);
    // the others keep the framework
    expect(lines(undo(scheduler, installed, {isRetired: true})).filter((line) => !line.startsWith('remove'))).toEqual([]);
  });
});

describe('the framework', () => {
  const UNIT = '/etc/systemd/system/hw5-scheduler.service';
  const nothing = {unit: undefined, service: NO_UNIT, etcd: NO_UNIT};
  const installed = {...nothing, unit: fileAfter(plan(framework, nothing), UNIT), service: RUNS};

  it('is restarted when its program or its configuration changes, and only then', () => {
    expect(plan(framework, installed)).toEqual([]);
    const restarts = [`change ${UNIT} (mode 0644)`, 'systemctl daemon-reload', 'systemctl restart hw5-scheduler.service'];
    const {programs} = fakeInputs();
    const newer = fakeInputs({programs: {...programs, 'hw5-scheduler': {path: '/here', sha256: 'e'.repeat(64)}}});
    expect(lines(plan(framework, installed, {inputs: newer}))).toEqual(restarts);
    expect(lines(plan(framework, installed, {cluster: clusterOf('framework: {failoverTimeoutSeconds: 60}')}))).toEqual(restarts);
    const otherProxy = fakeInputs({programs: {...programs, 'configurable-http-proxy': {path: '/here', sha256: 'e'.repeat(64)}}});
    expect(plan(framework, installed, {inputs: otherProxy})).toEqual([]);
  });

  it('is ready when all tasks run', () => {
    const {reason, script} = readiness(framework);
    expect(reason).toBe('5 tasks to run and be healthy');
    expect(script).toContain('["jupyter","ssh-1","ssh-2","ssh-3","ssh-4"]');
  });

  it('queries the first scheduler that can be reached for the tasks', () => {
    const reason = (node: string, ...away: string[]) => readiness(framework, {node, unreachable: new Set(away)}).reason;
    expect(reason('node1')).not.toContain('tasks');
    expect(reason('node1', 'node0')).toBe('5 tasks to run and be healthy');
    expect(reason('node2', 'node0')).not.toContain('tasks');
  });

  it('does not stop etcd where only its own role is lost', () => {
    const waits = {...NO_UNIT, isLoaded: true, activeState: 'activating'};
    expect(undo(framework, {...nothing, etcd: waits}, {isRetired: true})).toEqual([]);
    expect(lines(undo(framework, {...installed, etcd: waits}, {isRetired: true}))).toContain(`remove ${UNIT}`);
  });

  it('is removed', () => {
    expect(lines(undo(framework, installed))).toContain(`remove ${UNIT}`);
    expect(undo(framework, nothing)).toEqual([]);
    expect(undo(framework, {...nothing, etcd: RUNS})).toEqual([]);
  });

  it('first stops an etcd that waits for removed members, because dockerd would wait for it', () => {
    const waits = {...NO_UNIT, isLoaded: true, activeState: 'activating'};
    expect(lines(undo(framework, {...installed, etcd: waits}))[0]).toBe('stop an etcd that waits for members which are gone');
  });
});
