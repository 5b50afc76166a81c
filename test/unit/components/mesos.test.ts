import {describe, expect, it} from 'vitest';
import type {Cluster, Role} from '../../../src/cluster/cluster.js';
import {parseCluster} from '../../../src/cluster/load.js';
import {packagesFor} from '../../../src/components/host/packages.js';
import {COMPONENTS} from '../../../src/components/index.js';
import {mesosAgent} from '../../../src/components/mesos/agent.js';
import {mesosMaster} from '../../../src/components/mesos/master.js';
import {framework, scheduler} from '../../../src/components/scheduler/component.js';
import {frameworkConfig} from '../../../src/components/scheduler/configuration.js';
import {items} from '../../../src/engine/items.js';
import {Secret} from '../../../src/host/command.js';
import {fakeInputs, SECRETS} from '../../support/fake-inputs.js';
import {
  clusterOf,
  fileAfter,
  lines,
  NO_UNIT,
  plan,
  problems,
  RUNS,
  readiness,
  targets,
  undo,
  withRoles,
  written,
} from './situation.js';

const MASTER = '/etc/systemd/system/hw5-mesos-master.service';
const AGENT = '/etc/systemd/system/hw5-mesos-agent.service';
const IMAGE = clusterOf('mesos: {source: {kind: image, image: "mesos:1.11"}}');
const EXTERNAL = clusterOf('mesos: {source: {kind: external, master: "10.9.8.7:5050"}}');

