import {describe, expect, it} from 'vitest';
import {pool} from '../../../../src/components/calico/pool.js';
import type {RunAction} from '../../../../src/engine/action.js';
import {clusterOf, lines, plan, targets, undo} from '../situation.js';

const _URL = 'https://github.com/projectcalico/calicoctl/releases/download/v1.6.5/calicoctl';
const _CONFIG = '/etc/calico/calicoctl.cfg';

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
