import {describe, expect, it} from 'vitest';
import type {ClusterNode} from '../../../src/cluster/cluster.js';
import {COMPONENTS} from '../../../src/components/index.js';
import {OpenHosts} from '../../../src/host/open-hosts.js';
import type {TaskReport} from '../../../src/scheduler-api/state.js';
import {healthFacts} from '../../../src/status/health-facts.js';
import {ConnectError} from '../../../src/support/errors.js';
import {explain} from '../../../src/tasks/explain.js';
import {FakeHost} from '../../support/fake-host.js';
import {checkJsonOutput} from '../../support/json-output.js';
import {clusterOf} from '../components/situation.js';
import {answer, instance, STOPPED, scheduler} from './scheduler.js';

const cluster = clusterOf();
const PENDING: Partial<TaskReport> = {state: 'pending', healthy: null, node: null, containerId: null};

interface Scene {
  /** Of ssh-1. */
  readonly task?: Partial<TaskReport>;
  /** Node → component → the output of its failing fact. */
  readonly problems?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly off?: readonly string[];
  readonly containers?: string;
  readonly withoutScheduler?: boolean;
}

/** The output of a node's facts, in their order; the image comes last. */
function facts(node: ClusterNode, problems: Readonly<Record<string, string>>): string {
  const peers = cluster.nodes.filter((one) => one !== node);
  const well: Record<string, string> = {
    docker: '20.10 etcd://x',
    calico: peers.map(({address}) => `| ${address} | node-to-node mesh | up | 23:30 | Established |`).join('\n'),
  };
  return [...Object.keys(healthFacts(COMPONENTS, cluster, node)), 'image']
    .map((name, index) => {
      const text = problems[name] ?? well[name] ?? 'loaded active running\nanswers';
      return `${index} ${problems[name] === undefined ? 0 : 1} ${Buffer.from(text).toString('base64')}`;
    })
    .join('\n');
}

async function whyOf({task = {}, problems = {}, off = [], containers = '', withoutScheduler = false}: Scene) {
  const observed: string[] = [];
  await using hosts = new OpenHosts(async (node) => {
    if (off.includes(node.name)) throw new ConnectError(node.name, `no answer from ${node.name}`);
    const host: FakeHost = withoutScheduler
      ? STOPPED(node.name)
      : instance(node.name, {isLeader: node.name === 'node0'}, {'ssh-1': task});
    return host
      .on(/\/v1\/why\/ssh-1$/, answer(200, {name: 'ssh-1', why: ['as the framework says']}))
      .on(['sh', '-s'], (call) => {
        if (call.stdin.toString().includes('docker ps')) return containers;
        observed.push(node.name);
        return `${facts(node, problems[node.name] ?? {})}\n`;
      })
      .on(/^docker logs /, {stdout: 'one\n', stderr: 'two\nthree\n'});
  });
  const explanation = await explain(cluster, COMPONENTS, 'ssh-1', hosts);
  checkJsonOutput(['why', '--json'], JSON.stringify(explanation));
  return {...explanation, observed: observed.sort()};
}

describe('the explanation of a task’s state', () => {
  it('covers all nodes while the health check has not passed yet', async () => {
    const {isWell, observed} = await whyOf({task: {healthy: null, message: 'its health check has not passed yet'}});
    expect(isWell).toBe(false);
    expect(observed).toEqual(['node0', 'node1', 'node2']);
  });

  it('contains the reasons of the framework, and for a healthy task only its own node is observed', async () => {
    expect(await whyOf({})).toMatchObject({isWell: true, why: ['as the framework says'], findings: [], observed: ['node1']});
  });

  it('contains that its node is unreachable, before Mesos reports it', async () => {
    expect(await whyOf({off: ['node1']})).toMatchObject({
      isWell: false,
      task: {state: 'running'},
      findings: ['node1 cannot be reached: no answer from node1'],
    });
  });

  it('contains what is wrong on the nodes on which it could run', async () => {
    const problems = {node0: {docker: 'x'}, node1: {image: ''}, node2: {proxy: 'nothing to show'}};
    expect(await whyOf({task: PENDING, problems})).toMatchObject({
      isWell: false,
      observed: ['node0', 'node1', 'node2'],
      findings: [
        'node0: docker is unhealthy (dockerd does not answer, or has no cluster store)',
        'node1: the image docker-ssh:0123456789ab is missing: `hw5 up` uploads it',
      ],
      lastEnd: undefined,
    });
  });

  it('mentions a missing image that the agent will pull', async () => {
    const {findings} = await whyOf({task: {...PENDING, image: 'nginx'}, problems: {node1: {image: ''}}});
    expect(findings).toEqual(['node1: the image nginx is missing: the agent pulls it when the task starts']);
  });

  it('contains how its last container ended, when it has no node', async () => {
    const containers = 'aaa /mesos-1 false 78 false 2026-01-01T00:00:00Z ssh-1\n';
    expect((await whyOf({task: PENDING, containers})).lastEnd).toEqual({
      node: 'node0',
      exitCode: 78,
      wasKilledForMemory: false,
      lines: ['one', 'two', 'three'],
    });
    expect((await whyOf({task: {state: 'unreachable', node: 'node1'}, containers})).lastEnd).toBeUndefined();
    const failed = containers.replace('\n', '\t"no such network"\n');
    expect((await whyOf({task: PENDING, containers: failed})).lastEnd).toMatchObject({startError: 'no such network'});
  });

  it('contains what to do about a scheduler of an older release', async () => {
    await using hosts = new OpenHosts(async (node) =>
      new FakeHost(node.name)
        .on(/\/v1\/state$/, answer(200, {...scheduler(), apiVersion: undefined}))
        .on(['sh', '-s'], `${facts(node, {})}\n`),
    );
    expect(await explain(cluster, COMPONENTS, 'ssh-1', hosts)).toMatchObject({
      isWell: false,
      why: [
        'no scheduler gives an answer that this hw5 understands',
        ...['node0', 'node1', 'node2'].map(
          (name) => `${name}: this scheduler speaks version 0 of its API, and this hw5 version 1`,
        ),
        '`hw5 up` installs the new scheduler',
      ],
    });
  });

  it('contains the problems of the nodes when no scheduler answers', async () => {
    const problems = {node0: {etcd: 'loaded failed failed'}};
    const {task, isWell, why, findings} = await whyOf({withoutScheduler: true, problems});
    expect({task, isWell}).toEqual({task: undefined, isWell: false});
    expect(why[0]).toBe('no scheduler answers');
    expect(findings).toEqual([expect.stringContaining('node0: etcd is unhealthy')]);
  });
});
