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

/** A look at node1 where the rule has caught so many packets; undefined: it is not there. */
function look(hits?: number, now = 1000): FirewallState {
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
  const {isOk, doubts, remarks} = evaluate({...claim, ...about}, {rows, first: look(0), last: look(2), isGone: false, ...change});
  return {isOk, said: [...doubts, ...remarks]};
}

const fails = row('fails', 'answered', 'refused');
const passes = row('passes', 'answered', 'answered');

describe('a rule is proven', () => {
  it('when what must fail fails, what must pass passes, and it was the rule that caught it', () => {
    expect(proven([fails, passes])).toEqual({isOk: true, said: []});
    expect(proven([{...fails, before: undefined}])).toEqual({isOk: true, said: []});
  });

  it('by its counter, though nothing had passed before either', () => {
    expect(proven([row('fails', 'silent', 'refused')]).isOk).toBe(true);
  });

  it('where nobody can probe, as far as it goes', () => {
    expect(proven([], {last: look(0)})).toEqual({isOk: true, said: []});
  });

  it('when another rule of ours catches its packets, which is said', () => {
    expect(proven([row('fails', 'silent', 'silent', {otherwise: 'fails'})], {last: look(0)})).toEqual({
      isOk: true,
      said: [expect.stringContaining('the counter did not move')],
    });
  });

  it('by what passed before, where a strict rule has cut hw5 off', () => {
    expect(proven([fails], {first: undefined, last: undefined}).isOk).toBe(true);
  });
});

it('a rule that others let packets pass by fails by its probes, and says so', () => {
  expect(proven([row('fails', undefined, 'answered', {isOk: false})], {last: look(0)})).toEqual({
    isOk: false,
    said: [expect.stringContaining('another rule, ahead of this one')],
  });
});

describe('nothing is proven', () => {
  it('when the rule is not in the kernel, though all passes that must', () => {
    const gone = {isOk: false, said: ['the rule is not in the kernel']};
    expect(proven([passes], {first: look(), last: look()})).toEqual(gone);
    expect(proven([fails], {last: look()})).toEqual(gone);
  });

  it('when no probe had to fail', () => {
    expect(proven([passes])).toEqual({isOk: false, said: ['no probe had to fail, so nothing is proven']});
  });

  it('when nothing passed before either, and the rule caught nothing', () => {
    expect(proven([row('fails', 'silent', 'silent')], {last: look(0)})).toEqual({
      isOk: false,
      said: [expect.stringContaining('the rule caught nothing')],
    });
    expect(proven([row('fails', undefined, 'silent')], {last: look(0)}).isOk).toBe(false);
  });
});

it('a rule that has ended by itself meanwhile is nobody’s fault', () => {
  expect(proven([passes], {first: look(undefined, 1060), last: look(undefined, 1065)}, {ends: 1060})).toEqual({
    isOk: true,
    said: ['the rule has ended meanwhile'],
  });
  expect(proven([passes], {first: look(undefined, 1059), last: look(undefined, 1059)}, {ends: 1060}).isOk).toBe(false);
});

it('a rule that was taken away need not be there', () => {
  expect(proven([passes], {first: look(), last: look(), isGone: true})).toEqual({isOk: true, said: []});
});

it('the table shows what had not passed before either, and why nothing is proven', () => {
  const proof = evaluate(claim, {rows: [row('fails', 'silent', 'silent')], first: look(0), last: look(0), isGone: false});
  const text = proofsText([proof], 3).replace(/\u001b\[\d+m/g, '');
  expect(text).toMatch(/ping node2 → node1 +silent +silent +fail +not before either\n/);
  expect(text).toMatch(/\n {2}the rule caught nothing, .*: nothing is proven\n$/);
});
