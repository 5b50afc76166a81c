import type {Fact} from '../../engine/fact.js';
import {json} from '../../engine/facts.js';
import {quote} from '../../host/command.js';

/** Asks dockerd over its socket: it answers in a fraction of the time that its command line takes to start. */
export function askDockerd(path: string): string {
  return `curl -sSf --unix-socket /var/run/docker.sock ${quote(`http://docker${path}`)}`;
}

/** A fact that dockerd tells. */
export function toldByDocker<T>(fact: Fact<T>): Fact<T> {
  return {
    ...fact,
    service: 'dockerd',
    timeoutHint: 'dockerd hangs there: `systemctl restart docker` (its containers start anew), then the same command again',
  };
}

/** A document of its API; undefined where it does not run, or knows no such thing. */
export function fromDockerd<T>(path: string): Fact<T | undefined> {
  return toldByDocker(json<T>(askDockerd(path)));
}
