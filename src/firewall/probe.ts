import type {Cluster} from '../cluster/cluster.js';
import type {Fact, FactOutput} from '../engine/fact.js';
import {quote} from '../host/command.js';
import {type Guard, judge, type Packet} from './verdict.js';

/** One end of a probe: a node, or a container on it. */
export interface End {
  readonly label: string;
  readonly address: string;
  /** The node at whose firewall its packets are judged. */
  readonly node: string;
  /** Not the address its packets would carry by themselves. */
  readonly isSecondary?: boolean | undefined;
  /** The process in whose network a container's probes start. */
  readonly pid?: number | undefined;
}

export interface Probe {
  readonly kind: 'ping' | 'tcp' | 'http';
  readonly from: End;
  readonly to: End;
  readonly port?: number | undefined;
  /** Seconds to wait before: see BACK_DELAY. */
  readonly delay?: number | undefined;
  /** What it is good for, when the kind does not say it. */
  readonly about?: string | undefined;
}

/** `refused`: somebody said no; `silent`: nobody said anything; `unknown`: the prober could not be asked. */
export interface ProbeResult {
  readonly kind: 'answered' | 'refused' | 'silent' | 'unknown';
  /** In the words of ping and the kernel. */
  readonly detail: string;
}

const PINGS = 2;

/** A probe as a script for the node it starts from, and what its output means. */
export function probeFact({kind, from, to, port, delay}: Probe): Fact<ProbeResult> {
  const enter = `${delay === undefined ? '' : `sleep ${delay}; `}${from.pid === undefined ? '' : `nsenter -t ${from.pid} -n `}`;
  const address = quote(to.address);
  // the prober's own limit, or that of the look as a whole
  const whenTimedOut: ProbeResult = {kind: 'silent', detail: 'no answer'};
  if (kind === 'ping')
    return {
      whenTimedOut,
      script: `${enter}ping -n -c ${PINGS} -i 0.3 -W 1${from.isSecondary ? ` -I ${quote(from.address)}` : ''} ${address} 2>&1`,
      parse: readPing,
    };
  const ask = `trap '' PIPE; printf 'GET / HTTP/1.0\\r\\nHost: ${to.address}\\r\\n\\r\\n' >&3; IFS= read -r line <&3; printf '%s' "$line"`;
  const program = `exec 3<>/dev/tcp/${to.address}/${port} || exit 1${kind === 'http' ? `; ${ask}` : ''}`;
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
  const said = /: ([A-Z][\w ]+)$/m.exec(stdout)?.[1];
  return {kind: code === 127 ? 'unknown' : 'refused', detail: said ?? `ended with ${code}`};
}

function readHttp(output: FactOutput): ProbeResult {
  const status = /^HTTP\/\S+ (\d+.*?)\s*$/m.exec(output.stdout)?.[1];
  return status ? {kind: 'answered', detail: status} : output.code === 0 ? {kind: 'refused', detail: 'no HTTP'} : readTcp(output);
}

/** What our rules, on both ends, make of a probe. */
export type Expectation = 'passes' | 'fails';

/** Receiver → sender → the hardware address with which that one's packets arrive; missing: a router is between. */
export type Neighbours = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Pure: the request has to get past the rules where it arrives, and the answer past those where it returns. */
export function expectation(
  probe: Probe,
  guards: ReadonlyMap<string, Guard>,
  neighbours: Neighbours,
  cluster: Cluster,
): Expectation {
  const isPing = probe.kind === 'ping';
  const arrives = (from: End, to: End, packet: Pick<Packet, 'kind' | 'isAnswer' | 'port' | 'sourcePort'>): boolean => {
    const passes = (node: string, state: readonly string[], place: Packet['place']): boolean => {
      const guard = guards.get(node);
      return !guard || judge({...packet, source: from.address, macs: state, place}, guard, cluster) === 'pass';
    };
    // the node of a container passes on what the container sends elsewhere, and does not see its own address on it
    const leaves = from.pid === undefined || from.node === to.node || passes(from.node, [], 'outward');
    const mac = neighbours.get(to.node)?.get(from.node);
    return leaves && passes(to.node, mac === undefined ? [] : [mac], to.pid === undefined ? 'host' : 'inward');
  };
  const request = arrives(probe.from, probe.to, {kind: isPing ? 'echo-request' : 'tcp', isAnswer: false, port: probe.port});
  const answer = arrives(probe.to, probe.from, {kind: isPing ? 'echo-reply' : 'tcp', isAnswer: true, sourcePort: probe.port});
  return request && answer ? 'passes' : 'fails';
}

/** Whether what was expected happened. A probe that could not be made proves nothing. */
export function isAsExpected(expected: Expectation, result: ProbeResult): boolean {
  return result.kind !== 'unknown' && (result.kind === 'answered') === (expected === 'passes');
}

/** `ping node2 → node1`, `tcp/22 …`, `http …`. */
export function showProbe({kind, from, to, port, about}: Probe): string {
  const what = kind === 'tcp' ? `tcp/${port}` : kind;
  return `${what}${about ? ` (${about})` : ''} ${from.label} → ${to.label}`;
}
