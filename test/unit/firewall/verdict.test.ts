import {describe, expect, it} from 'vitest';
import type {ClusterNode} from '../../../src/cluster/cluster.js';
import type {Candidate} from '../../../src/firewall/candidate.js';
import {chooseProbes} from '../../../src/firewall/choose-probes.js';
import {expectation, isAsExpected, type Probe, probeFact, showProbe} from '../../../src/firewall/probe.js';
import {type Rule, SCOPES, type Scope} from '../../../src/firewall/rule.js';
import {type Packet, verdict} from '../../../src/firewall/verdict.js';
import {addressLiteral} from '../../../src/support/address.js';
import {candidate, MACS, NEIGHBOURS} from './make-candidate.js';
import {cluster, node0, node1, node2, source} from './make-cluster.js';
import {rule} from './make-rule.js';

function packet(change: Partial<Packet>): Packet {
  return {source: node2.address, macs: MACS.get('node2')!, kind: 'echo-request', isAnswer: false, place: 'host', ...change};
}

const on = (...rules: Rule[]) => ({node: node1, rules, sources: [source]});

describe('the verdict on a packet at node1', () => {
  const ping = packet({});
  const etcd = packet({kind: 'tcp', port: 2379});
  const bgpAnswer = packet({kind: 'tcp', sourcePort: 179, isAnswer: true});
  const visit = packet({kind: 'tcp', port: 80});
  const ssh = packet({source: source.address, macs: [], kind: 'tcp', port: 22});

  it.each([
    ['deny-ip', rule('deny-ip', node2.address), ['reject', 'pass', 'pass', 'reject', 'pass']],
    ['deny-ip strict', rule('deny-ip', node2.address, {strict: true}), ['reject', 'reject', 'reject', 'reject', 'pass']],
    ['deny-ip of the network', rule('deny-ip', '198.18.0.0/24'), ['reject', 'pass', 'pass', 'reject', 'pass']],
    ['deny-mac', rule('deny-mac', '02:00:00:00:00:12'), ['reject', 'pass', 'pass', 'reject', 'pass']],
    ['deny-ping', rule('deny-ping', node2.address), ['reject', 'pass', 'pass', 'pass', 'pass']],
    ['http-only', rule('http-only'), ['drop', 'pass', 'pass', 'pass', 'pass']],
    ['http-only strict', rule('http-only', undefined, {strict: true}), ['drop', 'drop', 'pass', 'pass', 'drop']],
    ['a rule for containers', rule('deny-ip', node2.address, {scope: 'containers'}), ['pass', 'pass', 'pass', 'pass', 'pass']],
  ] as const)('%s: ping, etcd, an answer of BGP, HTTP from node2; SSH from the controller', (_, one, verdicts) => {
    expect([ping, etcd, bgpAnswer, visit, ssh].map((each) => verdict(each, on(one), cluster))).toEqual(verdicts);
  });

  it('a denied node may not use HTTP either where there is http-only, too', () => {
    expect(verdict(visit, on(rule('http-only'), rule('deny-ip', node2.address)), cluster)).toBe('reject');
  });

  it('a source port of the cluster opens nothing to a new connection', () => {
    expect(verdict(packet({kind: 'tcp', sourcePort: 2379, port: 80}), on(rule('deny-ip', node2.address)), cluster)).toBe(
      'reject',
    );
  });

  it('deny-ping rejects pings, while the answers to the node’s own pings arrive', () => {
    const own = packet({kind: 'echo-reply', isAnswer: true});
    expect(verdict(own, on(rule('deny-ping', node2.address)), cluster)).toBe('pass');
  });
});

const target = candidate(node1);
const others = [candidate(node0), candidate(node2)];

function expectations(one: Rule, at = target): string[] {
  const rules = new Map(
    cluster.nodes.map((node) => [node.name, {node, rules: node.name === 'node1' ? [one] : [], sources: [source]}]),
  );
  return chooseProbes(one, at, others, cluster).probes.map(
    (probe) => `${showProbe(probe)} ${expectation(probe, rules, NEIGHBOURS, cluster)}`,
  );
}

