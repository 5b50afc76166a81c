import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import {type Family, isIn, parseNet} from './address.js';
import {BGP_PORT, portsOf} from './failsafe.js';
import type {Interface} from './firewall-state.js';
import {isAnswered, type NodeServices, type RunningContainer} from './node-services.js';
import type {End, Probe} from './probe.js';
import {coversContainers, coversHost, type Rule} from './rule.js';

/** A node as the choice of probes sees it. */
export interface Candidate {
  readonly node: ClusterNode;
  readonly interfaces: readonly Interface[];
  readonly around: NodeServices;
  /** Node → hardware address with which its packets arrive here; missing: a router is between. */
  readonly neighbours: ReadonlyMap<string, string>;
  /** Those for which there is an iptables that works. */
  readonly families: readonly Family[];
}

/** Which probes prove a rule on a node, or why there are none. */
export interface ProbePlan {
  readonly probes: readonly Probe[];
  readonly remarks: readonly string[];
}

const HTTP_PORT = 80;
/**
 * Seconds by which probes from the rule's own node come later. Each of their answers is rejected, too, and the kernel sends one host six ICMP errors at
 * once and then one a second (net.ipv4.icmp_ratelimit): the denied host's probes would miss theirs.
 */
const BACK_DELAY = 0.7;

/**
 * Pure: probes in both directions between the node and one to which the rule applies, some of which must fail, and some with a node to which it does
 * not apply.
 */
export function chooseProbes(rule: Rule, target: Candidate, others: readonly Candidate[], cluster: Cluster): ProbePlan {
  const family: Family = rule.match.kind === 'net' ? rule.match.net.family : 4;
  const remarks: string[] = [];
  const denied = others.filter((other) => applies(rule, other));
  const state = rule.match.kind === 'mac' ? denied.filter((other) => macOf(other, target) === macIn(rule)) : denied;
  const prober = state[0];
  const amongContainers = coversContainers(rule) ? deniedContainer(rule, target, others) : [];
  if (!prober) {
    if (amongContainers.length === 0) remarks.push(noProber(rule, denied, target, others.length > 0));
    return {probes: amongContainers, remarks: [...remarks, ...containerRemarks(rule, cluster)]};
  }
  const bystander = others.find((other) => !denied.includes(other));
  const probes: Probe[] = [];
  if (coversHost(rule)) {
    const here = endOf(target, family);
    const there = endOf(prober, family, rule);
    if (!here || !there) remarks.push(`${target.node.name} has no IPv${family} address to probe: rule and counter only`);
    else {
      probes.push(...between(there, here, target, cluster), ...between(here, there, prober, cluster, true));
      if (rule.exercise === 'http-only' && !isAnswered(target.around, here.address, HTTP_PORT))
        remarks.push(
          `nobody answers at port ${HTTP_PORT} of ${target.node.name}, not even for a try: that HTTP passes is not proven`,
        );
      const third = bystander && endOf(bystander, family);
      if (third) probes.push({kind: 'ping', from: third, to: here}, {kind: 'ping', from: here, to: third});
      if (third) probes.push(...tcp(third, here, target));
    }
  }
  if (coversHost(rule) && rule.match.kind !== 'net') {
    const six = overIpv6(prober, target);
    probes.push(...six.probes);
    remarks.push(...six.remarks);
  }
  if (coversContainers(rule) && family === 4) {
    const container = target.around.containers[0];
    const there = endOf(prober, 4, rule);
    if (!container) remarks.push(`no container runs on ${target.node.name}: for containers, rule and counter only`);
    else if (there) {
      const inside = endIn(container, target);
      probes.push({kind: 'ping', from: there, to: inside}, {kind: 'ping', from: inside, to: there});
      const third = bystander && endOf(bystander, 4);
      if (third) probes.push({kind: 'ping', from: third, to: inside});
    }
  }
  return {probes, remarks};
}

