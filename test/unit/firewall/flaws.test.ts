import {describe, expect, it} from 'vitest';
import type {FirewallState, Note} from '../../../src/firewall/firewall-state.js';
import {flawsOf} from '../../../src/firewall/flaws.js';
import type {NodeState} from '../../../src/firewall/nodes.js';
import {planAdd} from '../../../src/firewall/plan.js';
import {FakeFirewall} from './fake-firewall.js';
import {PLAIN, WITH_CALICO} from './fake-kernel.js';
import {cluster, node1, source} from './make-cluster.js';
import {rule} from './make-rule.js';

const denial = rule('deny-ip', '198.18.0.12', {scope: 'both'});
const brief = rule('deny-ping', '198.18.0.10');
const strict = rule('http-only', undefined, {strict: true});
const mac = rule('deny-mac', '02:00:1e:4c:00:03');

const note = (change: Partial<Note> = {}): Note => ({added: 900, ends: undefined, persisted: false, ...change});

function flaws(host: FakeFirewall, change: Partial<FirewallState> = {}): string[] {
  const view = {node: node1, source, state: {...host.state, ...change}} as unknown as NodeState;
  return flawsOf(view, cluster).map(({what}) => what);
}

/** A change made by hand, as a line of iptables-restore. */
function byHand(host: FakeFirewall, table: string, lines: string, tool = 'iptables-nft'): FakeFirewall {
  host.kernel(tool).restore(`*${table}\n${lines}\nCOMMIT\n`);
  return host;
}

const HOSTS = [
  ['plain', PLAIN],
  ['with Calico', WITH_CALICO],
] as const;

