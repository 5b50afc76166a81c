import {type Cluster, calicoNodes} from '../cluster/cluster.js';
import {BGP_PORT} from '../components/calico/node-status.js';
import {BACK_DELAY, type Candidate, endOf, familyOfRule, HTTP_PORT, type ProbePlan} from './candidate.js';
import {betweenContainers, containerProbes, containerRemarks, ownNodeProbes} from './container-probes.js';
import {memberPorts} from './failsafe.js';
import {isListening} from './node-services.js';
import type {End, Probe} from './probe.js';
import {coversContainers, coversHost, type Rule} from './rule.js';
import {showSource} from './source-block.js';

/**
 * Pure: probes in both directions between the node and a denied one, some of which must fail, and some with a node that is not denied. None of them
 * connects to BGP's port.
 */
export function chooseProbes(rule: Rule, target: Candidate, others: readonly Candidate[], cluster: Cluster): ProbePlan {
  const denied = others.filter((other) => applies(rule, other));
  const prober = denied.find((other) => rule.match.kind !== 'mac' || target.neighbours.get(other.node.name) === rule.match.mac);
  if (!prober) {
    const probes = [...(coversContainers(rule) ? betweenContainers(rule, target, others) : []), ...ownNodeProbes(rule, target)];
    const why = probes.length === 0 ? [noProber(rule, denied, target, others.length > 0)] : [];
    return {probes, remarks: [...why, ...containerRemarks(rule, cluster)]};
  }
  const bystander = others.find((other) => !denied.includes(other));
  const plans = [
    ...(coversHost(rule) ? [hostProbes(rule, target, prober, bystander, cluster)] : []),
    ...(coversHost(rule) && rule.match.kind !== 'net' ? [ipv6Probes(prober, target)] : []),
    ...(coversContainers(rule) && familyOfRule(rule) === 4 ? [containerProbes(rule, target, prober, bystander)] : []),
    {probes: ownNodeProbes(rule, target), remarks: []},
  ];
  return {
    probes: plans.flatMap(({probes}) => probes).filter(({port}) => port !== BGP_PORT),
    remarks: plans.flatMap(({remarks}) => remarks),
  };
}

function hostProbes(
  rule: Rule,
  target: Candidate,
  prober: Candidate,
  bystander: Candidate | undefined,
  cluster: Cluster,
): ProbePlan {
  const family = familyOfRule(rule);
  const [here, there] = [endOf(target, family), endOf(prober, family, rule)];
  if (!here || !there) {
    return {probes: [], remarks: [`${target.node.name} has no IPv${family} address to probe: rule and counter only`]};
  }
  const third = bystander && endOf(bystander, family);
  const back = between(here, there, prober, cluster).filter(({kind}) => kind !== 'http');
  return {
    probes: [
      ...between(there, here, target, cluster),
      ...back.map((probe) => (here.isSecondary ? probe : {...probe, delay: BACK_DELAY})),
      ...sessionProbe(target, prober, cluster),
      ...(third ? [{kind: 'ping', from: third, to: here} as const, {kind: 'ping', from: here, to: third} as const] : []),
      ...(third ? sshProbe(third, here, target) : []),
    ],
    remarks:
      rule.exercise === 'http-only' && !isListening(target.services, here.address, HTTP_PORT)
        ? [
            `port ${HTTP_PORT} of ${target.node.name} does not answer, and hw5 could not listen there: it is not proven that HTTP passes`,
          ]
        : [],
  };
}

/** For a rule of both families: a ping each way over IPv6, where both nodes have an address. */
function ipv6Probes(prober: Candidate, target: Candidate): ProbePlan {
  if (!target.families.includes(6)) return {probes: [], remarks: [`IPv6 is open: no ip6tables works on ${target.node.name}`]};
  const [here, there] = [endOf(target, 6), endOf(prober, 6)];
  if (!here || !there) {
    const without = [...(here ? [] : [target.node.name]), ...(there ? [] : [prober.node.name])].join(' and ');
    return {probes: [], remarks: [`over IPv6 it is not proven, for want of a global address on ${without}`]};
  }
  const ping = {kind: 'ping', about: 'IPv6'} as const;
  return {
    probes: [
      {...ping, from: there, to: here},
      {...ping, from: here, to: there, delay: BACK_DELAY},
    ],
    remarks: [],
  };
}

/** Whether the rule matches packets of this node. */
function applies({match}: Rule, {node, interfaces}: Candidate): boolean {
  if (match.kind === 'all') return true;
  if (match.kind === 'mac') return interfaces.some(({mac}) => mac === match.mac);
  const own = interfaces.flatMap(({addresses}) => addresses.map(({address}) => address));
  return [node.address, ...own].some((address) => match.net.contains(address));
}

function noProber({match}: Rule, denied: readonly Candidate[], target: Candidate, hasOthers: boolean): string {
  if (denied.length > 0 && match.kind === 'mac') {
    return `a MAC is only visible on the last hop: packets of ${denied[0]!.node.name} reach ${target.node.name} with another one, so the rule catches nothing of them`;
  }
  if (!hasOthers) return 'no other node of the cluster can send probes: rule and counter only';
  if (match.kind === 'mac') {
    return `no other node of this cluster has ${match.mac}: rule and counter only. A MAC is only visible on the last hop`;
  }
  return `no other node of this cluster has ${match.kind === 'net' ? showSource(match.net) : 'an address'}: rule and counter only`;
}

/** Ping, SSH's port, HTTP, and the ports of the cluster that the failsafe keeps open. */
function between(from: End, to: End, target: Candidate, cluster: Cluster): readonly Probe[] {
  // bash cannot choose the address it connects from
  if (from.isSecondary) return [{kind: 'ping', from, to}];
  const answers = (port: number): boolean => isListening(target.services, to.address, port);
  const members = memberPorts(target.node, cluster).filter(({probe, port}) => probe !== undefined && answers(port));
  return [
    {kind: 'ping', from, to},
    ...sshProbe(from, to, target),
    ...(answers(HTTP_PORT) ? [{kind: 'http', from, to, port: HTTP_PORT} as const] : []),
    ...members.map(({port, probe}) => ({kind: 'tcp', from, to, port, about: probe}) as const),
  ];
}

function sshProbe(from: End, to: End, {node, services}: Candidate): readonly Probe[] {
  const {port} = node.ssh;
  return isListening(services, to.address, port) ? [{kind: 'tcp', from, to, port, about: 'ssh'}] : [];
}

/** The BGP session of two nodes of Calico's mesh, where BIRD runs on both. */
function sessionProbe(target: Candidate, prober: Candidate, cluster: Cluster): readonly Probe[] {
  const ends = [target, prober].map(({node}): End => ({label: node.name, address: node.address, node: node.name}));
  const isUp = [target, prober].every(
    ({node, services}) => calicoNodes(cluster).includes(node) && isListening(services, node.address, BGP_PORT),
  );
  return isUp ? [{kind: 'bgp', from: ends[0]!, to: ends[1]!}] : [];
}
