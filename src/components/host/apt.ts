import type {Fact} from '../../engine/fact.js';
import {output} from '../../engine/facts.js';

/** The output of a script that queries dpkg or apt; undefined if it fails. */
export function fromApt(script: string): Fact<string | undefined> {
  return {...output(script), service: 'apt'};
}