describe('the probes for a rule on node1', () => {
  it('deny-ip: the denied node fails both ways, the cluster’s traffic and others pass', () => {
    expect(expectations(rule('deny-ip', node2.address))).toEqual([
      'ping node2 → node1 fails',
      'tcp/22 (ssh) node2 → node1 fails',
      'http node2 → node1 fails',
      'tcp/2379 (etcd) node2 → node1 passes',
      'ping node1 → node2 fails',
      'tcp/22 (ssh) node1 → node2 fails',
      'tcp/2379 (etcd) node1 → node2 passes',
      'bgp node1 – node2 passes',
      'ping node0 → node1 passes',
      'ping node1 → node0 passes',
      'tcp/22 (ssh) node0 → node1 passes',
    ]);
  });

  it('deny-ping: only pings from there fail', () => {
    expect(expectations(rule('deny-ping', node0.address)).filter((line) => line.endsWith('fails'))).toEqual([
      'ping node0 → node1 fails',
    ]);
  });

  it('http-only: HTTP passes, and our own pings', () => {
    const lines = expectations(rule('http-only'));
    expect(lines).toContain('http node0 → node1 passes');
    expect(lines).toContain('ping node0 → node1 fails');
    expect(lines).toContain('ping node1 → node0 passes');
  });

  it('http-only: reports when nothing can listen at port 80', () => {
    const mute = candidate(node1, {services: {listeners: [{address: '*', port: 22}], containers: []}});
    expect(chooseProbes(rule('http-only'), mute, others, cluster).remarks).toContain(
      'port 80 of node1 does not answer, and hw5 could not listen there: it is not proven that HTTP passes',
    );
    expect(chooseProbes(rule('http-only'), target, others, cluster).remarks.join()).not.toContain('port 80');
  });

  describe('over IPv6', () => {
    const at = (of: ClusterNode, ...v6: readonly string[]): Candidate =>
      candidate(of, {
        interfaces: [
          {name: 'docker0', addresses: [{address: addressLiteral('fd00:d::1'), scope: 'global'}]},
          {
            name: 'eth0',
            mac: MACS.get(of.name)![0]!,
            addresses: [of.address, ...v6].map((text) => ({address: addressLiteral(text), scope: 'global'})),
          },
        ],
      });
    const six = (one: Rule, here: Candidate, there: Candidate) => {
      const {probes, remarks} = chooseProbes(one, here, [there], cluster);
      return {probes: probes.filter(({to}) => to.address.includes(':')), remarks};
    };
    const BOTH = [rule('http-only'), rule('deny-mac', MACS.get('node2')![0]!)];

    it.each(BOTH)('$exercise is probed by a ping each way, to addresses that the other node reaches, which must fail', (one) => {
      const {probes, remarks} = six(one, at(node1, 'fd00::11'), at(node2, 'fd00::12'));
      expect(probes.map((probe) => [showProbe(probe), probe.to.address])).toEqual([
        ['ping (IPv6) node2 → node1', 'fd00::11'],
        ['ping (IPv6) node1 → node2', 'fd00::12'],
      ]);
      expect(remarks).toEqual([]);
      const rules = new Map([['node1', on(one)]]);
      expect(expectation(probes[0]!, rules, NEIGHBOURS, cluster)).toBe('fails');
    });

    it.each(BOTH)('$exercise: reports where it cannot be proven', (one) => {
      expect(six(one, at(node1, 'fd00::11'), at(node2)).remarks).toEqual([
        'over IPv6 it is not proven, for want of a global address on node2',
      ]);
      expect(six(one, {...at(node1, 'fd00::11'), families: [4]}, at(node2, 'fd00::12'))).toEqual({
        probes: [],
        remarks: ['IPv6 is open: no ip6tables works on node1'],
      });
    });

    it('a node with several addresses pings from the denied one', () => {
      const denial = rule('deny-ip', 'fd00::12');
      const script = (...addresses: readonly string[]): string => {
        const [ping] = six(denial, at(node1, 'fd00::11'), at(node2, ...addresses)).probes;
        return probeFact(ping!).script;
      };
      expect(script('fd00::99', 'fd00::12')).toContain('-I fd00::12 fd00::11 ');
      expect(script('fd00::12', 'fd00::99')).toContain('-I fd00::12 fd00::11 ');
      expect(script('fd00::12')).not.toContain('-I ');
    });
  });

  it('deny-mac: the prober is the node with the MAC', () => {
    expect(expectations(rule('deny-mac', '02:00:00:00:00:12'))[0]).toBe('ping node2 → node1 fails');
  });

  it('deny-mac behind a router: reports that the MAC is not visible', () => {
    const behind = candidate(node1, {neighbours: new Map()});
    const plan = chooseProbes(rule('deny-mac', '02:00:00:00:00:12'), behind, others, cluster);
    expect(plan.probes).toEqual([]);
    expect(plan.remarks[0]).toContain('a MAC is only visible on the last hop: packets of node2');
  });

  it('reports when no node has the address', () => {
    const plan = chooseProbes(rule('deny-ip', '10.2.67.113'), target, others, cluster);
    expect(plan).toEqual({probes: [], remarks: ['no other node of this cluster has 10.2.67.113: rule and counter only']});
  });

  it('for containers: pings go to a container, from the node and back', () => {
    const busy = candidate(node1, {
      services: {listeners: [], containers: [{name: 'ssh-1', pid: 7, address: addressLiteral('192.168.0.101')}]},
    });
    expect(expectations(rule('deny-ip', node2.address, {scope: 'containers'}), busy)).toEqual([
      'ping node2 → ssh-1 on node1 fails',
      'ping ssh-1 on node1 → node2 fails',
      'ping node0 → ssh-1 on node1 passes',
    ]);
  });

  describe('against a container', () => {
    const has = (...names: readonly number[]): Partial<Candidate> => ({
      services: {
        listeners: [],
        containers: names.map((pid) => ({name: `ssh-${pid}`, pid, address: addressLiteral(`192.168.0.10${pid}`)})),
      },
    });
    const busy = candidate(node1, has(1, 4));
    const plan = (one: Rule) => chooseProbes(one, busy, [candidate(node0, has(3)), candidate(node2, has(2))], cluster);

    it('the denied container pings one on the rule’s node, and another one pings it, too, which passes', () => {
      const {probes} = plan(rule('deny-ip', '192.168.0.102', {scope: 'containers'}));
      expect(probes.map(showProbe)).toEqual([
        'ping ssh-2 on node2 → ssh-1 on node1',
        'ping ssh-1 on node1 → ssh-2 on node2',
        'ping ssh-3 on node0 → ssh-1 on node1',
      ]);
      expect(plan(rule('deny-ip', '192.168.0.101', {scope: 'containers'})).probes.map(showProbe)[0]).toBe(
        'ping ssh-1 on node1 → ssh-4 on node1',
      );
    });

    it('pings its own node, too, which fails in either scope, while another container’s pings pass', () => {
      const {probes} = plan(rule('deny-ip', '192.168.0.101'));
      expect(probes.map(showProbe)).toEqual([
        'ping ssh-1 on node1 → node1',
        'ping node1 → ssh-1 on node1',
        'ping ssh-4 on node1 → node1',
      ]);
      for (const scope of SCOPES) {
        const one = rule('deny-ip', '192.168.0.101', {scope});
        const rules = new Map([['node1', on(one)]]);
        const own = plan(one).probes.filter((probe) => probes.some((other) => showProbe(other) === showProbe(probe)));
        expect(own.map((probe) => expectation(probe, rules, NEIGHBOURS, cluster))).toEqual(['fails', 'fails', 'passes']);
      }
      // it is not on the rule's node
      expect(plan(rule('deny-ip', '192.168.0.102')).probes).toEqual([]);
    });

    it('reports what such a rule cannot do', () => {
      expect(plan(rule('deny-ip', '192.168.0.102')).remarks).toEqual([
        'no other node of this cluster has 192.168.0.102: rule and counter only',
        "a container's packets reach other nodes with its node's address: the rule matches those to its own node only; between containers: --scope containers",
      ]);
      expect(plan(rule('deny-ip', '192.168.0.101', {scope: 'both'})).remarks).toEqual([
        "a container's packets reach other nodes with its node's address: the rule matches those to its own node only",
      ]);
      expect(plan(rule('deny-ip', '192.168.0.102', {scope: 'containers'})).remarks).toEqual([]);
    });

    it('http-only: one on the rule’s node gets HTTP from it, and nothing else', () => {
      const open = candidate(node1, {services: {...busy.services, listeners: target.services.listeners}});
      const own = (scope: Scope) => {
        const one = rule('http-only', undefined, {scope});
        return chooseProbes(one, open, others, cluster)
          .probes.filter(({from, to}) => from.pid !== undefined && to.pid === undefined && to.node === 'node1')
          .map((probe) => `${showProbe(probe)} ${expectation(probe, new Map([['node1', on(one)]]), NEIGHBOURS, cluster)}`);
      };
      const limited = ['ping ssh-1 on node1 → node1 fails', 'http ssh-1 on node1 → node1 passes'];
      expect(own('host')).toEqual(limited);
      expect(own('both')).toEqual(limited);
      // what a container sends does not come in to a container
      expect(own('containers')).toEqual([]);
    });
  });
});

