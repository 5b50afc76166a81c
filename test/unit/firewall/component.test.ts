import {expect, it} from 'vitest';
import {firewall} from '../../../src/components/firewall/component.js';
import {COMPONENTS} from '../../../src/components/index.js';
import type {PlanContext, UndoContext} from '../../../src/engine/step.js';
import {cluster} from './make-cluster.js';

it('up and plan leave the user’s rules alone', () => {
  expect(firewall.plan({exists: true}, {} as PlanContext<never>)).toEqual([]);
});

it('down removes them before anything else, on every node that has any', () => {
  expect(COMPONENTS.at(-1)).toBe(firewall);
  expect(firewall.targets(cluster)).toEqual(cluster.nodes);
  expect(firewall.undo({exists: false}, {} as UndoContext)).toEqual([]);
  expect(firewall.undo({exists: true}, {} as UndoContext)).toMatchObject([
    {kind: 'script', script: expect.stringMatching(/\nhw5_firewall reset\n$/)},
  ]);
});
