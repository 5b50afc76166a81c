import type {Action, ScriptAction} from '../../engine/action.js';
import type {Fact} from '../../engine/fact.js';
import {template} from '../../support/template.js';

export const CONTAINER = 'calico-node';
/** Where Calico runs as services instead of the container. */
export const UNITS = ['calico-felix.service', 'calico-bird.service', 'calico-libnetwork.service'];

/** What `calicoctl node run` has started on a node: upstream's starts a container, others start services. */
export interface Running {
  /** The units that run, or would at the next boot. */
  readonly services: readonly string[];
  readonly hasContainer: boolean;
}

/** A container that has stopped counts: Docker starts it again when dockerd starts. */
export const running: Fact<Running> = {
  script: `for unit in ${UNITS.join(' ')}; do
  if systemctl -q is-active $unit || systemctl -q is-enabled $unit; then echo $unit; fi 2>/dev/null
done
if curl -sSf -m 5 -o /dev/null --unix-socket /var/run/docker.sock http://docker/containers/${CONTAINER}/json; then echo ${CONTAINER}; fi`,
  whenTimedOut: {services: [], hasContainer: false},
  parse({stdout}) {
    const names = stdout.trim().split('\n').filter(Boolean);
    return {services: names.filter((name) => name !== CONTAINER), hasContainer: names.includes(CONTAINER)};
  },
};

/** Removes the container. Fails while dockerd does not answer, because dockerd would start the container again later. */
export function removeContainer(node: string): ScriptAction {
  return {
    kind: 'script',
    title: `docker rm -f ${CONTAINER}`,
    script: `command -v docker >/dev/null || exit 0
ids=$(docker ps -aq --filter name='^/${CONTAINER}$') || exit 1
# shellcheck disable=SC2086 # one argument per id
[ -z "$ids" ] || docker rm -f $ids`,
    timeoutMs: 60_000,
    hint: `dockerd has to run on ${node} for this: \`systemctl restart docker\`, then the same command again`,
  };
}

/**
 * Stops and removes what runs, and Felix's rules. Routes and interfaces stay, so that the containers' traffic continues until the next Felix and
 * BIRD take them over.
 */
export function stop({services, hasContainer}: Running, node: string, reason: string): readonly Action[] {
  if (services.length === 0 && !hasContainer) return [];
  const container = removeContainer(node);
  return [
    ...(hasContainer ? [{...container, title: `${container.title}: ${reason}`}] : []),
    {
      kind: 'script',
      title: `remove ${[...services, "Felix's rules"].join(', ')}: ${reason}`,
      // when BIRD is stopped in order, its peers withdraw the routes to this node's containers immediately
      script: `if systemctl -q is-active calico-bird; then systemctl kill -s KILL calico-bird; fi\n${template('calico/stop.sh')}`,
    },
  ];
}
