import {describe, expect, it} from 'vitest';
import {parseCluster} from '../../../src/cluster/load.js';
import {COMPONENTS} from '../../../src/components/index.js';
import {emptyInputs} from '../../../src/components/prepare.js';
import {items, itemsUp} from '../../../src/engine/items.js';
import {SECRETS} from '../../support/fake-inputs.js';
import {clusterOf, contextOf} from './situation.js';

const EXTERNAL = clusterOf('mesos: {source: {kind: external, master: "10.0.0.9:5050"}}');

/** Everything an item waits for, directly or through others. */
function allNeeds(key: string, cluster = clusterOf()): Set<string> {
  const all = new Map(itemsUp(cluster, COMPONENTS).map((item) => [item.key, item.needs]));
  const found = new Set<string>();
  const walk = (one: string): void => {
    for (const need of all.get(one)!) {
      if (found.has(need)) continue;
      found.add(need);
      walk(need);
    }
  };
  walk(key);
  return found;
}

describe('the components in their order', () => {
  it('start with preflight: nothing is changed on a host before it was checked', () => {
    for (const {key, node} of itemsUp(clusterOf(), COMPONENTS)) {
      if (key !== `preflight@${node.name}`) expect(allNeeds(key), key).toContain(`preflight@${node.name}`);
    }
  });

  it('have different names and titles', () => {
    expect(new Set(COMPONENTS.map(({name}) => name)).size).toBe(COMPONENTS.length);
    expect(new Set(COMPONENTS.map(({title}) => title)).size).toBe(COMPONENTS.length);
  });

  it('end with the tasks, when all nodes have what these need', () => {
    const needs = allNeeds('framework@node0');
    for (const step of ['secrets', 'etcd', 'docker', 'calico', 'network', 'mesos-agent', 'scheduler']) {
      for (const node of ['node0', 'node1', 'node2']) expect(needs).toContain(`${step}@${node}`);
    }
    expect(needs).toContain('build@node0');
    expect(needs).toContain('images@node2');
  });

  it('start etcd when all its members can start: one waits only three minutes for the others', () => {
    for (const node of ['node0', 'node1', 'node2']) expect(allNeeds('etcd@node0')).toContain(`packages@${node}`);
  });

  it('build images and start Mesos without waiting for Calico', () => {
    for (const key of ['build@node0', 'mesos-agent@node0', 'mesos-master@node0']) {
      expect([...allNeeds(key)].filter((need) => need.startsWith('calico@'))).toEqual([]);
    }
  });

  it('include no Mesos if the cluster file names an external master', () => {
    const keys = items(EXTERNAL, COMPONENTS).map(({key}) => key);
    expect(keys.filter((key) => key.startsWith('mesos'))).toEqual([]);
    expect(allNeeds('framework@node0', EXTERNAL)).toContain('scheduler@node2');
  });

  it('are removed in reverse where a role was lost, before they are installed elsewhere', () => {
    const cluster = clusterOf().nodes.map(({name, address}) => ({name, address}));
    const fewer = ['etcd'];
    const changed = parseCluster(
      JSON.stringify({nodes: [...cluster.slice(0, 2), {...cluster[2], roles: fewer}], network: {subnet: '192.168.0.0/16'}}),
      'c.yaml',
    );
    const retired = (key: string): string => `${key}@node2 retired`;
    expect(allNeeds('framework@node0', changed)).toContain(retired('framework'));
    expect(allNeeds('mesos-agent@node1', changed)).toContain(retired('mesos-agent'));
    for (const [first, then] of [
      ['framework', 'scheduler'],
      ['scheduler', 'mesos-agent'],
      ['mesos-agent', 'docker'],
      ['calico', 'calicoctl'],
    ] as const)
      expect(allNeeds(retired(then), changed), then).toContain(retired(first));
    expect([...allNeeds('framework@node0', changed)].filter((key) => key.startsWith('etcd@node2'))).toEqual(['etcd@node2']);
  });

  it('can be removed with the inputs of `down`, which are empty', () => {
    for (const step of COMPONENTS) {
      const context = contextOf({}, {inputs: emptyInputs(0)});
      const observed = Object.fromEntries(
        Object.entries(step.facts(context)).map(([name, {parse}]) => [name, parse({stdout: '', code: 1})]),
      );
      expect(step.undo(observed, context), step.name).toEqual([]);
    }
  });

  it('contain no secret in any script that observes or waits', () => {
    const context = contextOf({});
    const scripts = COMPONENTS.flatMap((step) => [
      ...Object.values(step.facts(context)).map(({script}) => script),
      step.ready?.(context).script ?? '',
    ]).join('\n');
    expect(scripts.length).toBeGreaterThan(1000);
    for (const secret of Object.values(SECRETS)) expect(scripts).not.toContain(secret);
  });
});
