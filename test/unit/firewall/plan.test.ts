import {describe, expect, it} from 'vitest';
import type {Cluster} from '../../../src/cluster/cluster.js';
import {type HostChange, isNothing} from '../../../src/firewall/host-change.js';
import {planAdd, planRemove, planReset} from '../../../src/firewall/plan.js';
import {rulesOn} from '../../../src/firewall/read-rules.js';
import {type Rule, SCOPES} from '../../../src/firewall/rule.js';
import {addressLiteral} from '../../../src/support/address.js';
import {FakeFirewall} from './fake-firewall.js';
import {PLAIN, WITH_CALICO} from './fake-kernel.js';
import {cluster, node1, source} from './make-cluster.js';
import {rule} from './make-rule.js';
import {makeState} from './make-state.js';

const context = {node: node1, cluster, source};

const withoutFailsafe = (lines: readonly string[]): string[] => lines.filter((line) => !line.includes('hw5:failsafe'));

describe('the rule is the report’s', () => {
  it.each([
    [
      'deny-ip',
      '10.2.67.113',
      /^-s 10\.2\.67\.113\/32 -m comment --comment "hw5:\w{6} deny-ip" -j REJECT --reject-with icmp-port-unreachable$/,
    ],
    [
      'deny-mac',
      '02:00:1E:4C:00:03',
      /^-m mac --mac-source 02:00:1e:4c:00:03 -m comment --comment "hw5:\w{6} deny-mac" -j REJECT/,
    ],
    [
      'deny-ping',
      '172.16.1.33',
      /^-s 172\.16\.1\.33\/32 -p icmp -m icmp --icmp-type 8 -m comment --comment "hw5:\w{6} deny-ping" -j REJECT/,
    ],
  ] as const)('%s %s', (exercise, text, line) => {
    const host = new FakeFirewall().add(rule(exercise, text));
    expect(withoutFailsafe(host.lines('HW5-INPUT'))).toEqual([expect.stringMatching(line)]);
  });

  it('http-only accepts tcp/80, loopback and answers, and drops the rest', () => {
    const host = new FakeFirewall().add(rule('http-only'));
    const words = withoutFailsafe(host.lines('HW5-INPUT')).map((line) => line.replace(/-m comment --comment "[^"]*" /, ''));
    expect(words).toEqual([
      '-i lo -j RETURN',
      '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
      '-p tcp -m tcp --dport 80 -j ACCEPT',
      '-j DROP',
    ]);
  });

  it('goes to ip6tables for an IPv6 address, and to both for a MAC and for http-only', () => {
    const tools = (one: Rule): string[] => planAdd(new FakeFirewall().state, {rule: one}, context).edits.map((edit) => edit.tool);
    expect(tools(rule('deny-ip', 'fd00::12'))).toEqual(['ip6tables-nft']);
    expect(tools(rule('deny-ip', '10.0.0.1'))).toEqual(['iptables-nft']);
    expect(tools(rule('deny-mac', '02:00:1e:4c:00:03'))).toEqual(['iptables-nft', 'ip6tables-nft']);
    expect(tools(rule('http-only'))).toEqual(['iptables-nft', 'ip6tables-nft']);
  });

  it('IPv6 pings have their own type, and neighbours can always resolve the node’s MAC', () => {
    const host = new FakeFirewall().add(rule('deny-ping', 'fd00::12'));
    const lines = host.lines('HW5-INPUT', 'ip6tables-nft');
    expect(withoutFailsafe(lines)).toEqual([
      expect.stringMatching(/^-s fd00::12\/128 -p ipv6-icmp -m icmp6 --icmpv6-type 128 .* icmp6-port-unreachable$/),
    ]);
    expect(lines.filter((line) => /--icmpv6-type 13[3-6] .*-j RETURN/.test(line))).toHaveLength(4);
  });
});

describe('the managed chains', () => {
  it('come first in INPUT', () => {
    const host = new FakeFirewall().add(rule('deny-ip', '198.18.0.12'));
    expect(host.lines('INPUT')[0]).toBe('-j HW5-INPUT');
  });

  it('come first in DOCKER-USER for containers, and are nowhere else', () => {
    const host = new FakeFirewall().add(rule('http-only', undefined, {scope: 'containers'}));
    expect(host.lines('DOCKER-USER')).toEqual(['-j HW5-FORWARD', '-j RETURN']);
    expect(host.lines('INPUT')).toHaveLength(1);
  });

  it.each([
    ['deny-ip', '192.168.0.101', '-s 192.168.0.101/32 -i IF'],
    ['deny-ping', '192.168.0.101', '-s 192.168.0.101/32 -i IF -p icmp -m icmp --icmp-type 8'],
    ['deny-mac', '02:00:1e:4c:00:03', '-i IF -m mac --mac-source 02:00:1e:4c:00:03'],
  ] as const)('include INPUT for what containers send to their own node: %s for containers', (exercise, text, match) => {
    const one = rule(exercise, text, {scope: 'containers'});
    const host = new FakeFirewall().add(one);
    const denial = `-m comment --comment "hw5:${one.id} ${exercise}" -j REJECT --reject-with icmp-port-unreachable`;
    expect(withoutFailsafe(host.lines('HW5-INPUT'))).toEqual(
      ['docker0', 'br-+', 'cali+'].map((name) => `${match.replace('IF', name)} ${denial}`),
    );
    expect(host.lines('INPUT')[0]).toBe('-j HW5-INPUT');
    expect(rulesOn(host.state)).toMatchObject([one]);
  });

  it('include one in mangle where Calico accepts packets ahead of Docker; it can only drop', () => {
    const host = new FakeFirewall(WITH_CALICO).add(rule('deny-ip', '198.18.0.12', {scope: 'containers'}));
    const mangle = host.kernel('iptables-nft').save().split('*mangle')[1]!;
    expect(mangle).toMatch(/-A FORWARD -o cali\+ -j HW5-FORWARD\n.*-A FORWARD -i cali\+ -j HW5-FORWARD/);
    expect(mangle).toMatch(/-A HW5-FORWARD -s 198\.18\.0\.12\/32 .* -j DROP/);
    expect(mangle).not.toContain('REJECT');
  });

  it.each([
    ['deny-ip', '192.168.0.101', '-s 192.168.0.101/32 IF-m comment'],
    ['deny-ip', '192.0.0.0/8', '-s 192.0.0.0/8 IF-m comment'],
    ['deny-mac', '02:00:1e:4c:00:03', 'IF-m mac --mac-source 02:00:1e:4c:00:03 -m comment'],
  ] as const)(
    'include one in mangle for what containers answer their node, as Calico accepts that, too: %s %s',
    (exercise, text, match) => {
      for (const scope of SCOPES) {
        const one = rule(exercise, text, {scope});
        const host = new FakeFirewall(WITH_CALICO).add(one);
        const line = `${match.replace('IF', scope === 'containers' ? '-i cali+ ' : '')} --comment "hw5:${one.id} ${exercise}" -j DROP`;
        expect(withoutFailsafe(host.lines('HW5-INPUT', 'iptables-nft', 'mangle'))).toEqual([line]);
        expect(host.lines('INPUT', 'iptables-nft', 'mangle')).toEqual(['-i cali+ -j HW5-INPUT']);
        expect(rulesOn(host.state)).toMatchObject([one]);
      }
    },
  );

  it('do not include it for an address that no container has', () => {
    const host = new FakeFirewall(WITH_CALICO).add(rule('deny-ip', '198.18.0.12'));
    expect(host.kernel('iptables-nft').save()).not.toContain('*mangle');
  });

  it('stay where they are when Calico moves its own chain to the front again', () => {
    const host = new FakeFirewall(WITH_CALICO);
    const one = rule('deny-ip', '198.18.0.12');
    host.add(one).kernel('iptables-nft').restore('*filter\n-D INPUT -j cali-INPUT\n-I INPUT 1 -j cali-INPUT\nCOMMIT\n');
    expect(host.lines('INPUT').slice(0, 2)).toEqual(['-j cali-INPUT', '-j HW5-INPUT']);
    expect(planAdd(host.state, {rule: one}, context).edits).toEqual([]);
  });

  it('may be behind a rule that lets nothing pass, such as fail2ban’s', () => {
    const one = rule('deny-ip', '198.18.0.12');
    const host = new FakeFirewall().add(one);
    const ahead = (text: string): void => host.kernel('iptables-nft').restore(`*filter\n${text}COMMIT\n`);
    ahead(':f2b - [0:0]\n-A f2b -s 203.0.113.9/32 -j REJECT\n-A f2b -j RETURN\n-I INPUT 1 -p tcp -m tcp --dport 22 -j f2b\n');
    expect(planAdd(host.state, {rule: one}, context).edits).toEqual([]);
    ahead('-I f2b 1 -s 198.18.0.12/32 -j ACCEPT\n');
    expect(host.add(one).lines('INPUT')[0]).toBe('-j HW5-INPUT');
  });

  it('come first again after another rule was inserted ahead of them', () => {
    const one = rule('deny-ip', '198.18.0.12');
    const host = new FakeFirewall().add(one);
    host.kernel('iptables-nft').restore('*filter\n-I INPUT 1 -s 198.18.0.12/32 -j ACCEPT\nCOMMIT\n');
    host.add(one);
    expect(host.lines('INPUT')[0]).toBe('-j HW5-INPUT');
    expect(host.lines('INPUT').filter((line) => line === '-j HW5-INPUT')).toHaveLength(1);
  });

  it('are complete again after a part of them was removed', () => {
    const one = rule('deny-mac', '02:00:1e:4c:00:03', {scope: 'both'});
    const host = new FakeFirewall(WITH_CALICO, PLAIN).add(one);
    const whole = host.dump;
    for (const [tool, text] of [
      ['iptables-nft', '*filter\n:HW5-FORWARD - [0:0]\nCOMMIT\n*mangle\n-D FORWARD -o cali+ -j HW5-FORWARD\nCOMMIT\n'],
      ['ip6tables-nft', '*filter\n:HW5-INPUT - [0:0]\n:HW5-FORWARD - [0:0]\nCOMMIT\n'],
    ] as const)
      host.kernel(tool).restore(text);
    expect(rulesOn(host.state).map(({id, scope}) => [id, scope])).toEqual([[one.id, 'both']]);
    expect(host.add(one).dump).toBe(whole);
  });

  it('keep the counters of lines that stay', () => {
    const host = new FakeFirewall().add(rule('deny-ip', '198.18.0.12'));
    const [line] = withoutFailsafe(host.lines('HW5-INPUT'));
    host.kernel('iptables-nft').restore(`*filter\n-D HW5-INPUT ${line}\n[7:420] -A HW5-INPUT ${line}\nCOMMIT\n`);
    host.add(rule('deny-ping', '198.18.0.10'));
    expect(rulesOn(host.state).find((found) => found.exercise === 'deny-ip')?.hits).toBe(7);
  });

  it('keep them when a strict http-only moves lines to a chain of their own, and when it is removed', () => {
    const host = new FakeFirewall().add(rule('deny-ip', '198.18.0.12', {scope: 'both'}));
    for (const [chain, packets] of [
      ['HW5-INPUT', 7],
      ['HW5-FORWARD', 2],
    ] as const) {
      const [line] = withoutFailsafe(host.lines(chain));
      host.kernel('iptables-nft').restore(`*filter\n-D ${chain} ${line}\n[${packets}:420] -A ${chain} ${line}\nCOMMIT\n`);
    }
    const hits = () => rulesOn(host.state).find((found) => found.exercise === 'deny-ip')?.hits;
    const strict = rule('http-only', undefined, {scope: 'both', strict: true});
    host.add(strict);
    expect(hits()).toBe(9);
    expect(host.lines('HW5-INPUT-SAFE')).not.toEqual([]);
    host.do(planRemove(host.state, [strict.id], context));
    expect(hits()).toBe(9);
  });

  it('do not change for the same rule again', () => {
    const one = rule('http-only', undefined, {scope: 'both'});
    const host = new FakeFirewall(WITH_CALICO).add(
      one,
      rule('deny-ip', '198.18.0.12', {scope: 'both'}),
      rule('deny-ip', '198.18.0.10'),
    );
    const again = planAdd(
      {...host.state, notes: new Map([[one.id, {added: 1, ends: undefined, persisted: false}]])},
      {rule: one},
      context,
    );
    expect(isNothing(again)).toBe(true);
  });

  it.each([
    ['old iptables prints', (text: string) => text.replaceAll('02:00:1e:4c:00:03', '02:00:1E:4C:00:03')],
    [
      'another version orders',
      (text: string) => text.replace(/(-m mac --mac-source \S+) (-m comment --comment "[^"]*")/g, '$2 $1'),
    ],
    ['an earlier hw5 ordered the ports of', (text: string) => text.replaceAll(/(--[ds]ports) (\d+),([\d,]+)/g, '$1 $3,$2')],
  ])('are recognised the way %s them', (_, reword) => {
    const one = rule('deny-mac', '02:00:1e:4c:00:03');
    const host = new FakeFirewall().add(one);
    const state = makeState([
      ['iptables-nft', 4, 'nft', reword(host.kernel('iptables-nft').save())],
      ['ip6tables-nft', 6, 'nft', reword(host.kernel('ip6tables-nft').save())],
    ]);
    expect(planAdd(state, {rule: one}, context).edits).toEqual([]);
  });
});

describe('the failsafe', () => {
  it('SSH from the controller, and the traffic between members, come before any denial', () => {
    const host = new FakeFirewall().add(rule('deny-ip', '198.18.0.0/24'));
    const lines = host.lines('HW5-INPUT');
    const denial = lines.findIndex((line) => line.includes('REJECT'));
    const before = lines.slice(0, denial).join('\n');
    expect(denial).toBe(lines.length - 1);
    expect(before).toContain('-s 198.18.0.1/32 -p tcp -m tcp --dport 22 ');
    expect(before).toContain('-s 198.18.0.12/32 -p tcp -m multiport --dports 179,2379,2380,5051,7946 ');
    expect(before).toContain('-s 198.18.0.12/32 -p udp -m udp --dport 7946 ');
    expect(before).toContain(
      '-s 198.18.0.10/32 -p tcp -m multiport --sports 179,2379,2380,5050,5051,7946 -m conntrack --ctstate ESTABLISHED ',
    );
    expect(before).toContain('-s 192.168.0.100/32 -p tcp -m tcp --sport 8888 -m conntrack --ctstate ESTABLISHED ');
    expect(before).toContain('-i lo ');
  });

  it('answers of an external Mesos master that is given by address pass, and its connections to the agent', () => {
    const external = {
      ...cluster,
      mesos: {...cluster.mesos, source: {kind: 'external', master: '203.0.113.5:5050'}},
    } as unknown as Cluster;
    const host = new FakeFirewall();
    host.do(planAdd(host.state, {rule: rule('http-only')}, {...context, cluster: external}));
    const lines = host.lines('HW5-INPUT').filter((line) => line.includes('failsafe mesos'));
    expect(lines).toEqual([
      expect.stringMatching(/^-s 203\.0\.113\.5\/32 -p tcp -m tcp --sport 5050 -m conntrack --ctstate ESTABLISHED .* -j RETURN$/),
      expect.stringMatching(/^-s 203\.0\.113\.5\/32 -p tcp -m tcp --dport 5051 -m comment .* -j RETURN$/),
    ]);
  });

  it('a user who made rules before can still come in by SSH when another user makes one', () => {
    const host = new FakeFirewall().add(rule('deny-ip', '198.18.0.12'));
    host.do(
      planAdd(host.state, {rule: rule('http-only')}, {...context, source: {address: addressLiteral('198.18.0.10'), port: 22}}),
    );
    const ssh = host.lines('HW5-INPUT').filter((line) => line.includes('failsafe ssh'));
    expect(ssh.map((line) => line.split(' ')[1])).toEqual(['198.18.0.1/32', '198.18.0.10/32']);
  });

  it('a strict rule has no failsafe, ends by itself and is not confirmed', () => {
    const one = rule('deny-ip', '198.18.0.12', {strict: true});
    const host = new FakeFirewall();
    const change = planAdd(host.state, {rule: one, forSeconds: 60}, context);
    expect(change.strictSeconds).toBe(60);
    expect(change.notes).toEqual([`set ${one.id} 60 -`]);
    expect(host.do(change).lines('HW5-INPUT')).toHaveLength(1);
  });

  it('a strict denial comes before the failsafe of other rules', () => {
    const host = new FakeFirewall().add(rule('deny-ip', '10.0.0.1'), rule('deny-ip', '198.18.0.12', {strict: true}));
    expect(host.lines('HW5-INPUT')[0]).toContain('deny-ip strict');
  });

  it('a strict http-only comes before the failsafe of other rules, but behind denials', () => {
    const host = new FakeFirewall().add(rule('deny-ip', '198.18.0.12'), rule('http-only', undefined, {strict: true}));
    const lines = host.lines('HW5-INPUT');
    expect(lines[0]).toBe('-j HW5-INPUT-SAFE');
    expect(lines.at(-1)).toContain('-j DROP');
    expect(lines.join()).not.toContain('failsafe');
    expect(host.lines('HW5-INPUT-SAFE').at(-1)).toContain('-j REJECT');
    const found = rulesOn(host.state).map((one) => `${one.exercise} ${one.strict}`);
    expect(found).toEqual(['deny-ip false', 'http-only true']);
  });

  it('denials come before http-only, so that port 80 is closed to denied hosts', () => {
    const host = new FakeFirewall().add(rule('http-only'), rule('deny-ip', '198.18.0.12'));
    const lines = withoutFailsafe(host.lines('HW5-INPUT'));
    expect(lines[0]).toContain('deny-ip');
  });
});

const TABLE = (
  [
    ['deny-ip', '198.18.0.12'],
    ['deny-ip', 'fd00::/64'],
    ['deny-mac', '02:00:1e:4c:00:03'],
    ['http-only', undefined],
    ['deny-ping', '198.18.0.12'],
  ] as const
).flatMap(([exercise, text]) =>
  SCOPES.flatMap((scope) => [true, false].map((strict) => [exercise, text, scope, strict] as const)),
);

const MAC = rule('deny-mac', '02:00:1e:4c:00:03', {scope: 'both'});
const STRICT = rule('http-only', undefined, {scope: 'both', strict: true});

describe.each([
  ['plain', PLAIN],
  ['with Calico', WITH_CALICO],
])('a host, %s, is as it was', (_, dump) => {
  it.each(TABLE)('after %s %s, scope %s, strict %s, and remove', (exercise, text, scope, strict) => {
    const host = new FakeFirewall(dump, dump);
    const before = host.dump;
    const one = rule(exercise, text, {scope, strict});
    host.add(one);
    expect(host.dump).not.toBe(before);
    host.do(planRemove(host.state, [one.id], context));
    expect(withoutEmpty(host.dump)).toBe(before);
  });

  it.each(TABLE)('when %s %s, scope %s, strict %s, is rolled back, with other rules present', (exercise, text, scope, strict) => {
    const others = [rule('deny-ip', '10.9.0.0/16', {scope: 'both'}), rule('http-only', undefined, {strict: !strict})];
    const host = new FakeFirewall(dump, dump).add(...others);
    const before = host.dump;
    const change = planAdd(host.state, {rule: rule(exercise, text, {scope, strict})}, context);
    host.do(change).undo(change);
    expect(sorted(withoutEmpty(host.dump))).toBe(sorted(withoutEmpty(before)));
  });

  it.each([
    [
      'another rule is added',
      (host: FakeFirewall) => planAdd(host.state, {rule: rule('deny-ip', '10.8.0.0/16', {scope: 'both'})}, context),
    ],
    ['one is removed', (host: FakeFirewall) => planRemove(host.state, [MAC.id], context)],
    ['a strict one is added', (host: FakeFirewall) => planAdd(host.state, {rule: STRICT, forSeconds: 9}, context)],
    ['all are removed', (host: FakeFirewall) => planReset(host.state)],
  ])('where %s and the change is interrupted anywhere, and rolled back once or twice', (_name, plan) => {
    const others = (): FakeFirewall => new FakeFirewall(dump, dump).add(rule('deny-ip', '10.9.0.0/16', {scope: 'both'}), MAC);
    const before = others().dump;
    const {edits} = plan(others());
    const transactions = edits.flatMap(({tool, forward}) => forward.split(/^(?=\*)/m).map((text) => [tool, text] as const));
    for (let count = 0; count <= transactions.length; count++) {
      const host = others();
      for (const [tool, text] of transactions.slice(0, count)) host.kernel(tool).restore(text);
      for (const time of ['once', 'twice']) {
        for (const {tool, back} of edits) host.put(tool, back);
        expect(sorted(withoutEmpty(host.dump)), `${count} of ${transactions.length}, ${time}`).toBe(sorted(before));
      }
    }
  });

  it('after many rules and reset, damaged ones among them', () => {
    const host = new FakeFirewall(dump, dump);
    const before = host.dump;
    for (const [exercise, text, scope, strict] of TABLE) host.add(rule(exercise, text, {scope, strict}));
    host.kernel('iptables-nft').restore('*filter\n-I HW5-INPUT 1 -s 1.2.3.4/32 -j ACCEPT\nCOMMIT\n');
    host.do(planReset(host.state));
    expect(withoutEmpty(host.dump)).toBe(before);
  });
});

/** A table that only hw5 used stays behind, empty; the host's program deletes it. */
function withoutEmpty(dump: string): string {
  return dump.replace(/\*\w+\n(:.*\n)*COMMIT\n/g, '');
}

/** Chains that were created again are at another place of a dump. */
function sorted(dump: string): string {
  const lines = dump.split('\n');
  return [...lines.filter((line) => line.startsWith(':')).sort(), ...lines.filter((line) => !line.startsWith(':'))].join('\n');
}

describe('what a host cannot have', () => {
  it('rules for containers without Docker', () => {
    const host = new FakeFirewall('*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\nCOMMIT\n');
    const add = () => planAdd(host.state, {rule: rule('deny-ip', '10.0.0.1', {scope: 'both'})}, context);
    expect(add).toThrow(/no chain DOCKER-USER on node1/);
  });

  it('an IPv6 rule without ip6tables', () => {
    const state = makeState([['iptables-nft', 4, 'nft', PLAIN]]);
    expect(() => planAdd(state, {rule: rule('deny-ip', 'fd00::1')}, context)).toThrow(/no ip6tables on node1/);
    expect(planAdd(state, {rule: rule('http-only')}, context).remarks).toEqual([
      'node1 has no ip6tables: the rule applies to IPv4 only',
      'the notebook at port 8888 of node1 is closed, too',
    ]);
    const why = 'ip6tables-nft Could not fetch rule set generation id';
    expect(planAdd({...state, broken: [why]}, {rule: rule('http-only')}, context).remarks[0]).toContain(
      `no ip6tables that works (${why})`,
    );
  });
});

describe('notes', () => {
  const one = rule('deny-ip', '10.0.0.1');
  const known = (host: FakeFirewall, note: {ends?: number; persisted?: boolean} = {}) => ({
    ...host.state,
    notes: new Map([[one.id, {added: 1, ends: note.ends, persisted: note.persisted ?? false}]]),
  });

  it('a new rule is noted with its end', () => {
    expect(planAdd(new FakeFirewall().state, {rule: one, forSeconds: 600, persist: true}, context).notes).toEqual([
      `set ${one.id} 600 yes`,
    ]);
  });

  it('an existing rule gets another end, and nothing else', () => {
    const change = planAdd(known(new FakeFirewall().add(one)), {rule: one, forSeconds: 60}, context);
    expect(change).toMatchObject({edits: [], notes: [`set ${one.id} 60 -`]});
  });

  it('an existing rule keeps its end where none is given, which is reported', () => {
    const change = planAdd(known(new FakeFirewall().add(one), {ends: 1600}), {rule: one}, context);
    expect(change).toMatchObject({edits: [], notes: [], remarks: ['it still ends in 10m; --for gives it another end']});
  });

  it('an existing rule becomes persistent', () => {
    const host = new FakeFirewall().add(one);
    expect(planAdd(known(host), {rule: one, persist: true}, context).notes).toEqual([`set ${one.id} - yes`]);
    expect(planAdd(known(host, {persisted: true}), {rule: one, persist: true}, context).notes).toEqual([]);
  });

  it('a rule that is repaired keeps its note', () => {
    const host = new FakeFirewall().add(one);
    host.kernel('iptables-nft').restore('*filter\n:HW5-INPUT - [0:0]\nCOMMIT\n');
    const change = planAdd(known(host), {rule: one}, context);
    expect(change.edits).toHaveLength(1);
    expect(change.notes).toEqual([]);
  });

  it('an existing rule without a note gets none, as nothing is changed', () => {
    const change = planAdd(new FakeFirewall().add(one).state, {rule: one}, context);
    expect(isNothing(change)).toBe(true);
  });

  it('the note of a removed rule is dropped', () => {
    expect(planRemove(known(new FakeFirewall().add(one)), [one.id], context).notes).toEqual([`drop ${one.id}`]);
  });
});

describe('what the next boot restores', () => {
  const [kept, other] = [rule('deny-ip', '10.0.0.1'), rule('deny-ping', '198.18.0.12')];
  const persisted = {added: 1, ends: undefined, persisted: true};
  const bootOf = (change: HostChange, tool = 'iptables-nft'): string => change.boot.find((one) => one.tool === tool)!.content;

  it('is the rules that survive a reboot, their failsafe and the jumps to them, counted from 0', () => {
    const host = new FakeFirewall().add(other);
    const content = bootOf(planAdd(host.state, {rule: kept, persist: true}, context));
    expect(content).toMatch(/^\*filter\n:HW5-INPUT - \[0:0\]\n(-A HW5-INPUT .*\n)+-I INPUT 1 -j HW5-INPUT\nCOMMIT\n$/);
    expect(content).toContain('hw5:failsafe ssh');
    expect(content).toContain(`hw5:${kept.id} `);
    expect(content).not.toContain(`hw5:${other.id} `);
  });

  it('is nothing without such a rule, and nothing in the tables and tools that have none', () => {
    const host = new FakeFirewall();
    expect(bootOf(planAdd(host.state, {rule: other}, context))).toBe('');
    const containers = rule('deny-ip', '10.0.0.2', {scope: 'containers'});
    const boot = planAdd(new FakeFirewall(WITH_CALICO).add(containers).state, {rule: kept, persist: true}, context);
    expect(bootOf(boot)).not.toContain('*mangle');
    expect(bootOf(boot, 'ip6tables-nft')).toBe('');
  });

  it('changes with every change, also with one of another rule', () => {
    const host = new FakeFirewall().add(kept);
    host.notes = {[kept.id]: persisted};
    const second = {...context, source: {address: addressLiteral('198.18.0.2'), port: 22}};
    expect(bootOf(planAdd(host.state, {rule: other}, second))).toContain('-s 198.18.0.2/32 -p tcp -m tcp --dport 22');
    expect(bootOf(planRemove(host.state, [kept.id], context))).toBe('');
    expect(bootOf(planReset(host.state))).toBe('');
  });
});

it('names the tables that it creates, which the host deletes when they are empty again', () => {
  expect(planAdd(new FakeFirewall().state, {rule: rule('http-only')}, context).newTables).toEqual(['ip6tables-nft filter']);
});
