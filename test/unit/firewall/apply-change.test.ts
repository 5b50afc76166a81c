import {expect, it} from 'vitest';
import type {ClusterNode} from '../../../src/cluster/cluster.js';
import {type ApplyOptions, applyChange, type ChangeReport} from '../../../src/firewall/apply-change.js';
import type {FirewallChange} from '../../../src/firewall/firewall-change.js';
import {ConnectError} from '../../../src/support/errors.js';
import {type FakeCall, FakeHost} from '../../support/fake-host.js';
import {PLAIN} from './fake-kernel.js';
import {cluster, node0, node1, node2} from './make-cluster.js';
import {rule} from './make-rule.js';

const add: FirewallChange = {kind: 'add', rule: rule('deny-ip', node2.address)};
const SNAPSHOT = `#hw5 now 1000\n#hw5 default iptables nft\n#hw5 save iptables-nft nft\n${PLAIN}#hw5 fingerprint f\n`;
const calls = (verb: string) => (call: FakeCall) => call.stdin.toString().includes(`\nhw5_firewall ${verb}`);

/** A node whose firewall can be read, and on which nothing may be changed. */
const readable = (node: ClusterNode): FakeHost =>
  new FakeHost(node.name)
    .on(['printenv', 'SSH_CONNECTION'], '198.18.0.1 50000 198.18.0.11 22\n')
    .on(calls('snapshot'), `0 0 ${Buffer.from(SNAPSHOT).toString('base64')}\n`);

/** A node that accepts a change and its confirmation. */
const writable = (node: ClusterNode): FakeHost =>
  readable(node)
    .on(calls('change'))
    .onReconnect(new FakeHost(node.name).on(calls('confirm')));

/** Applies a change without probes. Returns what was reported, and the error that was thrown. */
async function apply(change: FirewallChange, hosts: readonly (FakeHost | Error)[], options: Partial<ApplyOptions> = {}) {
  const reports: ChangeReport[] = [];
  const error = await applyChange(cluster, change, {
    connect: async (node) => {
      const host = hosts[cluster.nodes.indexOf(node)]!;
      if (host instanceof Error) throw host;
      return host;
    },
    nodes: cluster.nodes,
    areNamed: false,
    isDryRun: false,
    isProven: false,
    confirmSeconds: 15,
    emit: (report) => reports.push(report),
    signal: new AbortController().signal,
    ...options,
  }).catch((cause: unknown) => cause);
  expect(reports.length).toBeLessThanOrEqual(1);
  const [report] = reports;
  const results = report?.results.map(({node, outcome}) => `${node} ${outcome.kind}`);
  return {report, results, error: error as Error | undefined};
}

it('a change is applied to all nodes, but not to the one that has the denied address', async () => {
  const {report, results, error} = await apply(add, [writable(node0), writable(node1), readable(node2)]);
  expect(error).toBeUndefined();
  expect(report).toMatchObject({kind: 'applied', leftOut: [{node: 'node2', why: 'it has 198.18.0.12 itself'}], proofs: []});
  expect(results).toEqual(['node0 changed', 'node1 changed']);
});

it('a node that is named is changed although it has the denied address itself', async () => {
  const {results} = await apply(add, [writable(node0), writable(node1), writable(node2)], {nodes: [node2], areNamed: true});
  expect(results).toEqual(['node2 changed']);
});

it('a dry run reports what every node would do, and changes nothing', async () => {
  const {report, results} = await apply(add, [readable(node0), readable(node1), readable(node2)], {isDryRun: true});
  expect(report?.kind).toBe('planned');
  expect(results).toEqual(['node0 changed', 'node1 changed']);
});

it('a node that does not answer does not stop the others, and is the error after the report', async () => {
  const {results, error} = await apply(add, [
    new ConnectError('node0', 'no answer from node0'),
    writable(node1),
    readable(node2),
  ]);
  expect(results).toEqual(['node0 failed', 'node1 changed']);
  expect(error?.message).toBe('no answer from node0');
});

it('a rule that no node knows cannot be removed, and nothing is reported', async () => {
  const {report, error} = await apply({kind: 'remove', id: 'abcdef'}, [readable(node0), readable(node1), readable(node2)]);
  expect(report).toBeUndefined();
  expect(error?.message).toBe('no node has a rule abcdef');
});

it('a reset of nodes without rules changes nothing', async () => {
  const {results} = await apply({kind: 'reset'}, [readable(node0), readable(node1), readable(node2)]);
  expect(results).toEqual(['node0 unchanged', 'node1 unchanged', 'node2 unchanged']);
});

it('after Ctrl-C the report is still printed', async () => {
  const stop = new AbortController();
  const host = readable(node1).on(calls('change'), () => {
    stop.abort(new Error('interrupted'));
    return '';
  });
  const {results, error} = await apply(add, [readable(node0), host, readable(node2)], {nodes: [node1], signal: stop.signal});
  expect(results).toEqual(['node1 failed']);
  expect(error?.message).toBe('interrupted');
});
