import type {Fact} from '../step/fact.js';

/** A fact that dockerd tells. */
export function toldByDocker<T>(fact: Fact<T>): Fact<T> {
  return {
    ...fact,
    silentHint: 'dockerd hangs there: `systemctl restart docker` (its containers start anew), then the same command again',
  };
}
