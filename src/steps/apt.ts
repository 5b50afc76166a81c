import type {Fact} from '../step/fact.js';
import {output} from '../step/facts.js';

/** What dpkg and apt know; undefined where they fail. */
export function fromApt(script: string): Fact<string | undefined> {
  return {...output(script), asks: 'apt'};
}
