import {describe, expect, it} from 'vitest';
import {calicoNode} from '../../../../src/components/calico/node.js';
import {clusterOf, contextOf, fileAfter, lines, plan, readiness, undo} from '../situation.js';

const _URL = 'https://github.com/projectcalico/calicoctl/releases/download/v1.6.5/calicoctl';
const _CONFIG = '/etc/calico/calicoctl.cfg';

describe('calico-node', () => {
  const STARTED = '/etc/hw5/calico-node';
  const nothing = {started: undefined, isRunning: false};
  const first = plan(calicoNode, nothing, {node: 'node1'});
  const installed = {started: fileAfter(first.slice(1), STARTED), isRunning: true};

  it('is started with address, name and an image that is always named', () => {
    expect(lines(first)[1]).toBe(
      'calicoctl node run --ip=198.18.0.11 --name=node1 --node-image=quay.io/calico/node:v2.6.12 --no-default-ippools',
    );
  });

  it.each<[string, object, number]>([
    ['is unchanged when it runs with these arguments', {}, 0],
    ['is started when it stopped', {isRunning: false}, 1],
    ['is started when its arguments are unknown', {started: undefined}, 3],
    ['is restarted when it runs with others', {started: {content: 'calicoctl node run\n', mode: '644'}}, 2],
  ])('%s', (_, observed, count) => {
    expect(plan(calicoNode, {...installed, ...observed}, {node: 'node1'})).toHaveLength(count);
  });

  it('names its autonomous system only when it is not the usual', () => {
    const cluster = clusterOf('calico: {asNumber: 64999}');
    expect(lines(plan(calicoNode, nothing, {cluster}))[1]).toContain(' --as=64999 ');
    expect(lines(first)[1]).not.toContain('--as=');
  });

  const established = (...addresses: string[]) =>
    addresses.map((address) => `| ${address} | node-to-node mesh | up | 23:30:04 | Established |\n`).join('');

  it('is ready when it has a session with each other node', () => {
    const {missing, reason} = readiness(calicoNode, {node: 'node1'});
    expect(reason).toBe('BGP sessions with node0 and node2');
    expect(missing!({stdout: established('198.18.0.10', '198.18.0.12'), code: 0})).toBeUndefined();
    expect(missing!({stdout: established('198.18.0.10'), code: 0})).toBe('no session with node2 (198.18.0.12)');
    expect(missing!({stdout: established('198.18.0.110', '198.18.0.12'), code: 0})).toBe('no session with node0 (198.18.0.10)');
    const starting = established('198.18.0.10', '198.18.0.12').replace('Established', 'Active Socket: Connection refused');
    expect(missing!({stdout: starting, code: 0})).toBe('no session with node0 (198.18.0.10)');
    expect(missing!({stdout: 'Calico process is not running.\n', code: 1})).toBe('Calico process is not running.');
    expect(missing!({stdout: '', code: 127})).toBe('');
  });

  it('does not wait for a node that cannot be reached', () => {
    const {missing, reason} = readiness(calicoNode, {node: 'node1', unreachable: new Set(['node2'])});
    expect(reason).toBe('BGP sessions with node0');
    expect(missing!({stdout: established('198.18.0.10'), code: 0})).toBeUndefined();
  });

  it('runs when calicoctl prints its status, with or without sessions: observed with the script of its wait', () => {
    const {script, parse} = calicoNode.facts(contextOf({}))['isRunning']!;
    expect(script).toBe(readiness(calicoNode).script);
    expect(script).toContain('calicoctl node status');
    expect(parse({stdout: established('198.18.0.11'), code: 0})).toBe(true);
    expect(parse({stdout: 'No IPv4 peers found.\n', code: 0})).toBe(true);
    expect(parse({stdout: 'Calico process is not running.\n', code: 1})).toBe(false);
    expect(parse({stdout: '', code: 127})).toBe(false);
  });

  it('is recorded before its first start, so that a failed one is removed', () => {
    const [record] = first;
    expect(lines(first)[0]).toBe(`write ${STARTED} (mode 0644)`);
    const started = fileAfter([record!], STARTED);
    expect(lines(undo(calicoNode, {started, isRunning: false}))).toContain('docker rm -f calico-node');
    // one that runs now may have other arguments
    expect(lines(plan(calicoNode, {started, isRunning: true}, {node: 'node1'}))).toEqual([
      expect.stringMatching(/^calicoctl node run /),
      `change ${STARTED} (mode 0644)`,
    ]);
  });

  it('is removed where hw5 has started one, running or not', () => {
    for (const isRunning of [true, false]) {
      expect(lines(undo(calicoNode, {...installed, isRunning}))).toEqual([
        'docker rm -f calico-node',
        'remove what Calico left in the kernel',
        'calicoctl delete node node0',
        `remove ${STARTED}`,
      ]);
    }
    expect(undo(calicoNode, nothing)).toEqual([]);
  });

  it('is kept where hw5 has never started one: it is foreign', () => {
    expect(undo(calicoNode, {...nothing, isRunning: true})).toEqual([]);
  });
});
