import type {Fact} from '../../engine/fact.js';
import {json} from '../../engine/facts.js';
import {quote} from '../../host/command.js';

/**
 * While dockerd starts, it has each endpoint of a container that ended with it released. Upstream's plugin is in a container that dockerd starts
 * only afterwards, so that each takes 15 s.
 */
export const START = 'up to 15 s for each container that ended with it';

/** Queries dockerd's API on its socket, which takes a fraction of the time that Docker's command line needs to start. */
export function curlDockerd(path: string): string {
  return `curl -sSf --unix-socket /var/run/docker.sock ${quote(`http://docker${path}`)}`;
}

/** A fact whose script queries dockerd. */
export function dockerdFact<T>(fact: Fact<T>): Fact<T> {
  return {
    ...fact,
    service: 'dockerd',
    timeoutHint:
      'if `systemctl is-active docker` prints activating there, dockerd is still starting: run the same command again. Else it hangs: ' +
      '`systemctl restart docker` (which restarts its containers), then the same command again',
  };
}

/** A document of dockerd's API; undefined where dockerd does not run, or has no such document. */
export function fromDockerd<T>(path: string): Fact<T | undefined> {
  return dockerdFact(json<T>(curlDockerd(path)));
}
