import {describe, expect, it} from 'vitest';
import {nodesWith} from '../../../src/cluster/cluster.js';
import {type Component, defineComponent} from '../../../src/components/component.js';
import {unitHealth} from '../../../src/components/health.js';
import {withHost} from '../../../src/components/host/component.js';
import {SYSTEMS} from '../../../src/components/index.js';
import {prepareInputs} from '../../../src/components/prepare.js';
import {succeeds} from '../../../src/engine/facts.js';
import {items} from '../../../src/engine/items.js';
import {downRun, planRun, upRun} from '../../../src/engine/runner.js';
import {everywhere} from '../../../src/engine/step.js';
import {failsafeOf} from '../../../src/firewall/failsafe.js';
import {logNames, logScript, logSource} from '../../../src/logs/source.js';
import {collectStatus} from '../../../src/status/collect.js';
import {healthFacts} from '../../../src/status/health-facts.js';
import {FakeCluster} from '../../support/fake-cluster.js';
import {FakeHost} from '../../support/fake-host.js';
import {clusterOf, contextOf, failedChecks} from './situation.js';

/** A new component: what would be in its directory. */
const redis = defineComponent({
  name: 'redis',
  title: 'Redis',
  needs: ['packages', everywhere('etcd')],
  targets: (cluster) => nodesWith(cluster, 'agent'),
  units: ['hw5-redis.service'],
  packages: () => ['redis-server'],
  programs: ['redis-exporter'],
  ports: (_cluster, {address}) => [
    {port: 6379, protocol: 'tcp', purpose: 'Redis', access: 'members', bind: [address], processes: ['redis-server']},
  ],
  health: (_cluster, {address}) => unitHealth('hw5-redis.service', `redis-cli -h ${address} ping`, 'does not answer'),
  logs: {aliases: ['cache']},
  facts: () => ({isThere: succeeds('see redis')}),
  plan: (observed) => (observed.isThere ? [] : [{kind: 'run', title: 'make redis', argv: ['make', 'redis']}]),
  undo: (observed) => (observed.isThere ? [{kind: 'run', title: 'remove redis', argv: ['remove', 'redis']}] : []),
});

/** The one line of the list. */
const components: readonly Component[] = withHost([...SYSTEMS, redis]);

const cluster = clusterOf();
const node0 = cluster.nodes[0]!;

describe('a component that is only added to the list', () => {
  it('is planned, installed and removed', async () => {
    const world = new FakeCluster(['a', 'b']);
    const alone = [{...redis, needs: []}];
    const plans = await planRun(world.options(alone, {lockAs: undefined}));
    expect(plans.map(({title, host, actions}) => [title, host, actions.length])).toEqual([
      ['Redis', 'a', 1],
      ['Redis', 'b', 1],
    ]);
    expect(await upRun(world.options(alone))).toMatchObject({changed: 2, errors: []});
    expect(await upRun(world.options(alone))).toMatchObject({changed: 0, unchanged: 2});
    expect(await downRun({...world.options(alone), purge: false})).toMatchObject({changed: 2, errors: []});
    expect(world.changes('a')).toEqual(['make redis', 'remove redis']);
  });

  it('takes its place after what it needs, among all the others', () => {
    const item = items(cluster, components).find(({key}) => key === 'redis@node1');
    expect(item?.needs).toEqual(['packages@node1', 'etcd@node0', 'etcd@node1', 'etcd@node2']);
  });

  it('is shown by status', async () => {
    const host = (name: string): FakeHost => {
      const names = Object.keys(healthFacts(components, cluster, cluster.nodes.find((node) => node.name === name)!));
      const answer = (component: string): string => (component === 'redis' ? 'loaded active running\nPONG' : '');
      const lines = names.map((component, index) => `${index} 0 ${Buffer.from(answer(component)).toString('base64')}`);
      return new FakeHost(name).on(['sh', '-s'], `${[...lines, `${lines.length} 1 `].join('\n')}\n`);
    };
    const {nodes} = await collectStatus(cluster, components, async ({name}) => host(name), 5000);
    expect(nodes.map(({components}) => components['redis'])).toEqual(Array(3).fill({state: 'healthy', detail: 'PONG'}));
    expect(Object.keys(nodes[0]!.components).at(-1)).toBe('redis');
  });

  it('has a log, also under its other name', () => {
    expect(logNames(components)).toContain('redis');
    const source = logSource('cache', cluster, components);
    expect(source).toMatchObject({component: 'redis', nodes: cluster.nodes});
    expect(logScript(source, {lines: 9})).toContain(' --unit=hw5-redis.service');
    expect(() => logSource('cahce', cluster, components)).toThrow(
      expect.objectContaining({hint: expect.stringContaining('did you mean cache?')}),
    );
  });

  it('has its ports checked by preflight', () => {
    const [preflight] = components as [Component];
    const listeners = (program: string): string => `LISTEN 0 511 198.18.0.10:6379 0.0.0.0:* users:(("${program}",pid=4711,fd=6))`;
    const found = (program: string, hasHw5 = '0') =>
      failedChecks(preflight, {listeners: listeners(program), hasHw5}).filter((message) => message.includes('6379'));
    expect(found('nginx')).toEqual(['port 6379 (Redis) is held by nginx (process 4711)']);
    expect(found('redis-server')).toHaveLength(1);
    expect(found('redis-server', '7')).toEqual([]);
  });

  it('has ports that the firewall keeps open between its nodes', () => {
    const {host} = failsafeOf(node0, cluster, [], components);
    const open = host[4].filter((line) => /--[ds]ports \S*\b6379\b/.test(line));
    expect(open.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(
      ['--dports', '--sports'].flatMap(() => ['-s 198.18.0.11/32', '-s 198.18.0.12/32']),
    );
    expect(host[4].join('\n').replaceAll(',6379', '')).toBe(failsafeOf(node0, cluster, []).host[4].join('\n'));
  });

  it('gets its Debian packages', () => {
    const packages = components.find(({name}) => name === 'packages')!;
    for (const step of [components[0]!, packages]) {
      const scripts = Object.values(step.facts(contextOf({}))).map(({script}) => script);
      expect(scripts.filter((script) => script.includes(' redis-server;'))).toHaveLength(1);
    }
  });

  it('gets its bundled programs', async () => {
    const prepared = prepareInputs(cluster, {cacheDir: '/nowhere', now: 0, components: [redis], programs: '/no-such-directory'});
    await expect(prepared).rejects.toThrow('/no-such-directory/redis-exporter is missing');
  });
});
