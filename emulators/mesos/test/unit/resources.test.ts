import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {add, contains, fromWire, isEmpty, subtract, toWire} from '../../src/common/resources.js';
import {formatResources, parseResources} from '../../src/common/resources-text.js';

describe('resources', () => {
  const cpus = (value: number) => ({name: 'cpus', type: 'SCALAR' as const, scalar: {value}});

  it('are parsed and formatted like in Mesos', () => {
    const list = parseResources('cpus:2;mem(prod):2048;ports:[31000-31010, 32000-32000];zones:{a,b}');
    expect(formatResources(fromWire(list), '*')).toBe(
      'cpus(allocated: *):2; mem(allocated: *)(reservations: [(STATIC,prod)]):2048; ports(allocated: *):[31000-31010, 32000-32000]; zones(allocated: *):{a, b}',
    );
    expect(() => parseResources('cpus=2')).toThrow("Failed to parse resource 'cpus=2'");
    expect(() => parseResources('cpus:two')).toThrow("'two' is not a number");
  });

  it('are precise to thousandths', () => {
    expect(toWire(subtract(fromWire([cpus(2)]), fromWire([cpus(0.1), cpus(0.1), cpus(0.1)])))).toEqual([
      {...cpus(1.7), role: '*'},
    ]);
  });

  it('subtract ports from ranges', () => {
    const ports = (...range: [number, number][]) =>
      fromWire([{name: 'ports', type: 'RANGES', ranges: {range: range.map(([begin, end]) => ({begin, end}))}}]);
    expect(formatResources(subtract(ports([1, 10]), ports([3, 4], [10, 10])))).toBe('ports:[1-2, 5-9]');
    expect(contains(ports([1, 5], [6, 10]), ports([4, 7]))).toBe(true);
    expect(contains(ports([1, 5], [7, 10]), ports([4, 7]))).toBe(false);
  });

  it('are the same after a part was subtracted and added again', () => {
    const amounts = fc.record({
      cpus: fc.integer({min: 0, max: 9000}),
      begin: fc.integer({min: 0, max: 50}),
      length: fc.integer({min: 0, max: 50}),
    });
    const toResources = ({cpus: milli, begin, length}: {cpus: number; begin: number; length: number}) =>
      fromWire([cpus(milli / 1000), {name: 'ports', type: 'RANGES', ranges: {range: [{begin, end: begin + length}]}}]);
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        const [whole, part] = [toResources(a), toResources(b)];
        expect(toWire(subtract(add(whole, part), part)).find((r) => r.name === 'cpus')).toEqual(
          toWire(whole).find((r) => r.name === 'cpus'),
        );
        expect(contains(add(whole, part), part)).toBe(true);
        expect(isEmpty(subtract(whole, whole))).toBe(true);
        if (contains(whole, part))
          expect(toWire(add(subtract(whole, part), part))).toEqual(expect.arrayContaining(toWire(whole)));
      }),
    );
  });
});
