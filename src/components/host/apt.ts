import type {Fact} from '../../engine/fact.js';
import {output} from '../../engine/facts.js';

/** What dpkg and apt know; undefined where they fail. */
export function fromApt(script: string): Fact<string | undefined> {
  return {...output(script), service: 'apt'};
}
