import {type Cluster, calicoNodes} from '../../cluster/cluster.js';
import type {Action} from '../../engine/action.js';
import type {Fact} from '../../engine/fact.js';
import {output} from '../../engine/facts.js';
import {everywhere} from '../../engine/step.js';
import {quote} from '../../host/command.js';
import {defineComponent} from '../component.js';
import {containsResource} from './contains.js';

/** The pool's and the profile's records in etcd, which must exist before a container starts. */
export const pool = defineComponent({
  name: 'pool',
  title: 'Calico IP pool and profile',
  needs: ['calicoctl', everywhere('etcd')],
  targets: (cluster) => calicoNodes(cluster).slice(0, 1),
  facts: ({cluster}) => ({
    pool: record(`calicoctl get ipPool ${quote(cluster.network.subnet.toString())} -o json`),
    profile: record(`calicoctl get profile ${quote(cluster.network.name)} -o json`),
  }),
  plan(observed, {cluster}) {
    const resources = [
      {observed: observed.pool, desired: poolResource(cluster), title: `IP pool ${cluster.network.subnet}`},
      {
        observed: observed.profile,
        desired: profileResource(cluster),
        title: `profile ${cluster.network.name}: the nodes may reach the containers`,
      },
    ];
    return resources
      .filter((resource) => !containsResource(resource.observed, resource.desired))
      .map((resource) => ({
        kind: 'run',
        title: resource.title,
        argv: ['calicoctl', 'apply', '-f', '-'],
        stdin: JSON.stringify(resource.desired),
        hint: 'check that etcd answers: run `calicoctl get ipPool` on the node',
      }));
  },
  undo: (observed, {cluster}) => [
    ...(containsResource(observed.profile, {metadata: {name: cluster.network.name}}) ? [remove(profileResource(cluster))] : []),
    ...(containsResource(observed.pool, {metadata: {cidr: cluster.network.subnet.toString()}})
      ? [remove(poolResource(cluster))]
      : []),
  ],
});

/** A resource that Calico keeps in etcd. */
function record(script: string): Fact<string | undefined> {
  return {
    ...output(script),
    service: 'etcd',
    timeoutHint: 'etcd does not answer: `hw5 status` shows the health of its members',
  };
}

/** The IP pool of the network. */
function poolResource(cluster: Cluster): unknown {
  return {
    apiVersion: 'v1',
    kind: 'ipPool',
    metadata: {cidr: cluster.network.subnet.toString()},
    spec: {ipip: {enabled: false}, 'nat-outgoing': cluster.calico.natOutgoing},
  };
}

/**
 * The network's profile. Calico's own profile admits only traffic from the network itself, so that the reverse proxies of the other nodes
 * would get no answer from a container: this one admits the nodes' addresses as well.
 */
function profileResource(cluster: Cluster): unknown {
  const {name} = cluster.network;
  return {
    apiVersion: 'v1',
    kind: 'profile',
    metadata: {name, tags: [name], labels: {}},
    spec: {
      ingress: [
        {action: 'allow', source: {tag: name}},
        ...cluster.nodes.map((node) => ({action: 'allow', source: {net: `${node.address}/32`}})),
      ],
      egress: [{action: 'allow'}],
    },
  };
}

function remove(resource: unknown): Action {
  return {
    kind: 'run',
    title: 'remove it',
    argv: ['calicoctl', 'delete', '--skip-not-exists', '-f', '-'],
    stdin: JSON.stringify(resource),
  };
}
