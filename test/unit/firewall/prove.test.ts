import {expect, it} from 'vitest';
import type {NodeState} from '../../../src/firewall/nodes.js';
import {parseFirewallState} from '../../../src/firewall/parse-firewall-state.js';
import {Prover} from '../../../src/firewall/prove.js';
import {ConnectError, InterruptedError} from '../../../src/support/errors.js';
import {type FakeCall, FakeHost} from '../../support/fake-host.js';
import {FakeFirewall} from './fake-firewall.js';
import {cluster, node0, node1, node2} from './make-cluster.js';
import {rule} from './make-rule.js';

const denial = rule('deny-ip', node0.address);
const [MAC, DOCKER_MAC] = ['02:00:00:00:00:99', '02:42:00:00:00:99'];
const ANSWERED = '2 packets transmitted, 2 received, 0% packet loss';

/** The snapshot of a node with these rules. */
function snapshot(host: FakeFirewall): string {
  const dump = host.kernel('iptables-nft').save();
  return `#hw5 now 1000\n#hw5 default iptables nft\n#hw5 save iptables-nft nft\n${dump}#hw5 fingerprint f\n#hw5 links\n2: host0@if9: <UP> mtu 1500 link/ether ${MAC} brd ff:ff:ff:ff:ff:ff\n3: docker0: <UP> mtu 1500 link/ether ${DOCKER_MAC} brd ff:ff:ff:ff:ff:ff\n`;
}

/** What the host's shell prints for joined facts with these outputs, the last one for all that follow. */
function facts({stdin}: FakeCall, ...outputs: readonly string[]): string {
  const count = Number(/"\$i" -lt (\d+)/.exec(stdin.toString())![1]);
  const lines = Array.from({length: count}, (_, index) => outputs[index] ?? outputs.at(-1)!);
  return lines.map((text, index) => `${index} 0 ${Buffer.from(text).toString('base64')}\n`).join('');
}

const isSnapshot = (call: FakeCall): boolean => call.stdin.toString().includes('hw5_firewall snapshot');
const isServices = (call: FakeCall): boolean => call.stdin.toString().includes('ss -Hltn');

/** A node that answers, has HTTP, and whose probes all pass. */
function node(of: typeof node0, {firewall = new FakeFirewall()} = {}): {view: NodeState; host: FakeHost} {
  const host = new FakeHost(of.name)
    .on(
      (call) => !isSnapshot(call) && !isServices(call),
      (call: FakeCall) => facts(call, ANSWERED),
    )
    .on(isServices, (call: FakeCall) => facts(call, `LISTEN 0 128 *:80 *:*\n`, '', `${of.address} lladdr ${MAC}`))
    .on(isSnapshot, (call: FakeCall) => facts(call, snapshot(firewall)));
  return {view: {node: of, host, source: undefined, state: parseFirewallState(snapshot(firewall))}, host};
}

it('a node that is lost after the first snapshot probes nothing, and does not stop other proofs', async () => {
  const [guarded, sick, prober] = [node(node1, {firewall: new FakeFirewall().add(denial)}), node(node2), node(node0)];
  sick.host.on(/./, new ConnectError('node2', 'the connection broke'));
  const claims = [guarded, sick].map(({view}) => ({rule: denial, view, ends: undefined}));
  await using prover = await Prover.prepare(cluster, [prober.view, guarded.view, sick.view], claims);
  const [proof, other] = await prover.after();
  expect(proof!.rows.length).toBeGreaterThan(0);
  expect(proof!.remarks).toContainEqual(expect.stringMatching(/^node2 probes nothing: .*the connection broke/));
  expect(other).toMatchObject({node: 'node2', isOk: false, rows: []});
  expect(other!.doubts[0]).toContain('the connection broke');
});

it('a MAC that a node has but does not send with is not expected to match', async () => {
  const expected = async (mac: string): Promise<string> => {
    const guarded = node(node1, {firewall: new FakeFirewall().add(denial, rule('deny-mac', mac))});
    const views = [node(node0).view, guarded.view, node(node2).view];
    await using prover = await Prover.prepare(cluster, views, [{rule: denial, view: guarded.view, ends: undefined}]);
    const [proof] = await prover.after();
    return proof!.rows.find(({probe}) => probe.kind === 'ping' && probe.from.node === 'node2')!.expected;
  };
  expect(await expected(DOCKER_MAC)).toBe('passes');
  expect(await expected(MAC)).toBe('fails');
});

it('Ctrl-C ends a proof immediately, although a prober does not answer', async () => {
  const [guarded, prober] = [node(node1, {firewall: new FakeFirewall().add(denial)}), node(node0)];
  const stop = new AbortController();
  const views = [prober.view, guarded.view];
  const claims = [{rule: denial, view: guarded.view, ends: undefined}];
  await using prover = await Prover.prepare(cluster, views, claims, stop.signal);
  prober.host.on(
    (call) => !isSnapshot(call),
    () => {
      stop.abort(new InterruptedError('interrupted'));
      return new Promise<never>(() => {});
    },
  );
  await expect(prover.before()).rejects.toThrow('interrupted');
  await prover.after();
  await expect(Prover.prepare(cluster, views, claims, stop.signal)).rejects.toThrow('interrupted');
}, 5_000);
