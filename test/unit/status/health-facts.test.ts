import {describe, expect, it} from 'vitest';
import type {Role} from '../../../src/cluster/cluster.js';
import {COMPONENTS} from '../../../src/components/index.js';
import {healthFacts} from '../../../src/status/health-facts.js';
import {clusterOf, withRoles} from '../components/situation.js';

const cluster = clusterOf();
const [node0, node1] = cluster.nodes as [(typeof cluster.nodes)[0], (typeof cluster.nodes)[0]];
const facts = healthFacts(COMPONENTS, cluster, node0);
const withRole = (role: Role) => {
  const changed = withRoles(cluster, 'node0', [role]);
  return Object.keys(healthFacts(COMPONENTS, changed, changed.nodes[0]!));
};
const of = (name: string, stdout: string, code = 0) => facts[name]!.parse({stdout, code});

const peers = (...infos: string[]) =>
  infos.map((info, index) => `| 198.18.0.${11 + index}  | node-to-node mesh | up | 23:30:04 | ${info} |`).join('\n');

describe('the components of a node', () => {
  it('are those of its roles', () => {
    expect(Object.keys(facts)).toEqual([
      'etcd',
      'docker',
      'calico',
      'network',
      'mesos-master',
      'mesos-agent',
      'proxy',
      'scheduler',
    ]);
    expect(Object.keys(healthFacts(COMPONENTS, cluster, node1))).not.toContain('mesos-master');
    expect(withRole('proxy')).toEqual(['docker', 'calico', 'proxy']);
    expect(withRole('etcd')).toEqual(['etcd']);
    const external = clusterOf('mesos: {source: {kind: external, master: "10.0.0.9:5050"}}');
    expect(Object.keys(healthFacts(COMPONENTS, external, external.nodes[0]!))).not.toContain('mesos-agent');
  });

  it.each<[string, string, number, object]>([
    ['etcd', 'loaded active running \nis healthy: committed', 0, {state: 'healthy', detail: 'is healthy: committed'}],
    ['etcd', 'loaded active running \n', 1, {state: 'unhealthy', detail: 'no quorum'}],
    ['etcd', 'not-found inactive dead \n', 4, {state: 'absent', detail: 'not there'}],
    ['etcd', 'loaded activating auto-restart \n', 5, {state: 'unhealthy', detail: 'the service is activating, auto-restart'}],
    [
      'etcd',
      'loaded activating start-pre \nNRestarts=0\n',
      5,
      {state: 'unhealthy', detail: 'the service is activating, start-pre'},
    ],
    ['etcd', 'loaded inactive dead \n', 5, {state: 'unhealthy', detail: 'the service is inactive, dead'}],
    [
      'etcd',
      `loaded activating start-pre \nNRestarts=5\nStarted hw5-etcd.service - etcd.\nlisten tcp: bind: address already in use\nbye
hw5-etcd.service: Main process exited, code=exited, status=1/FAILURE\n`,
      5,
      {
        state: 'unhealthy',
        detail:
          'the service is pausing before it is started again; it ended with status=1/FAILURE: listen tcp: bind: address already in use',
      },
    ],
    ['proxy', 'loaded active running \nHTTP 503', 1, {state: 'unhealthy', detail: 'the notebook does not answer (HTTP 503)'}],
    ['docker', 'loaded active running \nDocker 20.10.24\n', 0, {state: 'healthy', detail: 'Docker 20.10.24'}],
    ['docker', '', 124, {state: 'unhealthy', detail: 'dockerd does not answer, or has no cluster store'}],
    [
      'docker',
      'loaded activating start \n',
      5,
      {state: 'unhealthy', detail: expect.stringMatching(/^dockerd is starting \(up to 15 s for each/)},
    ],
    [
      'docker',
      'loaded activating auto-restart \nunable to configure the Docker daemon with file /etc/docker/daemon.json\n',
      5,
      {
        state: 'unhealthy',
        detail:
          'the service is activating, auto-restart: unable to configure the Docker daemon with file /etc/docker/daemon.json',
      },
    ],
    ['network', 'calico\n', 0, {state: 'healthy', detail: 'calico_net'}],
    ['network', '', 1, {state: 'unhealthy', detail: 'no network calico_net'}],
    ['calico', peers('Established', 'Established'), 0, {state: 'healthy', detail: '2 of 2 BGP sessions'}],
    ['calico', peers('Established', 'Active'), 0, {state: 'unhealthy', detail: 'no BGP session with node2'}],
    ['calico', 'No IPv4 peers found.', 0, {state: 'unhealthy', detail: 'no BGP session with node1, node2'}],
    ['calico', 'Calico process is not running.', 1, {state: 'unhealthy', detail: 'the node does not run'}],
    [
      'calico',
      'Calico process is not running.\nFelix: /var/log/calico/felix/current: [FATAL] RPF',
      1,
      {state: 'unhealthy', detail: 'Felix does not keep running (/var/log/calico/felix/current: [FATAL] RPF)'},
    ],
    ['calico', '', 127, {state: 'absent', detail: 'not there'}],
  ])('%s after %j (%d)', (name, stdout, code, expected) => {
    expect(of(name, stdout, code)).toEqual(expected);
  });
});