describe('a packet of a container', () => {
  const inside = {label: 'ssh-1 on node1', address: addressLiteral('192.168.0.101'), node: 'node1', pid: 1};
  const neighbour = {...inside, label: 'ssh-4 on node1', address: addressLiteral('192.168.0.104'), pid: 4};
  const outside = {label: 'node2', address: node2.address, node: 'node2'};
  const with_ = (...rules: Rule[]) => new Map([['node1', {node: node1, rules, sources: []}]]);
  const expected = (from: Probe['from'], to: Probe['to'], ...rules: Rule[]) =>
    expectation({kind: 'ping', from, to}, with_(...rules), NEIGHBOURS, cluster);

  it('is forwarded by its own node, which may deny it', () => {
    const denial = rule('deny-ip', inside.address, {scope: 'containers'});
    expect(expected(inside, outside, denial)).toBe('fails');
    expect(expected(outside, inside, denial)).toBe('fails');
    expect(expected(neighbour, outside, denial)).toBe('passes');
    expect(expected(inside, neighbour, denial)).toBe('fails');
  });

  it('leaves a node where only HTTP comes in, and gets its answer', () => {
    const http = rule('http-only', undefined, {scope: 'containers'});
    expect(expected(inside, outside, http)).toBe('passes');
    expect(expected(outside, inside, http)).toBe('fails');
    expect(expected(inside, neighbour, http)).toBe('fails');
  });

  it('reaches its own node at INPUT, where rules of either scope match it, but http-only for containers limits what comes in to them', () => {
    const own = {label: 'node1', address: node1.address, node: 'node1'};
    for (const scope of SCOPES) {
      const denial = rule('deny-ip', inside.address, {scope});
      expect([expected(inside, own, denial), expected(own, inside, denial)]).toEqual(['fails', 'fails']);
      const ping = rule('deny-ping', inside.address, {scope});
      expect([expected(inside, own, ping), expected(own, inside, ping)]).toEqual(['fails', 'passes']);
      expect(expected(neighbour, own, denial)).toBe('passes');
      expect(expected(inside, own, rule('http-only', undefined, {scope}))).toBe(scope === 'containers' ? 'passes' : 'fails');
    }
  });

  it('reaches another node with its own node’s address, unless the pool is not masqueraded', () => {
    const at = {label: 'node2', address: node2.address, node: 'node2'};
    const reached = (denied: string, natOutgoing: boolean) => {
      const rules = new Map([['node2', {node: node2, rules: [rule('deny-ip', denied)], sources: []}]]);
      return expectation({kind: 'ping', from: inside, to: at}, rules, NEIGHBOURS, {
        ...cluster,
        calico: {...cluster.calico, natOutgoing},
      });
    };
    expect([reached(inside.address, true), reached(node1.address, true)]).toEqual(['passes', 'fails']);
    expect([reached(inside.address, false), reached(node1.address, false)]).toEqual(['fails', 'passes']);
  });

  it('does not carry its node’s MAC there', () => {
    expect(expected(inside, outside, rule('deny-mac', MACS.get('node1')![0]!, {scope: 'containers'}))).toBe('passes');
  });
});

