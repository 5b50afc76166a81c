import {describe, expect, it} from 'vitest';
import {renderFirewall} from '../../src/agent/firewall.js';
import type {Rule} from '../../src/model/types.js';
import {networkProfile, snapshot} from '../support/snapshot.js';

const filter = (changes: Partial<typeof snapshot> = {}) => renderFirewall('node0', {...snapshot, ...changes}).filter;
const ingress = (...rules: Rule[]) => filter({profiles: [{...networkProfile, ingress: rules}]}).get('cali-pri-calico_net');

describe('the firewall of a node', () => {
  it('filters traffic of containers with their own chains, and accepts what these return', () => {
    const chains = filter();
    expect(chains.get('cali-FORWARD')).toEqual([
      '-i cali+ -j cali-from-wl-dispatch',
      '-o cali+ -j cali-to-wl-dispatch',
      '-i cali+ -j ACCEPT',
      '-o cali+ -j ACCEPT',
    ]);
    expect(chains.get('cali-to-wl-dispatch')).toEqual([
      '-o caliaaaaaaaaaaa -g cali-tw-caliaaaaaaaaaaa',
      '-m comment --comment "Unknown interface" -j DROP',
    ]);
    expect(chains.get('cali-tw-caliaaaaaaaaaaa')).toEqual([
      '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-m conntrack --ctstate INVALID -j DROP',
      '-j MARK --set-xmark 0x0/0x1000000',
      '-j cali-pri-calico_net',
      '-m comment --comment "Return if profile accepted" -m mark --mark 0x1000000/0x1000000 -j RETURN',
      '-m comment --comment "Drop if no profiles matched" -j DROP',
    ]);
  });

  it('allows by default only traffic from containers of the same network, on all nodes', () => {
    const {filter: chains, sets} = renderFirewall('node0', snapshot);
    const [name, members] = [...sets][0]!;
    expect(chains.get('cali-pri-calico_net')).toEqual([
      `-m set --match-set ${name} src -j MARK --set-xmark 0x1000000/0x1000000`,
      '-m mark --mark 0x1000000/0x1000000 -j RETURN',
    ]);
    expect(members).toEqual(['192.168.0.100', '192.168.0.101']);
  });

  it('allows traffic from other nodes where the profile does', () => {
    expect(ingress({action: 'allow', src_net: '198.18.0.11/32'})).toEqual([
      '-s 198.18.0.11/32 -j MARK --set-xmark 0x1000000/0x1000000',
      '-m mark --mark 0x1000000/0x1000000 -j RETURN',
    ]);
  });

  it('drops everything of an endpoint whose profile is missing', () => {
    expect(filter({profiles: []}).get('cali-tw-caliaaaaaaaaaaa')?.slice(-2)).toEqual([
      '-j MARK --set-xmark 0x0/0x1000000',
      '-m comment --comment "Drop if no profiles matched" -j DROP',
    ]);
  });

  it("passes traffic from containers to the host's own services on to the host's rules, as the node's setting of Felix requires", () => {
    const last = (felix: Record<string, string>, own: Record<string, string> = {}) =>
      filter({felix, nodeFelix: {node0: own}})
        .get('cali-wl-to-host')
        ?.at(-1);
    expect(filter().get('cali-wl-to-host')?.at(-1)).toMatch(/-j RETURN$/);
    expect(last({})).toMatch(/-j DROP$/);
    expect(last({DefaultEndpointToHostAction: 'return'})).toMatch(/-j RETURN$/);
    expect(last({DefaultEndpointToHostAction: 'return'}, {DefaultEndpointToHostAction: 'accept'})).toMatch(/-j ACCEPT$/);
    expect(last({DefaultEndpointToHostAction: 'nonsense'})).toMatch(/-j DROP$/);
  });

  it('has chains for local endpoints only, with names that iptables accepts', () => {
    const profile = {...networkProfile, name: 'a network with a very long name and "quotes"'};
    const endpoints = snapshot.endpoints.map((endpoint) => ({...endpoint, profiles: [profile.name]}));
    const chains = [...filter({profiles: [profile], endpoints}).keys()];
    expect(chains.filter((name) => name.includes('bbbb'))).toEqual([]);
    for (const name of chains) expect(name).toMatch(/^cali-[\w-]{1,23}$/);
  });

  it('masquerades traffic that leaves the pools, if the pool is configured so', () => {
    expect(renderFirewall('node0', snapshot).nat.get('cali-nat-outgoing')).toEqual([
      '-d 192.168.0.0/16 -j RETURN',
      '-s 192.168.0.0/16 -j MASQUERADE',
    ]);
    const pools = [{...snapshot.pools[0]!, natOutgoing: false}];
    expect(renderFirewall('node0', {...snapshot, pools}).nat.get('cali-nat-outgoing')).toEqual([]);
  });
});
