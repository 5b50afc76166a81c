import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import {isIn} from './address.js';
import {portsOf, type SshSource} from './failsafe.js';
import {coversContainers, coversHost, type Rule} from './rule.js';

/** A packet as it arrives at a node. */
export interface Packet {
  readonly source: string;
  /** The hardware address it comes with, if the receiver can see that of the sender: none behind a router. */
  readonly macs: readonly string[];
  readonly kind: 'echo-request' | 'echo-reply' | 'tcp';
  readonly sourcePort?: number | undefined;
  readonly port?: number | undefined;
  /** Belongs to a connection, or a ping, that the receiver began. */
  readonly isAnswer: boolean;
  /** For the node itself, passed on to a container of it, or passed on from one to elsewhere. */
  readonly place: 'host' | 'inward' | 'outward';
}

/** What a node's rules are, for judging. */
export interface Guard {
  readonly node: ClusterNode;
  readonly rules: readonly Rule[];
  readonly sources: readonly SshSource[];
}

export type Verdict = 'pass' | 'reject' | 'drop';

/** Pure: what our rules on a node do with a packet, in the order of their chains. What others' rules do is not ours to know. */
export function judge(packet: Packet, guard: Guard, cluster: Cluster): Verdict {
  const rules = guard.rules.filter(packet.place === 'host' ? coversHost : coversContainers);
  const denies = (strict: boolean): boolean =>
    rules.some((rule) => rule.strict === strict && rule.exercise !== 'http-only' && isDenied(packet, rule));
  const lacksHttp = (strict: boolean): boolean =>
    packet.place !== 'outward' &&
    rules.some((rule) => rule.strict === strict && rule.exercise === 'http-only') &&
    !isAnswerOrHttp(packet);
  if (denies(true)) return 'reject';
  if (!isSafe(packet, guard, cluster)) {
    if (denies(false)) return 'reject';
    if (lacksHttp(false)) return 'drop';
  }
  return lacksHttp(true) ? 'drop' : 'pass';
}

function isDenied(packet: Packet, {exercise, match}: Rule): boolean {
  if (match.kind === 'mac') return packet.macs.includes(match.mac);
  if (match.kind !== 'net' || !isIn(match.net, packet.source)) return false;
  return exercise === 'deny-ip' || packet.kind === 'echo-request';
}

function isAnswerOrHttp(packet: Packet): boolean {
  return packet.isAnswer || (packet.kind === 'tcp' && packet.port === 80);
}

/** Whether the failsafe lets it pass: see failsafe.ts, which says the same to the kernel. */
function isSafe(packet: Packet, {node, sources}: Guard, cluster: Cluster): boolean {
  if (packet.kind !== 'tcp' || packet.place !== 'host') return false;
  const sender = cluster.nodes.find((other) => other.name !== node.name && other.address === packet.source);
  if (packet.isAnswer) return sender !== undefined && portsOf(sender, cluster).includes(packet.sourcePort ?? 0);
  const isMember = sender !== undefined && portsOf(node, cluster).includes(packet.port ?? 0);
  return isMember || sources.some(({address, port}) => address === packet.source && port === packet.port);
}
