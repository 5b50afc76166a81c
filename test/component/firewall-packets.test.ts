import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {snapshotScript} from '../../src/components/firewall/program.js';
import type {FirewallState} from '../../src/firewall/firewall-state.js';
import {flawsOf} from '../../src/firewall/flaws.js';
import type {HostChange} from '../../src/firewall/host-change.js';
import type {NodeState} from '../../src/firewall/nodes.js';
import {parseFirewallState} from '../../src/firewall/parse-firewall-state.js';
import {planAdd, planReset} from '../../src/firewall/plan.js';
import type {Rule} from '../../src/firewall/rule.js';
import {packageFile} from '../../src/support/template.js';
import {cluster, node1, node2, source} from '../unit/firewall/make-cluster.js';
import {rule} from '../unit/firewall/make-rule.js';

/**
 * Real packets through a real kernel, in network namespaces: node1 with Docker's and Felix's rules, `peer` with node2's address, and `box`, a container of
 * node1. All listen at the ports 22 and 80.
 */
const NODE = node1.address;
const PEER = node2.address;
const BOX = '192.168.0.101';
const WORLD = `mount -t tmpfs none /run && ip netns add peer && ip netns add box
ip link add host0 type veth peer name eth0 netns peer && ip link add cali1a2b3c4d5e6 type veth peer name eth0 netns box
ip addr add ${NODE}/24 dev host0; for one in lo host0 cali1a2b3c4d5e6; do ip link set $one up; done; sysctl -qw net.ipv4.ip_forward=1
ip -n peer addr add ${PEER}/24 dev eth0; ip -n box addr add ${BOX}/32 dev eth0
for one in peer box; do ip -n $one link set lo up; ip -n $one link set eth0 up; done
ip route add ${BOX} dev cali1a2b3c4d5e6; ip -n peer route add 192.168.0.0/16 via ${NODE}
ip -n box route add ${NODE} dev eth0; ip -n box route add default via ${NODE} dev eth0
ip link set cali1a2b3c4d5e6 address ee:ee:ee:ee:ee:ee; ip addr add 169.254.1.1/32 dev cali1a2b3c4d5e6`;
const LISTEN = `for (const port of [22, 80]) require('net').createServer((socket) => socket.end()).listen(port); setInterval(() => {}, 1000)`;

/** Felix moves its hooks to the front again whenever it refreshes its rules. */
const FELIX_REFRESHES = `for chain in INPUT FORWARD; do
  rule=$(TOOL -S $chain | sed -n 's/^-A \\(.* -j cali-.*\\)$/\\1/p')
  [ -z "$rule" ] || eval "TOOL -D $rule && TOOL -I $rule"
done`;
const canRun =
  spawnSync('unshare', ['-n', '-m', 'sh', '-c', 'iptables-nft -S && iptables-legacy -S && command -v perl']).status === 0;
const capture = (name: string): string => readFileSync(packageFile(`test/fixtures/firewall/${name}.save`), 'utf8');

