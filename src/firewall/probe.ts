import type {Cluster} from '../cluster/cluster.js';
import {BGP_PORT, isEstablished, NODE_STATUS, parsePeers} from '../components/calico/node-status.js';
import type {Fact, FactOutput} from '../engine/fact.js';
import {quote} from '../host/command.js';
import type {Address} from '../support/address.js';
import {type NodeRules, type Packet, verdict} from './verdict.js';

/** One end of a probe: a node, or a container on it. */
export interface End {
  readonly label: string;
  readonly address: Address;
  /** The node whose rules its packets meet. */
  readonly node: string;
  /** Whether its packets would have another source address by default. */
  readonly isSecondary?: boolean | undefined;
  /** The process in whose network namespace a container's probes start. */
  readonly pid?: number | undefined;
}

export interface Probe {
  /** `bgp` sends nothing: it reads the state of the session between the two nodes, which a connection to its port would reset. */
  readonly kind: 'ping' | 'tcp' | 'http' | 'bgp';
  readonly from: End;
  readonly to: End;
  readonly port?: number | undefined;
  /** Seconds to wait first: see BACK_DELAY. */
  readonly delay?: number | undefined;
  /** What is probed, where the kind and the port do not show it. */
  readonly about?: string | undefined;
}

/** `refused`: an error came back; `silent`: nothing came back; `unknown`: the probe could not be made. */
export interface ProbeResult {
  readonly kind: 'answered' | 'refused' | 'silent' | 'unknown';
  /** As ping and the kernel print it. */
  readonly detail: string;
}

const PINGS = 2;

/** A probe as a fact of the node it starts from. */
export function probeFact({kind, from, to, port, delay}: Probe): Fact<ProbeResult> {
  const enter = `${delay === undefined ? '' : `sleep ${delay}; `}${from.pid === undefined ? '' : `nsenter -t ${from.pid} -n `}`;
  const address = quote(to.address);
  // the limit of the command, or of all facts
  const whenTimedOut: ProbeResult = {kind: 'silent', detail: 'no answer'};
  if (kind === 'ping')
    return {
      whenTimedOut,
      script: `${enter}ping -n -c ${PINGS} -i 0.3 -W 1${from.isSecondary ? ` -I ${quote(from.address)}` : ''} ${address} 2>&1`,
      parse: readPing,
    };
  if (kind === 'bgp')
    return {
      whenTimedOut: {kind: 'unknown', detail: 'calicoctl does not answer'},
      // less than the limit of all probes together
      script: `timeout 8 sh -c ${quote(NODE_STATUS)}`,
      parse: (output) => readSession(to.address, output),
    };
  const request = `trap '' PIPE; printf 'GET / HTTP/1.0\\r\\nHost: ${to.address}\\r\\n\\r\\n' >&3; IFS= read -r line <&3; printf '%s' "$line"`;
  const program = `exec 3<>/dev/tcp/${to.address}/${port} || exit 1${kind === 'http' ? `; ${request}` : ''}`;
  return {whenTimedOut, script: `${enter}timeout 2 bash -c ${quote(program)} 2>&1`, parse: kind === 'tcp' ? readTcp : readHttp};
}

function readPing({stdout, code}: FactOutput): ProbeResult {
  const [, sent, received] = /(\d+) packets transmitted, (\d+) (?:packets )?received/.exec(stdout) ?? [];
  if (sent === undefined) return {kind: 'unknown', detail: stdout.trim().split('\n').at(-1) || `ping ended with ${code}`};
  const error = /icmp_seq=\d+ (.+)/.exec(stdout.replace(/^\d+ bytes from .*$/gm, ''))?.[1];
  const count = `${received}/${sent}`;
  if (Number(received) > 0) return {kind: 'answered', detail: count};
  return error ? {kind: 'refused', detail: `${count} ${error}`} : {kind: 'silent', detail: count};
}

function readTcp({stdout, code}: FactOutput): ProbeResult {
  if (code === 0) return {kind: 'answered', detail: 'connected'};
  if (/timed out/i.test(stdout)) return {kind: 'silent', detail: 'no answer'};
  const error = /: ([A-Z][\w ]+)$/m.exec(stdout)?.[1];
  return {kind: code === 127 ? 'unknown' : 'refused', detail: error ?? `ended with ${code}`};
}

