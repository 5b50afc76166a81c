import {describe, expect, it} from 'vitest';
import {network} from '../../../src/components/network/component.js';
import type {Fact} from '../../../src/engine/fact.js';
import {contextOf, failedChecks, lines, plan, undo} from './situation.js';

describe('the Docker network', () => {
  const managed = {Name: 'calico_net', Driver: 'calico', IPAM: {Driver: 'calico-ipam', Config: [{Subnet: '192.168.0.0/16'}]}};

  it('is made once, on the first node', () => {
    expect(lines(plan(network, {network: undefined}))).toEqual([
      'create the network: docker network create --driver calico --ipam-driver calico-ipam --subnet=192.168.0.0/16 calico_net',
    ]);
    expect(plan(network, {network: undefined}, {node: 'node1'})).toEqual([]);
    expect(plan(network, {network: managed})).toEqual([]);
  });

  it.each<[string, object]>([
    ['another driver', {...managed, Driver: 'bridge'}],
    ['another IPAM driver', {...managed, IPAM: {...managed.IPAM, Driver: 'default'}}],
    ['another subnet', {...managed, IPAM: {...managed.IPAM, Config: [{Subnet: '10.0.0.0/8'}]}}],
  ])('of this name with %s is rejected', (_, observed) => {
    expect(failedChecks(network, {network: observed})[0]).toMatch(/^the network calico_net exists already, with driver/);
  });

  it.each<[string, object]>([
    ['another subnet', {network: {...managed, IPAM: {...managed.IPAM, Config: [{Subnet: '10.0.0.0/8'}]}}, others: []}],
    ['another name', {network: undefined, others: [{...managed, Name: 'old_net'}]}],
  ])('of a running cluster is not changed to %s while its tasks use it', (_, observed) => {
    const [problem] = network.check!(observed as never, contextOf(observed));
    expect(problem!.hint).toBe('restore it, or take the cluster down with the old file first: `hw5 down`');
  });

  it('of hw5 is accepted, and so is a network of another name', () => {
    const bridge = {Name: 'bridge', Driver: 'bridge', IPAM: {Driver: 'default', Config: [{Subnet: '172.17.0.0/16'}]}};
    const foreign = {...managed, Name: 'foreign', IPAM: {...managed.IPAM, Config: [{Subnet: '10.0.0.0/8'}]}};
    expect(failedChecks(network, {network: managed, others: [bridge, foreign]})).toEqual([]);
    expect(failedChecks(network, {network: undefined, others: [bridge, foreign]})).toEqual([]);
  });

  it("is found by its name among dockerd's networks", () => {
    const {network: named, others} = network.facts(contextOf({})) as Record<string, Fact<unknown>>;
    const stdout = JSON.stringify([{Name: 'bridge'}, {Name: 'calico_net'}]);
    expect(named!.parse({stdout, code: 0})).toEqual({Name: 'calico_net'});
    expect(others!.parse({stdout, code: 0})).toEqual([{Name: 'bridge'}]);
    expect([named!.parse({stdout: '', code: 7}), others!.parse({stdout: '', code: 7})]).toEqual([undefined, []]);
  });

  it("is removed only if Calico's drivers made it: another of this name is foreign", () => {
    expect(undo(network, {network: {...managed, Driver: 'bridge'}})).toEqual([]);
    expect(undo(network, {network: {...managed, IPAM: {...managed.IPAM, Driver: 'default'}}})).toEqual([]);
  });

  it('is removed once', () => {
    expect(lines(undo(network, {network: managed}))).toEqual(['docker network rm calico_net']);
    expect(undo(network, {network: managed}, {node: 'node2'})).toEqual([]);
    expect(undo(network, {network: undefined})).toEqual([]);
  });
});
