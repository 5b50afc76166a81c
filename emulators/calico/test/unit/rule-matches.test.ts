import {describe, expect, it} from 'vitest';
import {matchesOf} from '../../src/agent/rule-matches.js';
import type {Rule} from '../../src/model/types.js';

const tags = new Map([
  ['web', ['192.168.0.1', '192.168.0.2']],
  ['empty', []],
]);
const lines = (rule: Partial<Rule>) => matchesOf({action: 'allow', ...rule}, tags)?.map((match) => match.join(' '));

describe("a profile's rule as matches of iptables", () => {
  it.each<[string, Partial<Rule>, string[]]>([
    ['no field: everything', {}, ['']],
    ['a source net', {src_net: '198.18.0.10/32'}, ['-s 198.18.0.10/32']],
    ['a tag: one match per member', {src_tag: 'web'}, ['-s 192.168.0.1/32', '-s 192.168.0.2/32']],
    ['a tag without members: nothing', {src_tag: 'empty'}, []],
    ['a tag of no endpoint: nothing', {dst_tag: 'other'}, []],
    ['a tag and a net: members in the net', {src_tag: 'web', src_net: '192.168.0.2/31'}, ['-s 192.168.0.2/32']],
    [
      'source and destination',
      {src_net: '10.0.0.0/8', dst_tag: 'web'},
      ['-s 10.0.0.0/8 -d 192.168.0.1/32', '-s 10.0.0.0/8 -d 192.168.0.2/32'],
    ],
    ['a protocol', {protocol: 'tcp'}, ['-p tcp']],
    ['ports', {protocol: 'tcp', dst_ports: [80, '8000:8100']}, ['-p tcp -m multiport --dports 80,8000:8100']],
    [
      'source and destination ports',
      {protocol: 'udp', src_ports: [53], dst_ports: [5353]},
      ['-p udp -m multiport --sports 53 -m multiport --dports 5353'],
    ],
    ['an ICMP type and code', {protocol: 'icmp', icmp_type: 3, icmp_code: 1}, ['-p icmp -m icmp --icmp-type 3/1']],
    ['an ICMP type, the protocol by its number', {protocol: '1', icmp_type: 8}, ['-p icmp -m icmp --icmp-type 8']],
    ['a protocol by its number', {protocol: '89'}, ['-p 89']],
    [
      'negations',
      {'!protocol': 'tcp', '!src_net': '10.0.0.0/8', '!dst_net': '11.0.0.0/8'},
      ['! -p tcp ! -s 10.0.0.0/8 ! -d 11.0.0.0/8'],
    ],
    ['negated ports', {protocol: 'tcp', '!dst_ports': [22]}, ['-p tcp -m multiport ! --dports 22']],
    ['IPv6 only: nothing', {ip_version: 6}, []],
    ['a broken net: nothing', {src_net: 'what'}, []],
  ])('%s', (_, rule, expected) => {
    expect(lines(rule)).toEqual(expected);
  });

  it('divides many ports into several matches, a range counting as two', () => {
    const dst_ports = [...Array.from({length: 14}, (_, i) => i + 1), '100:200', 300];
    expect(lines({protocol: 'tcp', dst_ports})).toEqual([
      '-p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14',
      '-p tcp -m multiport --dports 100:200,300',
    ]);
  });

  it.each<[string, Partial<Rule>]>([
    ['an ICMP type of no protocol', {icmp_type: 8}],
    ['an ICMP type of another protocol', {protocol: 'tcp', icmp_type: 8}],
    ['an ICMP type of every other protocol', {'!protocol': 'tcp', icmp_type: 8}],
    ['an ICMP code without a type', {protocol: 'icmp', icmp_code: 1}],
    ['an ICMP type that is every type to iptables', {protocol: 'icmp', icmp_type: 255}],
    ['a protocol that iptables does not know', {protocol: 'tpc'}],
    ['a protocol that is every protocol to iptables', {protocol: '0'}],
    ['an excluded protocol that iptables does not know', {'!protocol': 'tpc'}],
    ['a protocol and an excluded one', {protocol: 'tcp', '!protocol': 'udp'}],
  ])('is left out, since iptables would reject it or match more, with %s', (_, rule) => {
    expect(lines(rule)).toBeUndefined();
  });

  it('is left out with selectors, or with ports without a protocol', () => {
    expect(lines({src_selector: "role == 'x'"} as Partial<Rule>)).toBeUndefined();
    expect(lines({dst_ports: [80]})).toBeUndefined();
  });
});
