import type {Fact} from '../../engine/fact.js';
import {json} from '../../engine/facts.js';
import {quote} from '../../host/command.js';

/** Queries dockerd's API on its socket, which takes a fraction of the time that Docker's command line needs to start. */
export function curlDockerd(path: string): string {
  return `curl -sSf --unix-socket /var/run/docker.sock ${quote(`http://docker${path}`)}`;
}

/** A fact whose script queries dockerd. */
export function dockerdFact<T>(fact: Fact<T>): Fact<T> {
  return {
    ...fact,
    service: 'dockerd',
    timeoutHint: 'dockerd hangs there: `systemctl restart docker` (which restarts its containers), then the same command again',
  };
}

/** A document of dockerd's API; undefined where dockerd does not run, or has no such document. */
export function fromDockerd<T>(path: string): Fact<T | undefined> {
  return dockerdFact(json<T>(curlDockerd(path)));
}
