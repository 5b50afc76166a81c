import {describe, expect, it} from 'vitest';
import {containsResource} from '../../../../src/components/calico/contains.js';

describe('a resource that calicoctl prints', () => {
  const contains = (observed: unknown, desired: unknown) => containsResource(JSON.stringify(observed), desired);

  it.each<[string, object, object]>([
    ['net', {net: 'a'}, {nets: ['a']}],
    ['notNet', {notNet: 'a'}, {notNets: ['a']}],
    ['several, in any order', {nets: ['a', 'b']}, {nets: ['b', 'a']}],
    ['one of them apart', {net: 'a', nets: ['b']}, {nets: ['a', 'b']}],
  ])('has the same networks with %s, whichever side has which, as source and destination', (_, one, other) => {
    for (const side of ['source', 'destination'])
      for (const rules of ['ingress', 'egress']) {
        const resource = (entity: object) => ({spec: {[rules]: [{action: 'allow', [side]: entity}]}});
        expect(contains(resource(one), resource(other)), `${rules} ${side}`).toBe(true);
        expect(contains(resource(other), resource(one)), `${rules} ${side}`).toBe(true);
      }
  });

  it.each<[string, object, object]>([
    ['excluded', {net: 'a'}, {notNet: 'a'}],
    ['fewer', {nets: ['a']}, {nets: ['a', 'b']}],
    ['more', {nets: ['a', 'b']}, {net: 'a'}],
    ['others', {net: 'a'}, {net: 'b'}],
  ])('has other networks when they are %s', (_, one, other) => {
    const resource = (source: object) => ({spec: {ingress: [{source}]}});
    expect(contains(resource(one), resource(other))).toBe(false);
    expect(contains(resource(other), resource(one))).toBe(false);
  });

  it('may have more properties, and lack those that mean nothing', () => {
    expect(contains([{kind: 'x'}, {kind: 'y', spec: {added: 1}}], {kind: 'y', spec: {ipip: {enabled: false}, labels: {}}})).toBe(
      true,
    );
    expect(contains({kind: 'y', spec: {ipip: {enabled: true}}}, {kind: 'y', spec: {ipip: {enabled: false}}})).toBe(false);
  });

  it('is missing in no output, and in what is no JSON', () => {
    expect(containsResource(undefined, {})).toBe(false);
    expect(containsResource('Error', {})).toBe(false);
  });
});
