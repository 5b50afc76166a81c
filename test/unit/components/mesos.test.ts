import {describe, expect, it} from 'vitest';
import type {Cluster} from '../../../src/cluster/cluster.js';
import {parseCluster} from '../../../src/cluster/load.js';
import {COMPONENTS} from '../../../src/components/index.js';
import {mesosAgent} from '../../../src/components/mesos/agent.js';
import {mesosMaster} from '../../../src/components/mesos/master.js';
import {items} from '../../../src/engine/items.js';
import {clusterOf, failedChecks, fileAfter, lines, NO_UNIT, plan, RUNS, readiness, targets, undo, written} from './situation.js';

const MASTER = '/etc/systemd/system/hw5-mesos-master.service';
const AGENT = '/etc/systemd/system/hw5-mesos-agent.service';
const IMAGE = clusterOf('mesos: {source: {kind: image, image: "mesos:1.11"}}');
const EXTERNAL = clusterOf('mesos: {source: {kind: external, master: "10.9.8.7:5050"}}');

describe('Mesos', () => {
  const nothing = {unit: undefined, service: NO_UNIT, path: '/usr/sbin/mesos-x', data: false, image: undefined};

  it("runs the programs of the host's PATH", () => {
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

  it("agents get the master's address, and the resources of the cluster file", () => {
    const cluster = clusterOf('mesos: {resources: "cpus:4;mem:4096"}');
    const {content} = written(plan(mesosAgent, nothing, {cluster, node: 'node2'}), AGENT);
    expect(content).toMatch(/--master=198\.18\.0\.10:5050 --ip=198\.18\.0\.12 --hostname=node2 --port=5051 /);
    expect(content).toMatch(/ --resources='cpus:4;mem:4096'$/m);
    expect(written(plan(mesosAgent, nothing), AGENT).content).not.toContain('--resources');
  });

  it('runs in a container with access to what it needs of the host', () => {
    const {content} = written(plan(mesosAgent, {...nothing, path: undefined}, {cluster: IMAGE}), AGENT);
    expect(content).toContain('\nExecStartPre=-/usr/bin/docker rm -f hw5-mesos-agent\nExecStart=/usr/bin/docker run --rm');
    expect(content).toMatch(
      / -v \/var\/run\/docker\.sock:\/var\/run\/docker\.sock .* --entrypoint mesos-agent mesos:1\.11 --master=/,
    );
    expect(content).toMatch(/ --no-systemd_enable_support --docker_mesos_image=mesos:1\.11$/m);
    expect(content).not.toMatch(/PREPARE|\/usr\/bin\/docker:/);
  });

  it('pulls the image before it is started, if it is missing, and checks it then', () => {
    const first = ['pull the image of Mesos: docker pull -q mesos:1.11', 'check that mesos:1.11 has no entry point'];
    const bare = {...nothing, path: undefined};
    for (const step of [mesosMaster, mesosAgent]) {
      expect(lines(plan(step, bare, {cluster: IMAGE})).slice(0, 2)).toEqual(first);
      expect(lines(plan(step, {...bare, image: {entryPoint: []}}, {cluster: IMAGE}))).not.toContain(first[0]);
      expect(lines(plan(step, nothing))).not.toContain(first[0]);
    }
  });

  it('rejects an image with an entry point before anything is changed', () => {
    const observed = (entryPoint: readonly string[]) => ({...nothing, image: {entryPoint}});
    expect(mesosAgent.check!(observed(['mesos-agent']) as never, {cluster: IMAGE} as never)).toEqual([
      {
        message: 'the image mesos:1.11 has an entry point, with which the executors of a Mesos agent do not start: mesos-agent',
        hint: "make one without it, and set mesos.source.image to that: printf 'FROM mesos:1.11\\nENTRYPOINT []\\n' | docker build -t mesos:no-entry-point -",
      },
    ]);
    expect(failedChecks(mesosAgent, observed([]), {cluster: IMAGE})).toEqual([]);
    expect(failedChecks(mesosAgent, observed(['mesos-agent']))).toEqual([]);
  });

  it('is stopped by SIGTERM in a container, which counts as a success', () => {
    for (const [step, path] of [
      [mesosMaster, MASTER],
      [mesosAgent, AGENT],
    ] as const) {
      expect(written(plan(step, nothing, {cluster: IMAGE}), path).content).toContain('\nSuccessExitStatus=143\n');
      expect(written(plan(step, nothing), path).content).not.toContain('SuccessExitStatus');
    }
    // the agent shares the host's processes, so it is not PID 1
    expect(written(plan(mesosMaster, nothing, {cluster: IMAGE}), MASTER).content).toContain(' --init ');
    expect(written(plan(mesosAgent, nothing, {cluster: IMAGE}), AGENT).content).toContain(' --pid=host ');
  });

  it('names the capabilities that the agent needs in a container', () => {
    const {content} = fileAfter(plan(mesosAgent, nothing, {cluster: IMAGE}), AGENT);
    expect(content).not.toContain('--privileged');
    expect([...content.matchAll(/--cap-add=(\S+)/g)].map(([, name]) => name)).toEqual([
      'SYS_ADMIN',
      'NET_ADMIN',
      'SYS_PTRACE',
      'SYS_CHROOT',
      'KILL',
    ]);
  });

  it('removes old terminated containers before an agent starts', () => {
    for (const cluster of [IMAGE, clusterOf()])
      expect(written(plan(mesosAgent, nothing, {cluster}), AGENT).content).toMatch(
        /^ExecStartPre=-\/bin\/sh -c '.*--filter name=\^\/mesos- --filter status=exited .*docker rm -v'$/m,
      );
    expect(written(plan(mesosMaster, nothing), MASTER).content).not.toContain('docker rm');
  });

  it('gives a master in a container its data and the network only', () => {
    const {content} = written(plan(mesosMaster, {...nothing, path: undefined}, {cluster: IMAGE}), MASTER);
    expect(content).toContain(
      'docker run --rm --name hw5-mesos-master --net=host --init -v /var/lib/hw5/mesos-master:/var/lib/hw5/mesos-master --entrypoint mesos-master mesos:1.11 --ip',
    );
  });

  it("waits for dockerd's step only if it runs in a container", () => {
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

  describe('an agent whose identity changes', () => {
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

    it('keeps its tasks when other options change, and when it has never run', () => {
      const cluster = clusterOf('mesos: {resources: "cpus:4;mem:4096", masterPort: 5060}');
      expect(lines(plan(mesosAgent, ran, {cluster}))).toEqual(start);
      expect(lines(plan(mesosAgent, {...ran, data: false}))).toEqual(start);
    });

    it('has a hint for a machine whose size has changed', () => {
      expect(readiness(mesosAgent).hint).toContain('rm -f /var/lib/hw5/mesos-agent/meta/slaves/latest');
      expect(readiness(mesosMaster).hint).not.toContain('latest');
    });
  });

  it('requires its programs on the host, unless it runs in a container', () => {
    const without = {...nothing, path: undefined};
    expect(failedChecks(mesosMaster, without)).toEqual(["mesos-master is not on the host's PATH"]);
    expect(failedChecks(mesosAgent, without)).toEqual(["mesos-agent is not on the host's PATH"]);
    expect([...failedChecks(mesosMaster, nothing), ...failedChecks(mesosMaster, without, {cluster: IMAGE})]).toEqual([]);
  });

  it('is not run by hw5 if the cluster file names an external master', () => {
    expect([...targets(mesosMaster, EXTERNAL), ...targets(mesosAgent, EXTERNAL)]).toEqual([]);
    // but was perhaps run by hw5 before
    for (const step of [mesosMaster, mesosAgent]) expect(step.undoTargets!(EXTERNAL)).toEqual(EXTERNAL.nodes);
    expect([targets(mesosMaster, clusterOf()), targets(mesosAgent, clusterOf())]).toEqual([
      ['node0'],
      ['node0', 'node1', 'node2'],
    ]);
  });

  it('is ready when the master answers at its own address, and its agents have registered with it', () => {
    expect(readiness(mesosMaster).script).toContain('http://198.18.0.10:5050/version');
    const agent = readiness(mesosAgent, {node: 'node2'});
    expect(agent.script).toContain('http://198.18.0.12:5051/health');
    expect(agent.script).toContain('http://198.18.0.10:5050/slaves?slave_id=');
    // an upstream agent needs 75 s to notice that its master was restarted
    expect(agent.limitSeconds).toBeGreaterThan(75);
  });

  it('is removed with its data, the agent also with its remaining containers', () => {
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
