import {describe, expect, it} from 'vitest';
import type {Offer, Resource} from '../../../src/framework/mesos.js';
import {stockOf, take, totalOf} from '../../../src/framework/resources.js';

const offer = (resources: readonly Resource[]): Offer => ({
  id: {value: 'O'},
  agent_id: {value: 'S'},
  hostname: 'node0',
  resources,
});
const scalar = (name: string, value: number, more: Partial<Resource> = {}): Resource => ({
  name,
  type: 'SCALAR',
  scalar: {value},
  ...more,
});

describe('the resources that a task takes from an offer', () => {
  it('name their reservation as the offer does: dynamic, for the role, or none', () => {
    const own = {role: 'hw5', reservation: {principal: 'op', labels: {labels: [{key: 'for', value: 'us'}]}}};
    const other = {role: 'hw5', reservation: {principal: 'other'}};
    const stock = stockOf(
      offer([
        scalar('cpus', 4, {role: '*'}),
        scalar('mem', 100, own),
        scalar('mem', 100, other),
        scalar('mem', 100, {role: 'hw5'}),
        scalar('mem', 1000, {role: '*'}),
      ]),
      'hw5',
    );
    expect(take(stock, {cpus: 1, mem: 400})!.resources).toEqual([
      scalar('cpus', 1),
      scalar('mem', 100, own),
      scalar('mem', 100, other),
      scalar('mem', 100, {role: 'hw5'}),
      scalar('mem', 100),
    ]);
  });

  it('are not available for the next task, to the thousandth', () => {
    const stock = stockOf(offer([scalar('cpus', 0.3), scalar('mem', 100)]), '*');
    const {rest} = take(stock, {cpus: 0.1, mem: 50})!;
    expect(totalOf(rest)).toEqual({cpus: 0.2, mem: 50});
    expect(take(rest, {cpus: 0.2, mem: 50})).toBeDefined();
    expect(take(rest, {cpus: 0.201, mem: 50})).toBeUndefined();
  });

  it('exclude revocable ones, those of volumes and those of other roles', () => {
    const stock = stockOf(
      offer([scalar('cpus', 1, {revocable: {}}), scalar('cpus', 1, {role: 'other'}), scalar('mem', 1, {disk: {}})]),
      'hw5',
    );
    expect(totalOf(stock)).toEqual({cpus: 0, mem: 0});
  });
});
