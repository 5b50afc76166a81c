import {expect, it} from 'vitest';
import type {ClusterNode} from '../../../src/cluster/cluster.js';
import {BGP_PORT} from '../../../src/components/calico/node-status.js';
import {portsOf} from '../../../src/components/component.js';
import {COMPONENTS} from '../../../src/components/index.js';
import type {Candidate} from '../../../src/firewall/candidate.js';
import {chooseProbes} from '../../../src/firewall/choose-probes.js';
import {expectation, type Probe, probeFact, showProbe} from '../../../src/firewall/probe.js';
import {type Rule, SCOPES} from '../../../src/firewall/rule.js';
import {candidate, MACS, NEIGHBOURS} from './make-candidate.js';
import {cluster, node0, node1, node2} from './make-cluster.js';
import {rule} from './make-rule.js';

const ports = [22, 80, BGP_PORT, 2379, 2380, 5050, 5051, 7946].map((port) => ({address: '*', port}));
const services = {listeners: ports, containers: []};
const busy = (node: ClusterNode, change: Partial<Candidate> = {}): Candidate => candidate(node, {services, ...change});
const names = (at: Candidate, there = busy(node2)): string[] =>
  chooseProbes(rule('deny-ip', node2.address), at, [there], cluster).probes.map(showProbe);
const end = (node: ClusterNode) => ({label: node.name, address: node.address, node: node.name});
const session: Probe = {kind: 'bgp', from: end(node1), to: end(node2)};

it.each(
  SCOPES.flatMap((scope) => [
    rule('deny-ip', node2.address, {scope}),
    rule('deny-ip', '198.18.0.0/24', {scope}),
    rule('deny-mac', MACS.get('node2')![0]!, {scope}),
    rule('deny-ping', node2.address, {scope}),
    rule('http-only', undefined, {scope}),
    rule('http-only', undefined, {scope, strict: true}),
  ]),
)('no probe connects to BGP’s port, as BIRD would reset the session: $exercise, scope $scope, strict $strict', (one) => {
  const {probes} = chooseProbes(one, busy(node1), [busy(node0), busy(node2)], cluster);
  expect(probes.filter(({port}) => port === BGP_PORT)).toEqual([]);
  expect(probes.filter((probe) => probeFact(probe).script.includes(`/${BGP_PORT}`))).toEqual([]);
});

it('nor does one where the cluster file gives the port to another service', () => {
  expect(names(busy({...node1, ssh: {...node1.ssh, port: BGP_PORT}})).join()).not.toContain('179');
});

it('no component asks for a probe of BGP’s port', () => {
  const bgp = cluster.nodes.flatMap((node) => portsOf(COMPONENTS, cluster, node)).filter(({port}) => port === BGP_PORT);
  expect(bgp.map(({probe}) => probe)).toEqual([undefined, undefined, undefined]);
});

it('the state of the session is read instead, where BIRD runs on both nodes of the mesh', () => {
  expect(names(busy(node1))).toContain('bgp node1 – node2');
  const without = {services: {...services, listeners: ports.filter(({port}) => port !== BGP_PORT)}};
  expect(names(busy(node1, without)).join()).not.toContain('bgp');
  expect(names(busy(node1), busy(node2, without)).join()).not.toContain('bgp');
});

it('nothing is expected of a session that a strict rule denies: it ends with its hold time', () => {
  const expected = (...rules: Rule[]) =>
    expectation(session, new Map([['node1', {node: node1, rules, sources: []}]]), NEIGHBOURS, cluster);
  expect(expected(rule('http-only'), rule('deny-ip', node2.address))).toBe('passes');
  expect(expected(rule('http-only', undefined, {strict: true}))).toBe('fails');
  expect(expected(rule('deny-ip', node2.address, {strict: true}))).toBe('fails');
});

it.each([
  ['Established', 0, 'answered', 'Established since 17:26:43'],
  ['Active Socket: Connection refused', 0, 'refused', 'Active Socket: Connection refused'],
  ['', 0, 'refused', 'start'],
  ['Established', 1, 'refused', 'calicoctl ended with 1'],
] as const)('a session with the info %j, exit code %d, is %s: %s', (info, code, kind, detail) => {
  const stdout = `| PEER ADDRESS |     PEER TYPE     | STATE |  SINCE   |    INFO     |
| ${node0.address} | node-to-node mesh | up    | 01:01:01 | Established |
| ${node2.address} | node-to-node mesh | start | 17:26:43 | ${info} |
`;
  expect(probeFact(session).parse({stdout, code})).toEqual({kind, detail});
  expect(probeFact(session).parse({stdout: '', code: 0})).toEqual({kind: 'refused', detail: 'no session'});
});
