import {describe, expect, it} from 'vitest';
import {pool} from '../../../../src/components/calico/pool.js';
import type {RunAction} from '../../../../src/engine/action.js';
import {clusterOf, lines, plan, targets, undo} from '../situation.js';

describe('the IP pool and the profile', () => {
  const printedPool = {
    kind: 'ipPool',
    apiVersion: 'v1',
    metadata: {cidr: '192.168.0.0/16'},
    spec: {ipip: {mode: 'always'}, 'nat-outgoing': true},
  };
  const [makePool, makeProfile] = plan(pool, {pool: undefined, profile: undefined}) as [RunAction, RunAction];
  const desired = {pool: JSON.parse(makePool.stdin as string), profile: JSON.parse(makeProfile.stdin as string)};
  const installed = {pool: JSON.stringify([desired.pool]), profile: JSON.stringify([desired.profile])};

  it('are made in etcd: no tunnel, and the nodes may reach the containers', () => {
    expect(desired.pool).toEqual({
      apiVersion: 'v1',
      kind: 'ipPool',
      metadata: {cidr: '192.168.0.0/16'},
      spec: {ipip: {enabled: false}, 'nat-outgoing': true},
    });
    expect(desired.profile.spec.ingress).toEqual([
      {action: 'allow', source: {tag: 'calico_net'}},
      {action: 'allow', source: {net: '198.18.0.10/32'}},
      {action: 'allow', source: {net: '198.18.0.11/32'}},
      {action: 'allow', source: {net: '198.18.0.12/32'}},
    ]);
    expect(makePool.argv).toEqual(['calicoctl', 'apply', '-f', '-']);
  });

  it('are kept when they are as desired, with what the server adds or omits', () => {
    expect(plan(pool, installed)).toEqual([]);
    const printed = [{...desired.pool, status: 'new', spec: {'nat-outgoing': true}}];
    expect(plan(pool, {...installed, pool: JSON.stringify(printed)})).toEqual([]);
  });

  it.each<[string, object]>([
    ['a tunnel', {...printedPool, spec: {'nat-outgoing': true, ipip: {enabled: true}}}],
    ['no masquerading', {...printedPool, spec: {ipip: {enabled: false}}}],
  ])('are corrected when the pool has %s', (_, observed) => {
    expect(lines(plan(pool, {...installed, pool: JSON.stringify([observed])}))).toEqual([
      'IP pool 192.168.0.0/16: calicoctl apply -f -',
    ]);
  });

  it('are corrected when the profile lacks a node', () => {
    const less = {...desired.profile, spec: {...desired.profile.spec, ingress: desired.profile.spec.ingress.slice(0, 2)}};
    expect(lines(plan(pool, {...installed, profile: JSON.stringify([less])}))).toHaveLength(1);
  });

  describe('in the words of calicoctl v1.6.5, which prints nets where net was applied,', () => {
    const rule = (source: object) => ({action: 'allow', source, destination: {}});
    const [node0, node1, node2] = ['198.18.0.10/32', '198.18.0.11/32', '198.18.0.12/32'];
    const tag = rule({tag: 'calico_net'});
    /** The plan's length where the profile has these rules. */
    const changes = (ingress: readonly object[], egress: readonly object[] = [{action: 'allow', source: {}, destination: {}}]) =>
      plan(pool, {...installed, profile: JSON.stringify([{...desired.profile, spec: {ingress, egress}}])}).length;

    it.each<[string, readonly object[]]>([
      ['nets with one network', [tag, rule({nets: [node0]}), rule({nets: [node1]}), rule({nets: [node2]})]],
      ['net, as v1.2.0', [tag, rule({net: node0}), rule({net: node1}), rule({net: node2})]],
      ['both', [tag, rule({net: node0, nets: [node0]}), rule({nets: [node1]}), rule({net: node2, notNets: []})]],
    ])('are kept with %s', (_, ingress) => {
      expect(changes(ingress)).toBe(0);
    });

    const others = [rule({nets: [node1]}), rule({nets: [node2]})];
    it.each<[string, readonly object[]]>([
      ['another network', [tag, rule({nets: ['198.18.0.99/32']}), ...others]],
      ['one network more', [tag, rule({nets: [node0, node1]}), ...others]],
      ['a network that is excluded', [tag, rule({notNets: [node0]}), ...others]],
      ['one that is excluded besides', [tag, rule({nets: [node0], notNets: [node0]}), ...others]],
      ['no network', [tag, rule({}), ...others]],
      ['another order of the rules', [tag, ...others, rule({nets: [node0]})]],
      ['one protocol only', [tag, {...rule({nets: [node0]}), protocol: 'tcp'}, ...others]],
      ['one port only', [tag, {...rule({nets: [node0]}), destination: {ports: [22]}}, ...others]],
      ['the destination instead', [tag, {action: 'allow', destination: {nets: [node0]}}, ...others]],
    ])('are corrected when a rule has %s', (_, ingress) => {
      expect(changes(ingress)).toBe(1);
    });

    it('are corrected when a rule for outgoing traffic is narrower', () => {
      const ingress = [tag, rule({nets: [node0]}), ...others];
      expect(changes(ingress, [{action: 'allow', destination: {notNets: ['10.0.0.0/8']}}])).toBe(1);
    });
  });

  it('are made when calicoctl prints nothing that can be parsed', () => {
    expect(plan(pool, {pool: 'Error', profile: '[]'})).toHaveLength(2);
  });

  it('are deleted if they exist, the profile first', () => {
    expect(undo(pool, installed).map((action) => JSON.parse((action as RunAction).stdin as string).kind)).toEqual([
      'profile',
      'ipPool',
    ]);
    expect(undo(pool, {pool: undefined, profile: undefined})).toEqual([]);
  });

  it('are planned for one node', () => {
    expect(targets(pool, clusterOf())).toEqual(['node0']);
  });
});