describe('the result of a probe', () => {
  const end = {label: 'a', address: addressLiteral('198.18.0.11'), node: 'node1'};
  const read = (kind: Probe['kind'], stdout: string, code: number) =>
    probeFact({kind, from: end, to: end, port: 80}).parse({stdout, code});
  const PING = 'PING 198.18.0.11 (198.18.0.11) 56(84) bytes of data.\n';

  it.each([
    [
      'ping',
      `${PING}64 bytes from 198.18.0.11: icmp_seq=1 ttl=64 time=0.1 ms\n\n2 packets transmitted, 2 received, 0% packet loss`,
      0,
      'answered',
      '2/2',
    ],
    [
      'ping',
      `${PING}From 198.18.0.11 icmp_seq=1 Destination Port Unreachable\n\n2 packets transmitted, 0 received, +1 errors`,
      1,
      'refused',
      '0/2 Destination Port Unreachable',
    ],
    ['ping', `${PING}\n2 packets transmitted, 0 received, 100% packet loss`, 1, 'silent', '0/2'],
    ['ping', 'sh: 1: ping: not found\n', 127, 'unknown', 'sh: 1: ping: not found'],
    ['tcp', '', 0, 'answered', 'connected'],
    [
      'tcp',
      'bash: connect: Connection refused\nbash: /dev/tcp/198.18.0.11/22: Connection refused\n',
      1,
      'refused',
      'Connection refused',
    ],
    ['http', 'HTTP/1.0 200 OK\r', 0, 'answered', '200 OK'],
    ['http', 'SSH-2.0-OpenSSH', 0, 'refused', 'no HTTP'],
  ] as const)('%s %j', (kind, stdout, code, result, detail) => {
    expect(read(kind, stdout, code)).toEqual({kind: result, detail});
  });

  it('a probe without an answer until its time limit is silent', () => {
    const end = {label: 'node0', address: addressLiteral('198.18.0.10'), node: 'node0'};
    for (const kind of ['ping', 'tcp', 'http'] as const)
      expect(probeFact({kind, from: end, to: end, port: 22}).whenTimedOut).toEqual({kind: 'silent', detail: 'no answer'});
  });

  it('a prober that did not report proves nothing', () => {
    expect(isAsExpected('fails', {kind: 'unknown', detail: ''})).toBe(false);
    expect(isAsExpected('fails', {kind: 'silent', detail: ''})).toBe(true);
    expect(isAsExpected('passes', {kind: 'refused', detail: ''})).toBe(false);
  });
});
