import {type Cluster, type ClusterNode, calicoNodes} from '../cluster/cluster.js';
import {BGP_PORT} from '../components/calico/node-status.js';
import {type Address, type Family, familyOf} from '../support/address.js';
import {memberPorts} from './failsafe.js';
import type {Interface} from './firewall-state.js';
import {isListening, type NodeServices, type RunningContainer} from './node-services.js';
import type {End, Probe} from './probe.js';
import {coversContainers, coversHost, type Rule} from './rule.js';
import {showSource} from './source-block.js';

/** A node as the choice of probes needs it. */
export interface Candidate {
  readonly node: ClusterNode;
  readonly interfaces: readonly Interface[];
  readonly services: NodeServices;
  /** Node → hardware address with which its packets arrive here; missing where a router is in between. */
  readonly neighbours: ReadonlyMap<string, string>;
  /** The families of which an iptables works. */
  readonly families: readonly Family[];
}

/** The probes that prove a rule on a node, and why some are missing. */
export interface ProbePlan {
  readonly probes: readonly Probe[];
  readonly remarks: readonly string[];
}

const HTTP_PORT = 80;
/**
 * Seconds by which probes from the rule's own node start later. Their answers are rejected, too, and the kernel sends one host six ICMP errors and then
 * one a second (net.ipv4.icmp_ratelimit): concurrent probes of the denied host would get none.
 */
const BACK_DELAY = 0.7;

/**
 * Pure: probes in both directions between the node and a denied one, some of which must fail, and some with a node that is not denied. None of them
 * connects to BGP's port.
 */
export function chooseProbes(rule: Rule, target: Candidate, others: readonly Candidate[], cluster: Cluster): ProbePlan {
  const denied = others.filter((other) => applies(rule, other));
  const prober = denied.find((other) => rule.match.kind !== 'mac' || target.neighbours.get(other.node.name) === rule.match.mac);
  if (!prober) {
    const probes = coversContainers(rule) ? betweenContainers(rule, target, others) : [];
    const why = probes.length === 0 ? [noProber(rule, denied, target, others.length > 0)] : [];
    return {probes, remarks: [...why, ...containerRemarks(rule, cluster)]};
  }
  const bystander = others.find((other) => !denied.includes(other));
  const plans = [
    ...(coversHost(rule) ? [hostProbes(rule, target, prober, bystander, cluster)] : []),
    ...(coversHost(rule) && rule.match.kind !== 'net' ? [ipv6Probes(prober, target)] : []),
    ...(coversContainers(rule) && familyOfRule(rule) === 4 ? [containerProbes(rule, target, prober, bystander)] : []),
  ];
  return {
    probes: plans.flatMap(({probes}) => probes).filter(({port}) => port !== BGP_PORT),
    remarks: plans.flatMap(({remarks}) => remarks),
  };
}

function familyOfRule({match}: Rule): Family {
  return match.kind === 'net' ? match.net.family : 4;
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

/** Pings between a container of the node and a denied node, and from a node that is not denied. */
function containerProbes(rule: Rule, target: Candidate, prober: Candidate, bystander: Candidate | undefined): ProbePlan {
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
function betweenContainers({match}: Rule, target: Candidate, others: readonly Candidate[]): readonly Probe[] {
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

/** What a rule against a container's address cannot do for the node itself. */
function containerRemarks(rule: Rule, {network, calico}: Cluster): readonly string[] {
  const isInPool = rule.match.kind === 'net' && network.subnet.contains(rule.match.net.address);
  if (!isInPool || !coversHost(rule)) return [];
  const outside = calico.natOutgoing ? "a container's packets reach other nodes with its node's address" : undefined;
  const inside = 'those to its own node are judged by Calico ahead of this rule';
  return [
    `${[outside, inside].filter(Boolean).join(', and ')}${coversContainers(rule) ? '' : '; between containers: --scope containers'}`,
  ];
}

function endIn({name, address, pid}: RunningContainer, {node}: Candidate): End {
  return {label: `${name} on ${node.name}`, address, node: node.name, pid};
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

/** The address of a node to probe: one that the rule names, else the one that the node uses in the cluster. */
function endOf({node, interfaces}: Candidate, family: Family, rule?: Rule): End | undefined {
  const choice = (all: readonly Interface[]): readonly Address[] => {
    const own = all.flatMap(({addresses}) => addresses.filter(({scope}) => scope === 'global').map(({address}) => address));
    return [...new Set([node.address, ...own])].filter((address) => familyOf(address) === family);
  };
  // other interfaces, as a Docker bridge, may have an address that other nodes cannot reach
  const uplink = interfaces.filter(({addresses}) => addresses.some(({address}) => address === node.address));
  const {match} = rule ?? {};
  const named = match?.kind === 'net' ? choice(interfaces).find((one) => match.net.contains(one)) : undefined;
  const [usual, ...more] = choice(uplink.length > 0 ? uplink : interfaces);
  const address = named ?? usual;
  if (address === undefined) return undefined;
  // of several IPv6 addresses, the kernel chooses the source by rules of its own
  const isSecondary = address !== usual || (family === 6 && more.length > 0);
  return {label: node.name, address, node: node.name, isSecondary};
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
