import type {Cluster} from '../cluster/cluster.js';
import {BACK_DELAY, type Candidate, endIn, endOf, HTTP_PORT, type ProbePlan} from './candidate.js';
import {isListening} from './node-services.js';
import type {End, Probe} from './probe.js';
import {coversContainers, coversHost, coversOwnNode, type Rule} from './rule.js';

/** Pings between a container of the node and a denied node, and from a node that is not denied. */
export function containerProbes(rule: Rule, target: Candidate, prober: Candidate, bystander: Candidate | undefined): ProbePlan {
  const container = target.services.containers[0];
  const there = endOf(prober, 4, rule);
  if (!container)
    return {probes: [], remarks: [`no container runs on ${target.node.name}: for containers, rule and counter only`]};
  if (!there) return {probes: [], remarks: []};
  const inside = endIn(container, target);
  const third = bystander && endOf(bystander, 4);
  return {
    probes: [
      {kind: 'ping', from: there, to: inside},
      {kind: 'ping', from: inside, to: there},
      ...(third ? [{kind: 'ping', from: third, to: inside} as const] : []),
    ],
    remarks: [],
  };
}

/** For a rule against a container's address: pings between that container and another one on the rule's node. */
export function betweenContainers({match}: Rule, target: Candidate, others: readonly Candidate[]): readonly Probe[] {
  if (match.kind !== 'net') return [];
  const ends = [...others, target].flatMap((one) => one.services.containers.map((container) => endIn(container, one)));
  const isDenied = ({address}: End): boolean => match.net.contains(address);
  const from = ends.find(isDenied);
  const to = ends.find((end) => end.node === target.node.name && !isDenied(end));
  if (!from || !to) return [];
  const third = ends.find((end) => end.node !== target.node.name && !isDenied(end));
  return [
    {kind: 'ping', from, to},
    {kind: 'ping', from: to, to: from},
    ...(third ? [{kind: 'ping', from: third, to} as const] : []),
  ];
}

/**
 * From containers to their own node, which receives such packets at INPUT: what a rule against a container's address, or http-only, denies, and what it
 * does not.
 */
export function ownNodeProbes(rule: Rule, target: Candidate): readonly Probe[] {
  const {match} = rule;
  const here = endOf(target, 4);
  const ends = target.services.containers.map((container) => endIn(container, target));
  if (!here || !coversOwnNode(rule)) return [];
  if (match.kind === 'all') {
    const [from] = ends;
    const hasHttp = isListening(target.services, here.address, HTTP_PORT);
    return from
      ? [{kind: 'ping', from, to: here}, ...(hasHttp ? [{kind: 'http', from, to: here, port: HTTP_PORT} as const] : [])]
      : [];
  }
  const isDenied = ({address}: End): boolean => match.kind === 'net' && match.net.contains(address);
  const from = ends.find(isDenied);
  if (!from) return [];
  const other = ends.find((end) => !isDenied(end));
  return [
    {kind: 'ping', from, to: here},
    {kind: 'ping', from: here, to: from, delay: BACK_DELAY},
    ...(other ? [{kind: 'ping', from: other, to: here} as const] : []),
  ];
}

/** What a rule against a container's address cannot do. */
export function containerRemarks(rule: Rule, {network, calico}: Cluster): readonly string[] {
  const isInPool = rule.match.kind === 'net' && network.subnet.contains(rule.match.net.address);
  if (!isInPool || !coversHost(rule)) return [];
  const elsewhere = calico.natOutgoing
    ? "a container's packets reach other nodes with its node's address: the rule matches those to its own node only"
    : undefined;
  const between = coversContainers(rule) ? undefined : 'between containers: --scope containers';
  return elsewhere || between ? [[elsewhere, between].filter(Boolean).join('; ')] : [];
}