/** For a rule that stands in both families, the same over IPv6 as far as it can be had: a ping each way. */
function overIpv6(prober: Candidate, target: Candidate): ProbePlan {
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

/** For a rule against a container's address: pings between that one and another on the rule's node. */
function deniedContainer({match}: Rule, target: Candidate, others: readonly Candidate[]): readonly Probe[] {
  if (match.kind !== 'net') return [];
  const ends = [...others, target].flatMap((one) => one.around.containers.map((container) => endIn(container, one)));
  const from = ends.find(({address}) => isIn(match.net, address));
  const to = ends.find((end) => end.node === target.node.name && !isIn(match.net, end.address));
  if (!from || !to) return [];
  const third = ends.find((end) => end.node !== target.node.name && !isIn(match.net, end.address));
  return [
    {kind: 'ping', from, to},
    {kind: 'ping', from: to, to: from},
    ...(third ? [{kind: 'ping', from: third, to} as const] : []),
  ];
}

/** What a rule against a container's address cannot do for the node itself. */
function containerRemarks(rule: Rule, {network, calico}: Cluster): readonly string[] {
  const pool = parseNet(network.subnet.toString())!;
  const isInPool = rule.match.kind === 'net' && isIn(pool, rule.match.net.text.split('/')[0]!);
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

/** Whether the rule is about packets of this node. */
function applies({match}: Rule, {node, interfaces}: Candidate): boolean {
  if (match.kind === 'all') return true;
  if (match.kind === 'mac') return interfaces.some(({mac}) => mac === match.mac);
  return (
    isIn(match.net, node.address) || interfaces.some(({addresses}) => addresses.some(({address}) => isIn(match.net, address)))
  );
}

function macIn({match}: Rule): string | undefined {
  return match.kind === 'mac' ? match.mac : undefined;
}

function macOf(other: Candidate, target: Candidate): string | undefined {
  return target.neighbours.get(other.node.name);
}

function noProber({match}: Rule, denied: readonly Candidate[], target: Candidate, hasOthers: boolean): string {
  if (denied.length > 0 && match.kind === 'mac') {
    return `a MAC is only visible on the last hop: packets of ${denied[0]!.node.name} reach ${target.node.name} with another one, so the rule catches nothing of them`;
  }
  if (!hasOthers) return 'no other node of the cluster can be asked: rule and counter only';
  if (match.kind === 'mac') {
    return `no other node of this cluster has ${match.mac}: rule and counter only. A MAC is only visible on the last hop`;
  }
  return `no other node of this cluster has ${match.kind === 'net' ? match.net.text.replace(/\/(32|128)$/, '') : 'an address'}: rule and counter only`;
}

/** The address with which a node takes part, one that the rule names if it names any. */
function endOf({node, interfaces}: Candidate, family: Family, rule?: Rule): End | undefined {
  const choice = (all: readonly Interface[]): readonly string[] => {
    const own = all.flatMap(({addresses}) => addresses.filter(({scope}) => scope === 'global').map(({address}) => address));
    return [...new Set([node.address, ...own])].filter((address) => address.includes(':') === (family === 6));
  };
  // a Docker bridge may have one, too, at which nobody else gets
  const uplink = interfaces.filter(({addresses}) => addresses.some(({address}) => address === node.address));
  const {match} = rule ?? {};
  const named = match?.kind === 'net' ? choice(interfaces).find((one) => isIn(match.net, one)) : undefined;
  const [usual, ...more] = choice(uplink.length > 0 ? uplink : interfaces);
  const address = named ?? usual;
  if (address === undefined) return undefined;
  // of several in IPv6, the kernel chooses by rules of its own
  const isSecondary = address !== usual || (family === 6 && more.length > 0);
  return {label: node.name, address, node: node.name, isSecondary};
}

/** Ping, SSH's port, HTTP, and the ports of the cluster that the failsafe keeps open. */
function between(from: End, to: End, target: Candidate, cluster: Cluster, isBack = false): readonly Probe[] {
  // bash cannot choose the address it connects from
  if (from.isSecondary) return [{kind: 'ping', from, to}];
  const answers = (port: number): boolean => isAnswered(target.around, to.address, port);
  const members = portsOf(target.node, cluster).filter((port) => nameOf(port, cluster) !== undefined && answers(port));
  const probes: readonly Probe[] = [
    {kind: 'ping', from, to},
    ...tcp(from, to, target),
    ...(!isBack && answers(HTTP_PORT) ? [{kind: 'http', from, to, port: HTTP_PORT} as const] : []),
    ...members.map((port) => ({kind: 'tcp', from, to, port, about: nameOf(port, cluster)}) as const),
  ];
  return isBack ? probes.map((probe) => ({...probe, delay: BACK_DELAY})) : probes;
}

function tcp(from: End, to: End, {node, around}: Candidate): readonly Probe[] {
  const {port} = node.ssh;
  return isAnswered(around, to.address, port) ? [{kind: 'tcp', from, to, port, about: 'ssh'}] : [];
}

/** What answers at a port of the cluster, where it is of use to a reader. */
function nameOf(port: number, {etcd, mesos}: Cluster): string | undefined {
  if (port === BGP_PORT) return 'bgp';
  if (port === etcd.clientPort) return 'etcd';
  return port === mesos.masterPort || port === mesos.agentPort ? 'mesos' : undefined;
}
