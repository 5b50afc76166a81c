import {describe, expect, it} from 'vitest';
import {parseCluster} from '../../../src/cluster/load.js';
import {portsOf} from '../../../src/components/component.js';
import {packagesFor} from '../../../src/components/host/packages.js';
import {COMPONENTS} from '../../../src/components/index.js';
import {items} from '../../../src/engine/items.js';
import {memberTcpPorts} from '../../../src/firewall/failsafe.js';
import {logSource} from '../../../src/logs/source.js';
import {healthFacts} from '../../../src/status/health-facts.js';
import {readiness} from './situation.js';

/** A proxy, and one that also runs a scheduler, in front of two agents. */
const cluster = parseCluster(
  `nodes:
  - {name: a, address: 198.18.0.10, roles: [etcd, master, agent]}
  - {name: b, address: 198.18.0.11, roles: [agent]}
  - {name: gate, address: 198.18.0.12, roles: [proxy]}
  - {name: desk, address: 198.18.0.13, roles: [proxy, framework]}
`,
  '/here/cluster.yaml',
);
const gate = cluster.nodes[2]!;
const all = items(cluster, COMPONENTS);
const stepsOf = (name: string): string[] => all.filter(({node}) => node.name === name).map(({step}) => step.name);

describe('a proxy that is no agent', () => {
  it("is on the containers' network: Docker and Calico run on it, and nothing else of the agents", () => {
    expect(stepsOf('gate')).toEqual([
      'preflight',
      'directories',
      'kernel',
      'packages',
      'link-local',
      'docker',
      'calicoctl',
      'calico',
      'proxy',
      'firewall',
    ]);
  });

  it('is waited for by the framework until its routes are there', () => {
    const item = all.find(({key}) => key === 'framework@desk')!;
    const needs = (key: string): string[] => [key, ...all.find((one) => one.key === key)!.needs.flatMap(needs)];
    expect(needs(item.key)).toContain('calico@gate');
    const calico = COMPONENTS.find(({name}) => name === 'calico')!;
    expect(readiness(calico, {cluster, node: 'a'}).reason).toBe('BGP sessions with b and gate and desk');
  });

  it('gets their packages and keeps their ports open', () => {
    expect(packagesFor(COMPONENTS, cluster, gate)).toContain('docker.io');
    expect(portsOf(COMPONENTS, cluster, gate).map(({port}) => port)).toContain(179);
    expect(memberTcpPorts(gate, cluster)).toEqual([179, 7946]);
  });

  it('is included in status and logs with both', () => {
    expect(Object.keys(healthFacts(COMPONENTS, cluster, gate))).toEqual(['docker', 'calico', 'proxy']);
    for (const name of ['docker', 'calico']) expect(logSource(name, cluster, COMPONENTS).nodes).toEqual(cluster.nodes);
  });
});
