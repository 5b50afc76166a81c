import {describe, expect, it} from 'vitest';
import {renderFirewall} from '../../src/agent/firewall.js';
import type {Policy} from '../../src/model/types.js';
import {snapshot} from '../support/snapshot.js';

const policy = (name: string, changes: Partial<Policy> = {}): Policy => ({
  name,
  selector: 'all()',
  types: ['ingress'],
  ingress: [{action: 'allow'}],
  egress: [],
  isUntracked: false,
  isPreDnat: false,
  ...changes,
});
const chains = (policies: readonly Policy[], changes: object = {}) =>
  renderFirewall('node0', {...snapshot, policies, ...changes}).ipv4.filter;
/** The chains to which the endpoint's chain jumps, in order. */
const jumps = (policies: readonly Policy[], changes: object = {}, chain = 'cali-tw-caliaaaaaaaaaaa') =>
  (chains(policies, changes).get(chain) ?? []).flatMap((line) => /-j (cali-\S+)$/.exec(line)?.[1] ?? []);

describe('a policy', () => {
  it('decides before the profile, which only a packet that it passes reaches', () => {
    expect(chains([policy('p')]).get('cali-tw-caliaaaaaaaaaaa')).toEqual([
      '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-m conntrack --ctstate INVALID -j DROP',
      '-j MARK --set-xmark 0x0/0x1000000',
      '-m comment --comment "Start of policies" -j MARK --set-xmark 0x0/0x2000000',
      '-m mark --mark 0x0/0x2000000 -j cali-pi-p',
      '-m comment --comment "Return if policy accepted" -m mark --mark 0x1000000/0x1000000 -j RETURN',
      '-m comment --comment "Drop if no policies passed packet" -m mark --mark 0x0/0x2000000 -j DROP',
      '-j cali-pri-calico_net',
      '-m comment --comment "Return if profile accepted" -m mark --mark 0x1000000/0x1000000 -j RETURN',
      '-m comment --comment "Drop if no profiles matched" -j DROP',
    ]);
  });

  it('has a chain with its rules', () => {
    const ingress = [{action: 'deny', protocol: 'icmp'} as const, {action: 'allow'} as const];
    expect(chains([policy('p', {ingress})]).get('cali-pi-p')).toEqual([
      '-p icmp -j DROP',
      '-j MARK --set-xmark 0x1000000/0x1000000',
      '-m mark --mark 0x1000000/0x1000000 -j RETURN',
    ]);
  });

  it('comes in the order of its number, without one last, and of its name', () => {
    const policies = [policy('c'), policy('b', {order: 20}), policy('z', {order: 3}), policy('a', {order: 20}), policy('d')];
    expect(jumps(policies)).toEqual(['cali-pi-z', 'cali-pi-a', 'cali-pi-b', 'cali-pi-c', 'cali-pi-d', 'cali-pri-calico_net']);
  });

  it('applies to the directions that it names only: the others have the profile alone', () => {
    const egress = policy('out', {types: ['egress'], egress: [{action: 'deny'}]});
    expect(jumps([egress])).toEqual(['cali-pri-calico_net']);
    expect(jumps([egress], {}, 'cali-fw-caliaaaaaaaaaaa')).toEqual(['cali-po-out', 'cali-pro-calico_net']);
    const both = policy('both', {types: ['ingress', 'egress']});
    expect(jumps([both], {}, 'cali-fw-caliaaaaaaaaaaa')).toEqual(['cali-po-both', 'cali-pro-calico_net']);
  });

  it('applies to endpoints whose labels it selects: their own, those of their profiles, and tags', () => {
    const [first] = snapshot.endpoints;
    const labelled = {endpoints: [{...first!, labels: {role: 'web'}}]};
    const selects = (selector: string, changes: object = {}) => jumps([policy('p', {selector})], changes).includes('cali-pi-p');
    expect(selects("role == 'web'", labelled)).toBe(true);
    expect(selects("role == 'web'")).toBe(false);
    expect(selects('has(calico_net)')).toBe(true);
    expect(selects("env == 'prod'", {profiles: [{...snapshot.profiles[0]!, labels: {env: 'prod'}}]})).toBe(true);
    expect(selects('role =')).toBe(false);
  });

  it('for host endpoints only has no effect on containers', () => {
    expect(jumps([policy('a', {isUntracked: true}), policy('b', {isPreDnat: true})])).toEqual(['cali-pri-calico_net']);
    expect([...chains([policy('a', {isUntracked: true})]).keys()]).not.toContain('cali-pi-a');
  });

  it('with a long name has a chain whose name fits', () => {
    const [name] = jumps([policy('a-policy-with-a-name-of-many-characters')]);
    expect(name).toMatch(/^cali-pi-_[\w-]{19}$/);
  });
});