function readHttp(output: FactOutput): ProbeResult {
  const status = /^HTTP\/\S+ (\d+.*?)\s*$/m.exec(output.stdout)?.[1];
  return status ? {kind: 'answered', detail: status} : output.code === 0 ? {kind: 'refused', detail: 'no HTTP'} : readTcp(output);
}

function readSession(peer: Address, {code, stdout}: FactOutput): ProbeResult {
  if (code !== 0) return {kind: 'refused', detail: `calicoctl ended with ${code}`};
  const session = parsePeers(stdout).find(({address}) => address === peer);
  if (!session) return {kind: 'refused', detail: 'no session'};
  return isEstablished(session)
    ? {kind: 'answered', detail: `Established since ${session.since}`}
    : {kind: 'refused', detail: session.info || session.state};
}

/** What the rules on both ends do with a probe. */
export type Expectation = 'passes' | 'fails';

/** Receiver → sender → the hardware address with which the sender's packets arrive; missing where a router is in between. */
export type Neighbours = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Pure: the request has to pass the rules where it arrives, and the answer those where it returns. */
export function expectation(
  probe: Probe,
  rules: ReadonlyMap<string, NodeRules>,
  neighbours: Neighbours,
  cluster: Cluster,
): Expectation {
  if (probe.kind === 'bgp') {
    // either node may have opened the session
    const {from, to} = probe;
    const opens = (one: Probe): boolean => expectation(one, rules, neighbours, cluster) === 'passes';
    const isOpen = opens({kind: 'tcp', from, to, port: BGP_PORT}) && opens({kind: 'tcp', from: to, to: from, port: BGP_PORT});
    return isOpen ? 'passes' : 'fails';
  }
  const isPing = probe.kind === 'ping';
  const arrives = (from: End, to: End, packet: Pick<Packet, 'kind' | 'isAnswer' | 'port' | 'sourcePort'>): boolean => {
    const isOwn = from.node === to.node;
    // hw5 has no rules for what a node sends itself
    if (isOwn && from.pid === undefined) return true;
    const passes = (node: string, macs: readonly string[], place: Packet['place'], source = from.address): boolean => {
      const own = rules.get(node);
      return !own || verdict({...packet, source, macs, place}, own, cluster) === 'pass';
    };
    // a container's node forwards what the container sends elsewhere; those packets do not carry the node's MAC yet
    const leaves = from.pid === undefined || isOwn || passes(from.node, [], 'outward');
    const mac = neighbours.get(to.node)?.get(from.node);
    const isMasqueraded =
      from.pid !== undefined && to.pid === undefined && !isOwn && !packet.isAnswer && cluster.calico.natOutgoing;
    const source = isMasqueraded ? cluster.nodes.find(({name}) => name === from.node)?.address : undefined;
    const place = to.pid !== undefined ? 'inward' : isOwn ? 'own' : 'host';
    return leaves && passes(to.node, mac === undefined ? [] : [mac], place, source);
  };
  const request = arrives(probe.from, probe.to, {kind: isPing ? 'echo-request' : 'tcp', isAnswer: false, port: probe.port});
  const answer = arrives(probe.to, probe.from, {kind: isPing ? 'echo-reply' : 'tcp', isAnswer: true, sourcePort: probe.port});
  return request && answer ? 'passes' : 'fails';
}

/** Whether a probe went as expected. One that could not be made proves nothing. */
export function isAsExpected(expected: Expectation, result: ProbeResult): boolean {
  return result.kind !== 'unknown' && (result.kind === 'answered') === (expected === 'passes');
}

/** `ping node2 → node1`, `tcp/22 …`, `http …`, `bgp node1 – node2`. */
export function showProbe({kind, from, to, port, about}: Probe): string {
  if (kind === 'bgp') return `bgp ${from.label} – ${to.label}`;
  const what = kind === 'tcp' ? `tcp/${port}` : kind;
  return `${what}${about ? ` (${about})` : ''} ${from.label} → ${to.label}`;
}
