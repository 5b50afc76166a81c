import {describe, expect, it} from 'vitest';
import {dispatchChains} from '../../src/agent/dispatch-chains.js';
import {renderFirewall} from '../../src/agent/firewall.js';
import {hashed} from '../../src/agent/rule-hashes.js';
import type {Rule} from '../../src/model/types.js';
import {networkProfile, snapshot} from '../support/snapshot.js';

const filter = (changes: Partial<typeof snapshot> = {}) => renderFirewall('node0', {...snapshot, ...changes}).ipv4.filter;
const ingress = (...rules: Rule[]) => filter({profiles: [{...networkProfile, ingress: rules}]}).get('cali-pri-calico_net');

describe('the firewall of a node', () => {
  it('filters traffic of containers with their own chains, and accepts what these return', () => {
    const chains = filter();
    expect(chains.get('cali-FORWARD')).toEqual([
      '--in-interface cali+ --jump cali-from-wl-dispatch',
      '--out-interface cali+ --jump cali-to-wl-dispatch',
      '--in-interface cali+ --jump ACCEPT',
      '--out-interface cali+ --jump ACCEPT',
      '--jump MARK --set-mark 0/0xe000000',
      '-m mark --mark 0/0x1000000 --jump cali-from-host-endpoint',
      '--jump cali-to-host-endpoint',
      '-m comment --comment "Host endpoint policy accepted packet." -m mark --mark 0x1000000/0x1000000 --jump ACCEPT',
    ]);
    expect(chains.get('cali-to-wl-dispatch')).toEqual([
      '--out-interface caliaaaaaaaaaaa --goto cali-tw-caliaaaaaaaaaaa',
      '-m comment --comment "Unknown interface" --jump DROP',
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
    const {ipv4, sets} = renderFirewall('node0', snapshot);
    const chains = ipv4.filter;
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
    expect(filter().get('cali-wl-to-host')?.at(-1)).toMatch(/--jump RETURN$/);
    expect(last({})).toMatch(/--jump DROP$/);
    expect(last({DefaultEndpointToHostAction: 'return'})).toMatch(/--jump RETURN$/);
    expect(last({DefaultEndpointToHostAction: 'return'}, {DefaultEndpointToHostAction: 'accept'})).toMatch(/--jump ACCEPT$/);
    expect(last({DefaultEndpointToHostAction: 'nonsense'})).toMatch(/--jump DROP$/);
  });

  it('has chains for local endpoints only, with names that iptables accepts', () => {
    const profile = {...networkProfile, name: 'a network with a very long name and "quotes"'};
    const endpoints = snapshot.endpoints.map((endpoint) => ({...endpoint, profiles: [profile.name]}));
    const chains = [...filter({profiles: [profile], endpoints}).keys()];
    expect(chains.filter((name) => name.includes('bbbb'))).toEqual([]);
    for (const name of chains) expect(name).toMatch(/^cali-[\w-]{1,23}$/);
  });

  it('masquerades traffic that leaves the pools, if the pool is configured so', () => {
    const {ipv4, sets} = renderFirewall('node0', snapshot);
    expect(ipv4.nat.get('cali-nat-outgoing')).toEqual([
      '-m set --match-set cali4-masq-ipam-pools src -m set ! --match-set cali4-all-ipam-pools dst --jump MASQUERADE',
    ]);
    expect(sets.get('cali4-all-hosts')).toEqual(['198.18.0.10', '198.18.0.11', '198.18.0.12']);
    const other = {cidr: '10.1.0.0/16', natOutgoing: false};
    const pools = [snapshot.pools[0]!, {...snapshot.pools[0]!, ...other}];
    const two = renderFirewall('node0', {...snapshot, pools}).sets;
    expect(two.get('cali4-all-ipam-pools')).toEqual(['192.168.0.0/16', '10.1.0.0/16']);
    expect(two.get('cali4-masq-ipam-pools')).toEqual(['192.168.0.0/16']);
    expect(renderFirewall('node0', {...snapshot, pools: [pools[1]!]}).ipv4.nat.get('cali-nat-outgoing')).toEqual([]);
  });

  it("has Felix's chains in all tables of IPv4 and IPv6", () => {
    const {ipv4, ipv6} = renderFirewall('node0', snapshot);
    for (const {nat, mangle, raw} of [ipv4, ipv6]) {
      expect([...nat.keys()]).toEqual([
        'cali-PREROUTING',
        'cali-POSTROUTING',
        'cali-OUTPUT',
        'cali-fip-dnat',
        'cali-fip-snat',
        'cali-nat-outgoing',
      ]);
      expect([...mangle.keys()]).toEqual(['cali-failsafe-in', 'cali-PREROUTING', 'cali-from-host-endpoint']);
      expect([...raw.keys()]).toEqual([
        'cali-failsafe-in',
        'cali-failsafe-out',
        'cali-PREROUTING',
        'cali-OUTPUT',
        'cali-from-host-endpoint',
        'cali-to-host-endpoint',
      ]);
    }
    expect(ipv6.raw.get('cali-PREROUTING')).toContain('-m mark --mark 0x4000000/0x4000000 -m rpfilter --invert --jump DROP');
    expect(ipv6.filter.get('cali-from-wl-dispatch')).toEqual(['-m comment --comment "Unknown interface" --jump DROP']);
  });

  it('jumps only to chains that exist', () => {
    const {ipv4, ipv6} = renderFirewall('node0', snapshot);
    for (const chains of [ipv4, ipv6].flatMap((tables) => Object.values(tables)))
      for (const rule of [...chains.values()].flat()) {
        const target = /(?:--jump|--goto|-j|-g) (cali-\S+)/.exec(rule)?.[1];
        if (target !== undefined) expect([...chains.keys()]).toContain(target);
      }
  });
});

describe('dispatch chains', () => {
  it('have a chain of their own for names with a common next character', () => {
    const chains = dispatchChains('root', '--in-interface', ['cali1a', 'cali2b', 'cali1c'], (name) => `fw-${name}`);
    const unknown = '-m comment --comment "Unknown interface" --jump DROP';
    expect(chains).toEqual([
      ['root-1', ['--in-interface cali1a --goto fw-cali1a', '--in-interface cali1c --goto fw-cali1c', unknown]],
      ['root', ['--in-interface cali1+ --goto root-1', '--in-interface cali2b --goto fw-cali2b', unknown]],
    ]);
    expect(dispatchChains('root', '--in-interface', [], String)).toEqual([['root', [unknown]]]);
  });
});

describe("the rules' comments", () => {
  it('are the hashes that Felix computes for the same rules', () => {
    const inserted = (chain: string) => hashed(chain, [`--jump cali-${chain}`])[0];
    expect(inserted('INPUT')).toBe('-m comment --comment "cali:Cz_u1IQiXIMmKD4c" --jump cali-INPUT');
    expect(inserted('FORWARD')).toBe('-m comment --comment "cali:wUHhoiAYhphO9Mso" --jump cali-FORWARD');
    expect(inserted('OUTPUT')).toBe('-m comment --comment "cali:tVnHkvAo15HuiPy0" --jump cali-OUTPUT');
  });

  it('depend on the position in the chain', () => {
    const [first, second] = hashed('cali-x', ['--jump DROP', '--jump DROP']);
    expect(first).not.toBe(second);
    expect(hashed('cali-y', ['--jump DROP'])[0]).not.toBe(first);
  });
});