describe.skipIf(!canRun).each([
  [
    'Docker’s rules in nf_tables and Felix’s in the legacy tables',
    {'iptables-nft': 'docker-nft', 'iptables-legacy': 'felix-legacy'},
  ],
  ['both in the legacy tables', {'iptables-legacy': 'docker-felix-legacy'}],
  ['both in nf_tables', {'iptables-nft': 'docker-felix-legacy'}],
] as const)('with %s', (_, dumps) => {
  let world: ChildProcess;
  const listeners: ChildProcess[] = [];
  const inside = (script: string, input = '') =>
    spawnSync('nsenter', ['-t', String(world.pid), '-n', '-m', 'sh', '-c', script], {input, encoding: 'utf8'});
  const run = (script: string, input?: string): string => {
    const {status, stdout, stderr} = inside(script, input);
    if (status !== 0) throw new Error(`${script}\n${stderr}`);
    return stdout;
  };
  const state = (): FirewallState => parseFirewallState(run(snapshotScript()));
  const install = ({edits}: HostChange): void => {
    for (const {tool, forward} of edits) run(`${tool}-restore --noflush --counters`, forward);
  };
  /** Which of these connections are made, as `peer node 22`. All are tried concurrently. */
  const made = (...connections: readonly string[]): Record<string, boolean> => {
    const attempts = connections.map((text) => {
      const [from, to, port] = text.split(' ');
      const address = {node: NODE, peer: PEER, box: BOX}[to!];
      const enter = from === 'node' ? '' : `ip netns exec ${from} `;
      return `{ ${enter}timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/${port}' 2>/dev/null && echo '${text}'; } &`;
    });
    const passed = run(`${attempts.join('\n')}\nwait`).split('\n');
    return Object.fromEntries(connections.map((text) => [text, passed.includes(text)]));
  };
  const ALL = [
    'peer node 22',
    'peer node 80',
    'peer box 22',
    'peer box 80',
    'box peer 22',
    'box node 22',
    'box node 80',
    'node peer 22',
    'node box 22',
  ];
  const but = (...denied: readonly string[]) => Object.fromEntries(ALL.map((text) => [text, !denied.includes(text)]));
  const add = (one: Rule): void => {
    install(planAdd(state(), {rule: one}, {node: node1, cluster, source}));
    for (const tool of Object.keys(dumps)) run(FELIX_REFRESHES.replaceAll('TOOL', tool));
    expect(flawsOf({node: node1, state: state()} as NodeState, cluster)).toEqual([]);
  };

  beforeAll(async () => {
    world = spawn('unshare', ['-n', '-m', 'sh', '-c', 'echo ready; exec sleep 600'], {stdio: ['ignore', 'pipe', 'ignore']});
    await once(world.stdout!, 'data');
    run(WORLD);
    for (const place of [[], ['ip', 'netns', 'exec', 'peer'], ['ip', 'netns', 'exec', 'box']]) {
      const argv = ['-t', String(world.pid), '-n', '-m', ...place, process.execPath, '-e', LISTEN];
      listeners.push(spawn('nsenter', argv, {stdio: 'ignore'}));
      run(`until ${place.join(' ')} ss -Hltn | grep -q :80; do sleep 0.1; done`);
    }
    // the neighbours are known from then on
    for (let tries = 0; tries < 5 && Object.values(made(...ALL)).includes(false); tries++);
    for (const [tool, name] of Object.entries(dumps)) run(`${tool}-restore`, capture(name));
  });
  beforeEach(() => install(planReset(state())));
  afterAll(() => {
    for (const one of [...listeners, world]) one.kill('SIGKILL');
  });

  it('everything passes without a rule', () => {
    expect(made(...ALL)).toEqual(but());
  });

  it('deny-ip of another node, in both scopes, and its removal', () => {
    add(rule('deny-ip', PEER, {scope: 'both'}));
    expect(made(...ALL)).toEqual(
      but('peer node 22', 'peer node 80', 'peer box 22', 'peer box 80', 'box peer 22', 'node peer 22'),
    );
    install(planReset(state()));
    expect(made(...ALL)).toEqual(but());
  });

  it.each(['host', 'containers'] as const)('deny-ip of a container, scope %s: not even its own node', (scope) => {
    add(rule('deny-ip', BOX, {scope}));
    const forwarded = ['peer box 22', 'peer box 80', 'box peer 22'];
    expect(made(...ALL)).toEqual(but('box node 22', 'box node 80', 'node box 22', ...(scope === 'host' ? [] : forwarded)));
  });

  it('http-only, in both scopes: for other nodes and for the node’s own containers', () => {
    add(rule('http-only', undefined, {scope: 'both'}));
    expect(made(...ALL)).toEqual(but('peer node 22', 'peer box 22', 'box node 22'));
  });
});
