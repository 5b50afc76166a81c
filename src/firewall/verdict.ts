import type {Cluster, ClusterNode} from '../cluster/cluster.js';
import type {Address} from '../support/address.js';
import {memberTcpPorts, type SshSource} from './failsafe.js';
import {coversContainers, coversHost, coversOwnNode, type Rule} from './rule.js';

/** A packet as it arrives at a node. */
export interface Packet {
  readonly source: Address;
  /** The sender's hardware address; empty behind a router. */
  readonly macs: readonly string[];
  readonly kind: 'echo-request' | 'echo-reply' | 'tcp';
  readonly sourcePort?: number | undefined;
  readonly port?: number | undefined;
  /** Belongs to a connection, or a ping, that the receiver started. */
  readonly isAnswer: boolean;
  /** For the node itself, for it from one of its own containers, forwarded to one of them, or forwarded from one. */
  readonly place: 'host' | 'own' | 'inward' | 'outward';
}

/** The rules of a node. */
export interface NodeRules {
  readonly node: ClusterNode;
  readonly rules: readonly Rule[];
  readonly sources: readonly SshSource[];
}

export type Verdict = 'pass' | 'reject' | 'drop';

const COVERS: Readonly<Record<Packet['place'], (rule: Rule) => boolean>> = {
  host: coversHost,
  own: coversOwnNode,
  inward: coversContainers,
  outward: coversContainers,
};

/** Pure: what hw5's rules on a node do with a packet, in the order of their chains. Rules of other tools are not considered. */
export function verdict(packet: Packet, own: NodeRules, cluster: Cluster): Verdict {
  const rules = own.rules.filter(COVERS[packet.place]);
  const denies = (strict: boolean): boolean =>
    rules.some((rule) => rule.strict === strict && rule.exercise !== 'http-only' && isDenied(packet, rule));
  const lacksHttp = (strict: boolean): boolean =>
    packet.place !== 'outward' &&
    rules.some((rule) => rule.strict === strict && rule.exercise === 'http-only') &&
    !isAnswerOrHttp(packet);
  if (denies(true)) return 'reject';
  if (!isSafe(packet, own, cluster)) {
    if (denies(false)) return 'reject';
    if (lacksHttp(false)) return 'drop';
  }
  return lacksHttp(true) ? 'drop' : 'pass';
}

function isDenied(packet: Packet, {exercise, match}: Rule): boolean {
  if (match.kind === 'mac') return packet.macs.includes(match.mac);
  if (match.kind !== 'net' || !match.net.contains(packet.source)) return false;
  return exercise === 'deny-ip' || packet.kind === 'echo-request';
}

function isAnswerOrHttp(packet: Packet): boolean {
  return packet.isAnswer || (packet.kind === 'tcp' && packet.port === 80);
}

/** Whether the failsafe lets it pass. This is failsafe.ts again, for packets instead of the kernel. */
function isSafe(packet: Packet, {node, sources}: NodeRules, cluster: Cluster): boolean {
  if (packet.kind !== 'tcp' || !['host', 'own'].includes(packet.place)) return false;
  const sender = cluster.nodes.find((other) => other.name !== node.name && other.address === packet.source);
  if (packet.isAnswer) return sender !== undefined && memberTcpPorts(sender, cluster).includes(packet.sourcePort ?? 0);
  const isMember = sender !== undefined && memberTcpPorts(node, cluster).includes(packet.port ?? 0);
  return isMember || sources.some(({address, port}) => address === packet.source && port === packet.port);
}
