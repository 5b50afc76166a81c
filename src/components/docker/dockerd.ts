import type {HintWhen} from '../../engine/action.js';
import type {Fact} from '../../engine/fact.js';
import {json} from '../../engine/facts.js';
import {quote} from '../../host/command.js';

/** What docker (or a script of hw5) reports when it cannot get an image: the registry does not answer, does not have it, or wants a login. */
const IMAGE_UNAVAILABLE =
  /pull access denied|manifest unknown|manifest for .* not found|repository .* not found|(no such|has no) image|unauthorized|toomanyrequests|(registry|docker\.io|https?:\/\/\S+\/v2\/).*(dial|lookup|timeout|refused|canceled|TLS)/i;

/** The hint for an action that makes docker pull an image, when docker could not. */
export function imageHint(image: string, node: string): HintWhen {
  return {
    when: IMAGE_UNAVAILABLE,
    hint: `can ${node} reach the registry of ${image}, and does that have the image? \`docker load\` on the node works, too`,
  };
}

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
