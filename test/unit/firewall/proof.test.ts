import {describe, expect, it} from 'vitest';
import {proofsText} from '../../../src/cli/text/firewall.js';
import type {FirewallState} from '../../../src/firewall/firewall-state.js';
import type {NodeState} from '../../../src/firewall/nodes.js';
import type {Expectation, ProbeResult} from '../../../src/firewall/probe.js';
import {type Claim, type Evidence, evaluate, type ProofRow} from '../../../src/firewall/proof.js';
import {FakeFirewall} from './fake-firewall.js';
import {node1, node2} from './make-cluster.js';
import {rule} from './make-rule.js';

const denial = rule('deny-ip', node2.address);
const claim: Claim = {rule: denial, view: {node: node1} as NodeState, ends: undefined};

/** The state of node1 where the rule has matched so many packets; undefined: it does not exist. */
function stateWith(hits?: number, now = 1000): FirewallState {
  const host = new FakeFirewall();
  if (hits === undefined) return {...host.state, now};
  const line = host.add(denial).lines('HW5-INPUT').at(-1)!;
  host.kernel('iptables-nft').restore(`*filter\n-D HW5-INPUT ${line}\n[${hits}:${hits}] -A HW5-INPUT ${line}\nCOMMIT\n`);
  return {...host.state, now};
}

const result = (kind: ProbeResult['kind']): ProbeResult => ({kind, detail: kind});
function row(
  expected: Expectation,
  before: ProbeResult['kind'] | undefined,
  after: ProbeResult['kind'],
  change: Partial<ProofRow> = {},
): ProofRow {
  const end = {label: 'node2', address: node2.address, node: 'node2'};
  const probe = {kind: 'ping', from: end, to: {...end, label: 'node1', node: 'node1'}} as const;
  return {probe, before: before && result(before), after: result(after), expected, otherwise: 'passes', isOk: true, ...change};
}

function proven(rows: readonly ProofRow[], change: Partial<Evidence> = {}, about: Partial<Claim> = {}) {
  const {isOk, doubts, remarks} = evaluate(
    {...claim, ...about},
    {rows, first: stateWith(0), last: stateWith(2), isGone: false, ...change},
  );
  return {isOk, messages: [...doubts, ...remarks]};
}

const fails = row('fails', 'answered', 'refused');
const passes = row('passes', 'answered', 'answered');

describe('a rule is proven', () => {
  it('when what must fail fails, what must pass passes, and the rule’s counter moved', () => {
    expect(proven([fails, passes])).toEqual({isOk: true, messages: []});
    expect(proven([{...fails, before: undefined}])).toEqual({isOk: true, messages: []});
  });

  it('by its counter, although nothing had passed before either', () => {
    expect(proven([row('fails', 'silent', 'refused')]).isOk).toBe(true);
  });

  it('where no node can send probes, as far as possible', () => {
    expect(proven([], {last: stateWith(0)})).toEqual({isOk: true, messages: []});
  });

  it('when another rule of hw5 catches its packets, which is reported', () => {
    expect(proven([row('fails', 'silent', 'silent', {otherwise: 'fails'})], {last: stateWith(0)})).toEqual({
      isOk: true,
      messages: [expect.stringContaining('the counter did not move')],
    });
  });

  it('by what passed before, where a strict rule has cut hw5 off', () => {
    expect(proven([fails], {first: undefined, last: undefined}).isOk).toBe(true);
  });
});

it('a rule that packets bypass fails by its probes, which is reported', () => {
  expect(proven([row('fails', undefined, 'answered', {isOk: false})], {last: stateWith(0)})).toEqual({
    isOk: false,
    messages: [expect.stringContaining('another rule, ahead of this one')],
  });
});

describe('nothing is proven', () => {
  it('when the rule is not in the kernel, although all passes that must', () => {
    const gone = {isOk: false, messages: ['the rule is not in the kernel']};
    expect(proven([passes], {first: stateWith(), last: stateWith()})).toEqual(gone);
    expect(proven([fails], {last: stateWith()})).toEqual(gone);
  });

  it('when no probe had to fail', () => {
    expect(proven([passes])).toEqual({isOk: false, messages: ['no probe had to fail, so nothing is proven']});
  });

  it('when nothing passed before either, and the rule caught nothing', () => {
    expect(proven([row('fails', 'silent', 'silent')], {last: stateWith(0)})).toEqual({
      isOk: false,
      messages: [expect.stringContaining('the rule caught nothing')],
    });
    expect(proven([row('fails', undefined, 'silent')], {last: stateWith(0)}).isOk).toBe(false);
  });
});

it('a rule that has ended by itself meanwhile is no failure', () => {
  expect(proven([passes], {first: stateWith(undefined, 1060), last: stateWith(undefined, 1065)}, {ends: 1060})).toEqual({
    isOk: true,
    messages: ['the rule has ended meanwhile'],
  });
  expect(proven([passes], {first: stateWith(undefined, 1059), last: stateWith(undefined, 1059)}, {ends: 1060}).isOk).toBe(false);
});

it('a removed rule need not be in the kernel', () => {
  expect(proven([passes], {first: stateWith(), last: stateWith(), isGone: true})).toEqual({isOk: true, messages: []});
});

it('the table shows what had not passed before either, and why nothing is proven', () => {
  const proof = evaluate(claim, {
    rows: [row('fails', 'silent', 'silent')],
    first: stateWith(0),
    last: stateWith(0),
    isGone: false,
  });
  const text = proofsText([proof], 3).replace(/\u001b\[\d+m/g, '');
  expect(text).toMatch(/ping node2 → node1 +silent +silent +fail +not before either\n/);
  expect(text).toMatch(/\n {2}the rule caught nothing, .*: nothing is proven\n$/);
});
