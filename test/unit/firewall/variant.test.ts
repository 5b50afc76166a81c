import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import type {Variant} from '../../../src/firewall/firewall-state.js';
import {planAdd, planRemove} from '../../../src/firewall/plan.js';
import {packageFile} from '../../../src/support/template.js';
import {FakeFirewall} from './fake-firewall.js';
import {cluster, node1, source} from './make-cluster.js';
import {rule} from './make-rule.js';
import {makeState} from './make-state.js';

const capture = (name: string): string => readFileSync(packageFile(`test/fixtures/firewall/${name}.save`), 'utf8');
/** Of a node with upstream Calico 2.6.12: Docker of Debian 12, with hw5's rules for the pool. */
const DOCKER = capture('upstream-docker-nft');
/** Of the same node: Felix 2.6.8, which writes the legacy variant wherever Docker's rules are. */
const FELIX = capture('upstream-felix-legacy');
/** Of another node of that cluster, which has the legacy variant as its default. */
const BOTH = capture('upstream-both-legacy');
const EMPTY = '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n';
/** The dump with its filter table changed. */
const inFilter = (dump: string, change: (table: string) => string): string => dump.replace(/\*filter\n.*?(?=COMMIT)/s, change);
const withRule = (dump: string, line: string): string => inFilter(dump, (table) => `${table}${line}\n`);

const context = {node: node1, cluster, source};
const state = (nft: string, legacy: string, usual?: Variant) =>
  makeState(
    [
      ['iptables-nft', 4, 'nft', nft],
      ['iptables-legacy', 4, 'legacy', legacy],
    ],
    {},
    usual,
  );
function added(nft: string, legacy: string, usual?: Variant) {
  const one = rule('deny-ip', '10.0.0.1', {scope: 'both'});
  const {edits, remarks} = planAdd(state(nft, legacy, usual), {rule: one}, context);
  return {tools: edits.map(({tool}) => tool), tables: edits[0]!.forward.match(/(?<=^\*)\w+/gm), remarks};
}

describe('the exercises', () => {
  it('are where Docker’s rules are while Felix has its own in the other variant: what either denies is denied', () => {
    expect(added(DOCKER, FELIX)).toEqual({
      tools: ['iptables-nft'],
      // nothing that Felix accepts in the other variant bypasses DOCKER-USER
      tables: ['filter'],
      remarks: ['the rule is in iptables-nft; the rules of Calico are in iptables-legacy, and the kernel applies both'],
    });
  });

  it('are with both on a host with iptables-legacy, also in mangle, as Felix accepts containers’ packets ahead of Docker', () => {
    expect(added('', BOTH, 'legacy')).toEqual({tools: ['iptables-legacy'], tables: ['filter', 'mangle'], remarks: []});
    expect(added(BOTH, EMPTY)).toEqual({tools: ['iptables-nft'], tables: ['filter', 'mangle'], remarks: []});
  });

  it('stay where Docker’s rules are when the host’s default was changed since, which is reported', () => {
    expect(added(DOCKER, FELIX, 'legacy')).toMatchObject({
      tools: ['iptables-nft'],
      remarks: [
        'the rule is in iptables-nft; the rules of Calico are in iptables-legacy, and the kernel applies both; plain `iptables` does not show it',
      ],
    });
  });

  it('follow Docker when it was restarted with another default: its old rules stay until the next boot', () => {
    expect(added(DOCKER, BOTH, 'legacy')).toMatchObject({
      tools: ['iptables-legacy'],
      remarks: ['the rule is in iptables-legacy; the rules of Docker are in iptables-nft, and the kernel applies both'],
    });
    expect(added(BOTH, DOCKER)).toMatchObject({tools: ['iptables-nft']});
  });

  it('are where a user’s rules are on a host without Docker, also where Felix has its own in the other', () => {
    const user = withRule(EMPTY, '-A INPUT -s 10.1.1.1/32 -j ACCEPT');
    const one = rule('deny-ip', '10.0.0.1');
    const tool = (nft: string, legacy: string) => planAdd(state(nft, legacy), {rule: one}, context).edits[0]!.tool;
    expect(tool(EMPTY, user)).toBe('iptables-legacy');
    expect(tool(user, FELIX)).toBe('iptables-nft');
    expect(tool(EMPTY, FELIX)).toBe('iptables-nft');
    expect(tool(EMPTY, EMPTY)).toBe('iptables-nft');
  });

  it('report the variant once for both families', () => {
    const both = makeState([
      ['iptables-nft', 4, 'nft', DOCKER],
      ['iptables-legacy', 4, 'legacy', FELIX],
      ['ip6tables-nft', 6, 'nft', ''],
      ['ip6tables-legacy', 6, 'legacy', FELIX],
    ]);
    const {edits, remarks} = planAdd(both, {rule: rule('deny-mac', '02:00:1e:4c:00:03')}, context);
    expect(edits.map(({tool}) => tool)).toEqual(['iptables-nft', 'ip6tables-nft']);
    expect(remarks).toEqual([expect.stringContaining('the rule is in iptables-nft;')]);
  });
});

describe('rules of users in both variants are an error that names them', () => {
  it.each([
    ['a rule in INPUT', '-A INPUT -s 10.1.1.1/32 -j ACCEPT', '1 rule of other tools'],
    ['a chain of another tool', '-A INPUT -j f2b-sshd', '1 rule of other tools'],
    ['a rule in DOCKER-USER', '-A DOCKER-USER -s 10.1.1.1/32 -j DROP', '1 rule of other tools'],
    ['one about Docker’s interface', '-A FORWARD -s 10.1.1.1/32 -i docker0 -j DROP', '1 rule of other tools'],
    ['one about another bridge', '-A FORWARD -i br-lan -j ACCEPT', '1 rule of other tools'],
    ['one whose comment mentions Calico', '-A INPUT -m comment --comment "cali: mine" -j ACCEPT', '1 rule of other tools'],
    ['one whose comment mentions hw5', '-A INPUT -m comment --comment "see HW5-12" -j DROP', '1 rule of other tools'],
  ])('%s beside Felix’s', (_, line, what) => {
    expect(() => added(DOCKER, withRule(FELIX, line))).toThrow(
      `node1 has iptables rules in both variants: nf_tables (Docker) and legacy (Calico, ${what})`,
    );
  });

  it('a policy', () => {
    for (const hook of ['INPUT', 'FORWARD']) {
      const strict = inFilter(FELIX, (table) => table.replace(`:${hook} ACCEPT`, `:${hook} DROP`));
      expect(() => added(DOCKER, strict)).toThrow('legacy (Calico, 1 rule of other tools)');
    }
  });

  it('hw5’s own apart from the rest, which can be removed and made again', () => {
    const host = new FakeFirewall(EMPTY).add(rule('deny-ip', '10.0.0.1'));
    const apart = state(host.kernel('iptables-nft').save(), BOTH, 'legacy');
    const attempt = () => planAdd(apart, {rule: rule('deny-ip', '10.0.0.2')}, context);
    expect(attempt).toThrow(/both variants: nf_tables \(hw5\) and legacy \(Docker, Calico\)/);
    expect(attempt).toThrow(expect.objectContaining({hint: expect.stringContaining('hw5 firewall reset --node node1')}));
    expect(planRemove(apart, [rule('deny-ip', '10.0.0.1').id], context).edits.map((edit) => edit.tool)).toEqual(['iptables-nft']);
  });
});