describe.each(HOSTS)('a host, %s', (_, dump) => {
  const fresh = (): FakeFirewall => new FakeFirewall(dump, dump).add(denial, brief, mac);

  it.each([
    ['several rules', fresh],
    ['a strict one among others', () => fresh().add(strict)],
    ['a strict one alone', () => new FakeFirewall(dump, dump).add(strict)],
    ['none', () => new FakeFirewall(dump, dump)],
  ])('with %s as hw5 left them has no flaw', (_name, make) => {
    expect(flaws(make())).toEqual([]);
  });

  it('on which a rule has ended by itself has none, although its failsafe or its inner chain is still there', () => {
    const withEnded = (host: FakeFirewall, chain: string, id: string): FakeFirewall => {
      for (const tool of ['iptables-nft', 'ip6tables-nft'])
        for (const table of ['filter', 'mangle'])
          for (const line of host.lines(chain, tool, table).filter((one) => one.includes(`"hw5:${id} `)))
            byHand(host, table, `-D ${chain} ${line}`, tool);
      return host;
    };
    expect(flaws(withEnded(fresh().add(strict), 'HW5-INPUT', strict.id))).toEqual([]);
    const alone = new FakeFirewall(dump, dump).add(strict, mac);
    expect(flaws(withEnded(alone, 'HW5-INPUT-SAFE', mac.id))).toEqual([]);
  });

  it.each([
    ['a chain was flushed', '*filter\n:HW5-FORWARD - [0:0]\n', /table filter have lines missing/],
    ['a line in a managed chain lets a host in', '*filter\n-I HW5-INPUT 1 -s 198.18.0.12/32 -j ACCEPT\n', /not hw5's$/],
    [
      'a line ahead of a managed chain lets a host in',
      '*filter\n-I INPUT 1 -s 198.18.0.12/32 -j ACCEPT\n',
      /are ahead of hw5's in INPUT/,
    ],
    ['the jump to a managed chain was removed', '*filter\n-D INPUT -j HW5-INPUT\n', /nothing leads from INPUT to hw5's rules \(/],
  ])('where %s has one, and the same command again repairs it', (_name, text, message) => {
    const host = fresh();
    host.kernel('iptables-nft').restore(`${text}COMMIT\n`);
    expect(flaws(host)).toEqual([expect.stringMatching(message)]);
    expect(flaws(host.do(planAdd(host.state, {rule: denial}, {node: node1, cluster, source})))).toEqual([]);
  });

  it('where the IPv6 half of a rule was removed has one', () => {
    const host = fresh();
    expect(flaws(byHand(host, 'filter', ':HW5-INPUT - [0:0]', 'ip6tables-nft'))).toEqual([
      expect.stringMatching(/^ip6tables-nft: .*lines missing/),
    ]);
  });
});

it('a rule whose address was edited is one, and the same command again repairs it', () => {
  const host = new FakeFirewall().add(brief);
  const [line] = host.lines('HW5-INPUT').slice(-1);
  byHand(host, 'filter', `-D HW5-INPUT ${line}\n-A HW5-INPUT ${line!.replace('198.18.0.10/32', '203.0.113.7/32')}`);
  expect(flaws(host)).toEqual([`rule ${brief.id} was edited: it was not made for 203.0.113.7`]);
  expect(flaws(host.add(brief))).toEqual([]);
});

it('one edited line does not hide what a rule was made for', () => {
  const host = new FakeFirewall().add(denial);
  const [line] = host.lines('HW5-INPUT').slice(-1);
  byHand(host, 'filter', `-D HW5-INPUT ${line}\n-A HW5-INPUT ${line!.replace('198.18.0.12/32', '203.0.113.7/32')}`);
  expect(flaws(host)).toEqual([expect.stringMatching(/lines that are not hw5's$/)]);
  expect(flaws(host.add(denial))).toEqual([]);
});

it('containers’ rules that are older than Calico are one, as packets of Calico’s containers bypass them', () => {
  const host = new FakeFirewall().add(denial);
  byHand(host, 'filter', ':cali-FORWARD - [0:0]\n-I FORWARD 1 -j cali-FORWARD');
  expect(flaws(host)).toEqual(["iptables-nft: hw5's rules are missing in the table mangle"]);
  expect(flaws(host.add(denial))).toEqual([]);
});

describe('a noted rule', () => {
  const host = new FakeFirewall().add(brief);
  const notes = (change: Partial<Note> = {}, id = brief.id) => ({now: 1000, notes: new Map([[id, note(change)]])});

  it('that exists is no flaw', () => {
    expect(flaws(host, notes())).toEqual([]);
  });

  it('that is not in the kernel is reported with its age', () => {
    expect(flaws(host, notes({}, 'abcdef'))).toEqual([
      'rule abcdef, 1m40s old, is not in the kernel any more: hw5 did not remove it',
    ]);
  });

  it('that a pending change adds or removes is no flaw yet', () => {
    expect(flaws(host, {...notes({}, 'abcdef'), pending: {until: 1010}})).toEqual([]);
  });

  it('is not reported, but the change, when that was never rolled back', () => {
    expect(flaws(host, {...notes(), pending: {until: 700}})).toEqual([
      'a change that was not confirmed should have been rolled back 5m ago: its timer was stopped, or iptables fails',
    ]);
  });

  it('that should have ended is reported, but not within the delay of a timer', () => {
    expect(flaws(host, notes({ends: 995}))).toEqual([]);
    expect(flaws(host, notes({ends: 880}))).toEqual([`rule ${brief.id} should have ended 2m ago: its timer was stopped`]);
  });

  it('that has ended is no flaw', () => {
    expect(flaws(host, notes({ends: 880}, 'abcdef'))).toEqual([]);
  });
});

it('rules made with --persist are one where nothing restores them at boot, and --persist again repairs it', () => {
  const host = new FakeFirewall().add(brief);
  const kept = {notes: new Map([[brief.id, note({persisted: true})]])};
  expect(flaws(host, {...kept, bootUnit: 'enabled'})).toEqual([]);
  expect(flaws(host, {...kept, bootUnit: 'disabled'})).toEqual([
    'rules made with --persist will not survive a reboot: hw5-firewall.service is disabled',
  ]);
  const again = (bootUnit: string) =>
    planAdd({...host.state, ...kept, bootUnit}, {rule: brief, persist: true}, {node: node1, cluster, source}).notes;
  expect([again('disabled'), again('enabled')]).toEqual([[`set ${brief.id} - yes`], []]);
});

it('a mix of variants that appeared later is one', () => {
  const host = new FakeFirewall().add(brief);
  const legacy = {tool: 'iptables-legacy', family: 4, variant: 'legacy', tables: host.state.tools[0]!.tables} as const;
  expect(flaws(host, {tools: [...host.state.tools, legacy]})).toEqual([
    expect.stringMatching(/^iptables rules in both variants/),
  ]);
});