describe('Mesos', () => {
  const nothing = {unit: undefined, service: NO_UNIT, path: '/usr/sbin/mesos-x', data: false, hasImage: true};

  it("runs the host's programs, from where they are", () => {
    const first = plan(mesosMaster, nothing);
    expect(lines(first)).toEqual([
      `write ${MASTER} (mode 0644)`,
      'systemctl daemon-reload',
      'systemctl enable hw5-mesos-master.service',
      'systemctl restart hw5-mesos-master.service',
    ]);
    const {content} = fileAfter(first, MASTER);
    expect(content).toMatch(/^ExecStart=\/usr\/sbin\/mesos-x --ip=198\.18\.0\.10 .*--port=5050 .*--cluster=zzw$/m);
    expect(content).not.toMatch(/PREPARE|docker rm/);
    expect(plan(mesosMaster, {...nothing, unit: {content, mode: '644'}, service: RUNS})).toEqual([]);
  });

  it('agents know the master, and offer what the cluster says', () => {
    const cluster = clusterOf('mesos: {resources: "cpus:4;mem:4096"}');
    const {content} = written(plan(mesosAgent, nothing, {cluster, node: 'node2'}), AGENT);
    expect(content).toMatch(/--master=198\.18\.0\.10:5050 --ip=198\.18\.0\.12 --hostname=node2 --port=5051 /);
    expect(content).toMatch(/ --resources='cpus:4;mem:4096'$/m);
    expect(written(plan(mesosAgent, nothing), AGENT).content).not.toContain('--resources');
  });

  it('runs out of an image, with what is outside within its reach', () => {
    const {content} = written(plan(mesosAgent, {...nothing, path: undefined}, {cluster: IMAGE}), AGENT);
    expect(content).toContain('\nExecStartPre=-/usr/bin/docker rm -f hw5-mesos-agent\nExecStart=/usr/bin/docker run --rm');
    expect(content).toMatch(
      / -v \/var\/run\/docker\.sock:\/var\/run\/docker\.sock .* --entrypoint mesos-agent mesos:1\.11 --master=/,
    );
    expect(content).toMatch(/ --no-systemd_enable_support --docker_mesos_image=mesos:1\.11$/m);
    expect(content).not.toMatch(/PREPARE|\/usr\/bin\/docker:/);
  });

  it('brings the image before it is started, if it is not there', () => {
    const pull = 'pull the image of Mesos: docker pull -q mesos:1.11';
    const bare = {...nothing, path: undefined};
    expect(lines(plan(mesosMaster, {...bare, hasImage: false}, {cluster: IMAGE}))[0]).toBe(pull);
    expect(lines(plan(mesosMaster, bare, {cluster: IMAGE}))).not.toContain(pull);
    expect(lines(plan(mesosMaster, {...nothing, hasImage: false}))).not.toContain(pull);
  });

  it('gives a master out of an image its data and the network only', () => {
    const {content} = written(plan(mesosMaster, {...nothing, path: undefined}, {cluster: IMAGE}), MASTER);
    expect(content).toContain(
      'docker run --rm --name hw5-mesos-master --net=host -v /var/lib/hw5/mesos-master:/var/lib/hw5/mesos-master --entrypoint mesos-master mesos:1.11 --ip',
    );
  });

  it('waits for dockerd where that is to be changed, and only for an image', () => {
    const mixed = (roles: string, more: string) =>
      parseCluster(
        `nodes: [{address: 198.18.0.10, roles: [master, etcd${roles}]}, {address: 198.18.0.11, roles: [agent, framework]}]\n${more}`,
        '/c',
      );
    const image = 'mesos: {source: {kind: image, image: m}}';
    const needs = (cluster: Cluster) => items(cluster, COMPONENTS).find(({key}) => key === 'mesos-master@node0')!.needs;
    expect(needs(IMAGE)).toContain('docker@node0');
    expect(needs(clusterOf())).toEqual(['packages@node0']);
    expect(needs(mixed('', image))).toEqual(['packages@node0']);
    expect(needs(mixed(', proxy', image))).toContain('docker@node0');
  });

  describe('an agent that is to be another', () => {
    const agent = (more = '') => plan(mesosAgent, nothing, {cluster: clusterOf(more)});
    const ran = {...nothing, unit: fileAfter(agent('mesos: {resources: "cpus:4;mem:4096"}'), AGENT), service: RUNS, data: true};
    const forget = [
      'systemctl stop hw5-mesos-agent.service',
      "remove the tasks' containers",
      'remove /var/lib/hw5/mesos-agent/meta/slaves/latest',
    ];
    const start = [`change ${AGENT} (mode 0644)`, 'systemctl daemon-reload', 'systemctl restart hw5-mesos-agent.service'];

    it.each([
      ['resources', 'mesos: {resources: "cpus:2;mem:4096"}'],
      ['resources that it finds itself', ''],
      ['port', 'mesos: {resources: "cpus:4;mem:4096", agentPort: 5061}'],
    ])('forgets who it was: other %s', (_, more) => {
      expect(lines(plan(mesosAgent, ran, {cluster: clusterOf(more)}))).toEqual([...forget, ...start]);
    });

    it('keeps its tasks when only something else changes, and when it never ran', () => {
      const cluster = clusterOf('mesos: {resources: "cpus:4;mem:4096", masterPort: 5060}');
      expect(lines(plan(mesosAgent, ran, {cluster}))).toEqual(start);
      expect(lines(plan(mesosAgent, {...ran, data: false}))).toEqual(start);
    });

    it('says what to do when the machine itself is another', () => {
      expect(readiness(mesosAgent).hint).toContain('rm -f /var/lib/hw5/mesos-agent/meta/slaves/latest');
      expect(readiness(mesosMaster).hint).not.toContain('latest');
    });
  });

  it('wants its programs on the host, unless it runs out of an image', () => {
    const without = {...nothing, path: undefined};
    expect(problems(mesosMaster, without)).toEqual(["mesos-master is not on the host's PATH"]);
    expect(problems(mesosAgent, without)).toEqual(["mesos-agent is not on the host's PATH"]);
    expect([...problems(mesosMaster, nothing), ...problems(mesosMaster, without, {cluster: IMAGE})]).toEqual([]);
  });

  it('is not run at all where somebody else runs it', () => {
    expect([...targets(mesosMaster, EXTERNAL), ...targets(mesosAgent, EXTERNAL)]).toEqual([]);
    // but was perhaps run by hw5 before
    for (const step of [mesosMaster, mesosAgent]) expect(step.undoTargets!(EXTERNAL)).toEqual(EXTERNAL.nodes);
    expect([targets(mesosMaster, clusterOf()), targets(mesosAgent, clusterOf())]).toEqual([
      ['node0'],
      ['node0', 'node1', 'node2'],
    ]);
  });

  it('is ready when it answers at its own address', () => {
    expect(readiness(mesosAgent, {node: 'node2'}).script).toContain('http://198.18.0.12:5051/version');
  });

  it('is taken away with its data; the agent with the containers that it left', () => {
    const observed = {...nothing, unit: {content: '', mode: '644'}, service: RUNS, data: true};
    expect(lines(undo(mesosAgent, observed))).toEqual([
      'systemctl disable hw5-mesos-agent.service',
      'systemctl stop hw5-mesos-agent.service',
      "remove the tasks' containers",
      `remove ${AGENT}`,
      'systemctl daemon-reload',
      'remove /var/lib/hw5/mesos-agent',
      'remove /run/hw5-mesos-agent',
    ]);
    expect(lines(undo(mesosMaster, observed)).at(-1)).toBe('remove /var/lib/hw5/mesos-master');
    expect(lines(undo(mesosMaster, observed))).not.toContain("remove the tasks' containers");
    expect(undo(mesosAgent, nothing)).toEqual([]);
  });
});

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

  it('gives the built images by their tags, with the folders of their secrets', () => {
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

  it("gives somebody else's image as it is, and no secrets", () => {
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
  const well = {program: 'd'.repeat(64), config: fileAfter(first, '/etc/hw5/framework.json'), hasSecret: false};

  it('comes with its configuration, for root only', () => {
    expect(lines(first)).toEqual(['upload /usr/local/lib/hw5/hw5-scheduler', 'write /etc/hw5/framework.json (mode 0600)']);
    expect(plan(scheduler, well)).toEqual([]);
    expect(lines(plan(scheduler, {...well, config: {...well.config, mode: '644'}}))).toEqual([
      'change /etc/hw5/framework.json (mode 0600)',
    ]);
  });

  it('comes with the secret for Mesos where there is one', () => {
    const inputs = fakeInputs({mesosSecret: new Secret(SECRETS.mesos)});
    const actions = plan(scheduler, well, {inputs});
    expect(lines(actions)).toEqual(['write /etc/hw5/mesos-secret (mode 0600)']);
    expect(JSON.stringify(actions)).not.toContain(SECRETS.mesos);
    const secret = (text: string) => ({content: new Secret(text), mode: '600'});
    expect(plan(scheduler, {...well, secret: secret(SECRETS.mesos)}, {inputs})).toEqual([]);
    expect(lines(plan(scheduler, {...well, secret: secret('an older one')}, {inputs}))).toEqual([
      'change /etc/hw5/mesos-secret (mode 0600)',
    ]);
  });

  it('ends the framework once, from the first node that can; a dead master of our own holds nothing up', () => {
    const ends = (node: string, cluster = clusterOf(), others: Record<string, object> = {node0: well, node1: well}) =>
      undo(scheduler, well, {node, cluster, others}).flatMap((action) => (action.kind === 'script' ? [action.script] : []));
    const command = '/usr/local/lib/hw5/hw5-scheduler --config /etc/hw5/framework.json --teardown';
    expect(ends('node0')).toEqual([`timeout 60 ${command} || true`]);
    expect(ends('node0', EXTERNAL)).toEqual([command]);
    expect(ends('node1')).toEqual([]);
    // the first cannot be reached, or is new
    expect(ends('node1', EXTERNAL, {node2: well})).toEqual([command]);
    for (const node0 of [nothing, {...well, program: undefined}, {...well, config: undefined}])
      expect(ends('node1', EXTERNAL, {node0, node2: well})).toEqual([command]);
    // a role that was taken away left what it brought
    const [one, ...more] = EXTERNAL.nodes;
    expect(ends('node0', {...EXTERNAL, nodes: [{...one!, roles: ['agent']}, ...more]})).toEqual([command]);
    expect(undo(scheduler, nothing)).toEqual([]);
    // the others keep the framework
    expect(lines(undo(scheduler, well, {isRetired: true})).filter((line) => !line.startsWith('remove'))).toEqual([]);
  });
});

describe('the framework', () => {
  const UNIT = '/etc/systemd/system/hw5-scheduler.service';
  const nothing = {unit: undefined, service: NO_UNIT, etcd: NO_UNIT};
  const well = {...nothing, unit: fileAfter(plan(framework, nothing), UNIT), service: RUNS};

  it('is restarted when its program or its configuration changes, and only then', () => {
    expect(plan(framework, well)).toEqual([]);
    const restarts = [`change ${UNIT} (mode 0644)`, 'systemctl daemon-reload', 'systemctl restart hw5-scheduler.service'];
    const {programs} = fakeInputs();
    const newer = fakeInputs({programs: {...programs, 'hw5-scheduler': {path: '/here', sha256: 'e'.repeat(64)}}});
    expect(lines(plan(framework, well, {inputs: newer}))).toEqual(restarts);
    expect(lines(plan(framework, well, {cluster: clusterOf('framework: {failoverTimeoutSeconds: 60}')}))).toEqual(restarts);
    const otherProxy = fakeInputs({programs: {...programs, 'configurable-http-proxy': {path: '/here', sha256: 'e'.repeat(64)}}});
    expect(plan(framework, well, {inputs: otherProxy})).toEqual([]);
  });

  it('is ready when all tasks run', () => {
    const {reason, script} = readiness(framework);
    expect(reason).toBe('5 tasks to run and be healthy');
    expect(script).toContain('["jupyter","ssh-1","ssh-2","ssh-3","ssh-4"]');
  });

  it('asks the first scheduler that can be reached for the tasks', () => {
    const reason = (node: string, ...away: string[]) => readiness(framework, {node, unreachable: new Set(away)}).reason;
    expect(reason('node1')).not.toContain('tasks');
    expect(reason('node1', 'node0')).toBe('5 tasks to run and be healthy');
    expect(reason('node2', 'node0')).not.toContain('tasks');
  });

  it('leaves etcd alone where only its own role is gone', () => {
    const waits = {...NO_UNIT, isLoaded: true, activeState: 'activating'};
    expect(undo(framework, {...nothing, etcd: waits}, {isRetired: true})).toEqual([]);
    expect(lines(undo(framework, {...well, etcd: waits}, {isRetired: true}))).toContain(`remove ${UNIT}`);
  });

  it('is taken away', () => {
    expect(lines(undo(framework, well))).toContain(`remove ${UNIT}`);
    expect(undo(framework, nothing)).toEqual([]);
    expect(undo(framework, {...nothing, etcd: RUNS})).toEqual([]);
  });

  it('first ends an etcd that waits for members that are gone, for which dockerd would wait', () => {
    const waits = {...NO_UNIT, isLoaded: true, activeState: 'activating'};
    expect(lines(undo(framework, {...well, etcd: waits}))[0]).toBe('stop an etcd that waits for members which are gone');
  });
});

describe('the packages of a node', () => {
  const of = (role: Role, given = clusterOf()) => {
    const cluster = withRoles(given, 'node0', [role]);
    return packagesFor(COMPONENTS, cluster, cluster.nodes[0]!).join(' ');
  };

  it('are those of its roles', () => {
    const base = 'ca-certificates curl iproute2 iptables';
    expect(of('etcd')).toBe(`${base} etcd-server etcd-client`);
    expect(of('agent')).toBe(`${base} docker.io conntrack`);
    expect(of('proxy')).toBe(`${base} docker.io conntrack nodejs`);
    expect(of('framework')).toBe(`${base} nodejs`);
    expect(of('master')).toBe(base);
    expect(of('master', IMAGE)).toBe(`${base} docker.io`);
  });
});
