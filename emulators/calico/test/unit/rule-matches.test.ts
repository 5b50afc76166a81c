import {describe, expect, it} from 'vitest';
import {SelectorSets} from '../../src/agent/ip-sets.js';
import {ruleLines} from '../../src/agent/rule-matches.js';
import type {Rule} from '../../src/model/types.js';

const sets = new SelectorSets();
const WEB = sets.ofTag('web');
const lines = (rule: Partial<Rule>) => ruleLines({action: 'deny', ...rule}, sets);
/** The matches of a rule whose action is one line. */
const matches = (rule: Partial<Rule>) => lines({...rule, action: 'log'}).map((line) => line.replace(/ ?-j LOG .*$/, ''));
/** A match that a rule needs because it has several nets. */
const IN_ALL = '-m mark --mark 0x4000000/0x4000000';

describe('a rule as lines of iptables', () => {
  it.each<[string, Partial<Rule>, string[]]>([
    ['no field: everything', {}, ['']],
    ['a source net', {src_net: '198.18.0.10/32'}, ['-s 198.18.0.10/32']],
    ['a net with host bits', {dst_net: '198.18.0.10/24'}, ['-d 198.18.0.0/24']],
    ['one net of a list', {src_nets: ['10.0.0.0/8']}, ['-s 10.0.0.0/8']],
    ['a tag: the set of endpoints that have it', {src_tag: 'web'}, [`-m set --match-set ${WEB} src`]],
    ['a tag and a net', {dst_tag: 'web', dst_net: '10.0.0.0/8'}, [`-d 10.0.0.0/8 -m set --match-set ${WEB} dst`]],
    ['an excluded tag', {'!src_tag': 'web'}, [`-m set ! --match-set ${WEB} src`]],
    ['a selector that means a tag', {src_selector: ' has( web )'}, [`-m set --match-set ${WEB} src`]],
    ['a protocol', {protocol: 'tcp'}, ['-p tcp']],
    ['a protocol by its number', {protocol: 89}, ['-p 89']],
    ['ports', {protocol: 'tcp', dst_ports: [80, '8000:8100']}, ['-p tcp -m multiport --dports 80,8000:8100']],
    ['ports of a protocol by its number', {protocol: 17, dst_ports: [53]}, ['-p 17 -m multiport --dports 53']],
    [
      'source and destination ports',
      {protocol: 'udp', src_ports: [53], dst_ports: [5353]},
      ['-p udp -m multiport --sports 53 -m multiport --dports 5353'],
    ],
    ['an ICMP type and code', {protocol: 'icmp', icmp_type: 3, icmp_code: 1}, ['-p icmp -m icmp --icmp-type 3/1']],
    ['an excluded ICMP type', {protocol: 'icmp', '!icmp_type': 8}, ['-p icmp -m icmp ! --icmp-type 8']],
    [
      'negations',
      {'!protocol': 'tcp', '!src_net': '10.0.0.0/8', '!dst_net': '11.0.0.0/8'},
      ['! -p tcp ! -s 10.0.0.0/8 ! -d 11.0.0.0/8'],
    ],
    ['negated ports', {protocol: 'tcp', '!dst_ports': [22]}, ['-p tcp -m multiport ! --dports 22']],
    ['another excluded protocol', {protocol: 'tcp', '!protocol': 'udp'}, ['-p tcp']],
    ['the same excluded protocol: nothing', {protocol: 'tcp', '!protocol': 'tcp'}, []],
    ['IPv6 only: nothing', {ip_version: 6}, []],
    ['nets of IPv6 only: nothing', {src_nets: ['fd00::/64']}, []],
    ['nets of both versions: those of IPv4', {src_nets: ['fd00::/64', '10.0.0.0/8']}, ['-s 10.0.0.0/8']],
  ])('%s', (_, rule, expected) => {
    expect(matches(rule)).toEqual(expected);
  });

  it('marks a packet that is allowed or passed, and returns', () => {
    expect(lines({action: 'allow', protocol: 'tcp'})).toEqual([
      '-p tcp -j MARK --set-xmark 0x1000000/0x1000000',
      '-m mark --mark 0x1000000/0x1000000 -j RETURN',
    ]);
    for (const action of ['pass', 'next-tier'] as const)
      expect(lines({action})).toEqual([
        '-j MARK --set-xmark 0x2000000/0x2000000',
        '-m mark --mark 0x2000000/0x2000000 -j RETURN',
      ]);
    expect(lines({action: 'deny'})).toEqual(['-j DROP']);
    expect(lines({action: 'log'})).toEqual(['-j LOG --log-prefix "calico-packet: " --log-level 5']);
  });

  it('divides many ports into several lines, a range counting as two', () => {
    const dst_ports = [...Array.from({length: 14}, (_, i) => i + 1), '100:200', 300];
    expect(matches({protocol: 'tcp', dst_ports})).toEqual([
      '-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14',
      '-p tcp -m multiport --dports 100:200,300',
    ]);
  });

  it('combines several nets by a mark', () => {
    expect(
      matches({src_nets: ['10.0.0.0/8', '11.0.0.0/8'], dst_nets: ['12.0.0.0/8', '13.0.0.0/8'], '!dst_nets': ['12.1.0.0/16']}),
    ).toEqual([
      '-j MARK --set-xmark 0x0/0xc000000',
      '-s 10.0.0.0/8 -j MARK --set-xmark 0x4000000/0x4000000',
      '-s 11.0.0.0/8 -j MARK --set-xmark 0x4000000/0x4000000',
      '-d 12.0.0.0/8 -j MARK --set-xmark 0x8000000/0x8000000',
      '-d 13.0.0.0/8 -j MARK --set-xmark 0x8000000/0x8000000',
      '-m mark --mark 0x0/0x8000000 -j MARK --set-xmark 0x0/0x4000000',
      '-d 12.1.0.0/16 -j MARK --set-xmark 0x0/0x4000000',
      IN_ALL,
    ]);
    expect(matches({src_net: '10.0.0.0/8', '!src_nets': ['10.1.0.0/16', '10.2.0.0/16']})).toEqual([
      '-j MARK --set-xmark 0x4000000/0xc000000',
      '-s 10.1.0.0/16 -j MARK --set-xmark 0x0/0x4000000',
      '-s 10.2.0.0/16 -j MARK --set-xmark 0x0/0x4000000',
      `-s 10.0.0.0/8 ${IN_ALL}`,
    ]);
  });

  it.each<[string, Partial<Rule>]>([
    ['an ICMP type of no protocol', {icmp_type: 8}],
    ['an ICMP type of another protocol', {protocol: 'tcp', icmp_type: 8}],
    ['an ICMP code without a type', {protocol: 'icmp', icmp_code: 1}],
    ['an ICMP type that is every type to iptables', {protocol: 'icmp', icmp_type: 255}],
    ['a protocol that iptables does not know', {protocol: 'tpc'}],
    ['a protocol that is every protocol to iptables', {protocol: 0}],
    ['an excluded protocol that iptables does not know', {'!protocol': 'tpc'}],
    ['ports without a protocol', {dst_ports: [80]}],
    ['a broken net', {src_net: 'what'}],
    ['a broken selector', {src_selector: 'role ='}],
    ['an unknown field', {color: 'red'} as object],
  ])('allows nothing, or denies everything, with %s: iptables would reject it or match more', (_, rule) => {
    expect(lines({...rule, action: 'allow'})).toEqual([]);
    expect(lines({...rule, action: 'deny'})).toEqual(['-j DROP']);
  });
});
