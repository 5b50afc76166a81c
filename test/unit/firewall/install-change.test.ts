import {spawnSync} from 'node:child_process';
import {describe, expect, it} from 'vitest';
import {programCall} from '../../../src/components/firewall/program.js';
import {changeHost} from '../../../src/firewall/change-host.js';
import {changeScript} from '../../../src/firewall/install-change.js';
import type {NodeState} from '../../../src/firewall/nodes.js';
import {parseFirewallState} from '../../../src/firewall/parse-firewall-state.js';
import {planAdd} from '../../../src/firewall/plan.js';
import {makeRule, readMatch} from '../../../src/firewall/rule.js';
import {ConnectError} from '../../../src/support/errors.js';
import {FakeHost} from '../../support/fake-host.js';
import {PLAIN} from './fake-kernel.js';
import {cluster, node1, source} from './make-cluster.js';
import {makeState} from './make-state.js';

const rule = makeRule({exercise: 'deny-ip', match: readMatch('deny-ip', '198.18.0.12'), scope: 'host', strict: false});
const state = makeState([['iptables-nft', 4, 'nft', PLAIN]]);
const add =
  (strict = false) =>
  () =>
    planAdd(state, {rule: makeRule({...rule, strict}), forSeconds: strict ? 60 : undefined}, {node: node1, cluster, source});
const OPTIONS = {confirmSeconds: 15};
const calls = (verb: string) => (call: {argv: readonly string[]; stdin: Buffer}) =>
  call.argv.join(' ') === 'sh -s' && call.stdin.toString().includes(`\nhw5_firewall ${verb}`);

function view(host: FakeHost): NodeState {
  return {node: node1, host, source, state};
}

describe('a change', () => {
  it('is confirmed over a new connection, with the id it was made with', async () => {
    const fresh = new FakeHost('node1').on(calls('confirm'));
    const host = new FakeHost('node1').on(calls('change')).onReconnect(fresh);
    expect(await changeHost(view(host), add(), OPTIONS)).toMatchObject({kind: 'changed'});
    const id = /hw5_firewall change (\w+) 15 f\n/.exec(host.calls[0]!.stdin.toString())![1];
    expect(fresh.calls).toHaveLength(1);
    expect(fresh.calls[0]!.stdin.toString()).toContain(`hw5_firewall confirm ${id}\n`);
    expect([...host.calls, ...fresh.calls].every((call) => call.asRoot)).toBe(true);
  });

  it('fails without a new connection, and reports that the host rolls it back', async () => {
    const host = new FakeHost('node1').on(calls('change')).onReconnect(new ConnectError('node1', 'no answer'));
    const outcome = await changeHost(view(host), add(), OPTIONS);
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: {message: expect.stringContaining('rolls the change back within 15 s')},
    });
  });

  it('whose connection breaks while it is confirmed is reported as kept or rolled back', async () => {
    const fresh = new FakeHost('node1').on(calls('confirm'), new ConnectError('node1', 'the connection broke'));
    const host = new FakeHost('node1').on(calls('change')).onReconnect(fresh);
    expect(await changeHost(view(host), add(), OPTIONS)).toMatchObject({
      kind: 'failed',
      error: {message: expect.stringContaining('which is kept or rolled back within 15 s')},
    });
  });

  it('is not confirmed after Ctrl-C', async () => {
    const fresh = new FakeHost('node1');
    const stop = new AbortController();
    const host = new FakeHost('node1')
      .on((call) => {
        stop.abort();
        return calls('change')(call);
      })
      .onReconnect(fresh);
    expect(await changeHost(view(host), add(), {...OPTIONS, signal: stop.signal})).toMatchObject({kind: 'failed'});
    expect(fresh.calls).toEqual([]);
  });

  it('fails when the host rolled it back before it was confirmed', async () => {
    const fresh = new FakeHost('node1').on(calls('confirm'), {code: 76, stderr: 'too late'});
    const host = new FakeHost('node1').on(calls('change')).onReconnect(fresh);
    expect(await changeHost(view(host), add(), OPTIONS)).toMatchObject({
      kind: 'failed',
      error: {message: expect.stringContaining('too late')},
    });
  });

  it('that is strict needs no confirmation: its rule ends by itself', async () => {
    const host = new FakeHost('node1').on(calls('change'));
    expect(await changeHost(view(host), add(true), OPTIONS)).toMatchObject({kind: 'changed'});
    expect(host.calls[0]!.stdin.toString()).toMatch(/hw5_firewall change \w+ 0 f\n/);
  });

  it('is planned again when the host has changed since its state was read', async () => {
    const fresh = new FakeHost('node1').on(calls('confirm'));
    const snapshot = `#hw5 now 1000\n#hw5 default iptables nft\n#hw5 save iptables-nft nft\n${PLAIN}#hw5 fingerprint second\n`;
    const host = new FakeHost('node1')
      .on(calls('change'), {code: 77, stderr: 'the rules have changed'}, '')
      .on((call) => call.stdin.toString().includes('hw5_firewall snapshot'), `0 0 ${Buffer.from(snapshot).toString('base64')}\n`)
      .onReconnect(fresh);
    const plan = (now: typeof state) => planAdd(now, {rule}, {node: node1, cluster, source});
    expect(await changeHost(view(host), plan, OPTIONS)).toMatchObject({kind: 'changed', change: {fingerprint: 'second'}});
  });

  it('that iptables rejects is reported with its message', async () => {
    const host = new FakeHost('node1').on(calls('change'), {code: 1, stderr: 'iptables-restore: line 3 failed\n'});
    expect(await changeHost(view(host), add(), OPTIONS)).toMatchObject({
      kind: 'failed',
      error: {stderr: 'iptables-restore: line 3 failed\n'},
    });
  });
});

it.each([
  [1, 'nothing was changed on this host'],
  [78, 'the host removes the installed part of this change by itself'],
])('a change that fails with %i: %s', async (code, hint) => {
  const host = new FakeHost('node1').on(calls('change'), {code, stderr: 'refused\n'});
  expect(await changeHost(view(host), add(), OPTIONS)).toMatchObject({
    kind: 'failed',
    error: {hint: expect.stringContaining(hint)},
  });
});

describe('the script for a host', () => {
  const text = changeScript('abc', add()(), 15);

  it('can be parsed by a POSIX shell', () => {
    expect(spawnSync('sh', ['-n'], {input: text}).status).toBe(0);
    const inner = programCall('reset').replace('eval "$PROGRAM"', 'printf %s "$PROGRAM"; exit');
    expect(spawnSync('sh', ['-n'], {input: spawnSync('sh', ['-s'], {input: inner}).stdout}).status).toBe(0);
  });

  it('does nothing when it arrives cut off anywhere', () => {
    const end = text.lastIndexOf('hw5_firewall change');
    for (let length = 1; length < end; length += Math.ceil(end / 40)) {
      // no command can be found, so each that runs prints an error; a call that is cut off has a wrong fingerprint
      const result = spawnSync('/bin/sh', ['-s'], {input: text.slice(0, length), env: {PATH: '/nowhere'}});
      expect(result.stdout.toString()).toBe('');
      expect(result.stderr.toString()).not.toMatch(/(rm|mkdir|flock|sha256sum|tables\S*): not found/);
    }
  });
});

describe('a snapshot', () => {
  const state = parseFirewallState(`#hw5 now 1700000000
#hw5 default iptables nft
#hw5 default ip6tables legacy
#hw5 save iptables-nft nft
${PLAIN}#hw5 broken ip6tables-legacy ip6tables-save: no such table
#hw5 save ip6tables-legacy legacy
#hw5 fingerprint abcdef
#hw5 note 1b2c3d 1699999000 1700000600 -
#hw5 note 4e5f60 1699999000 - yes
#hw5 boot disabled
#hw5 pending 0a0b0c0d 1700000009
#hw5 addresses
2: host0    inet 198.18.0.11/24 brd 198.18.0.255 scope global host0\\       valid_lft forever preferred_lft forever
2: host0    inet6 fd00::11/64 scope global \\       valid_lft forever preferred_lft forever
#hw5 links
2: host0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP \\    link/ether 02:00:00:00:00:11 brd ff:ff:ff:ff:ff:ff
`);

  it('is parsed completely, apart from the rules of a broken tool', () => {
    expect(state).toMatchObject({
      now: 1_700_000_000,
      defaults: {4: 'nft', 6: 'legacy'},
      fingerprint: 'abcdef',
      broken: ['ip6tables-legacy ip6tables-save: no such table'],
      pending: {until: 1_700_000_009},
      bootUnit: 'disabled',
      interfaces: [{name: 'host0', mac: '02:00:00:00:00:11'}],
    });
    expect(state.tools.map(({tool, tables}) => [tool, tables.map((table) => table.rules.length)])).toEqual([
      ['iptables-nft', [3]],
    ]);
    expect(state.interfaces[0]!.addresses.map(({address}) => address)).toEqual(['198.18.0.11', 'fd00::11']);
  });

  it('contains the notes about rules', () => {
    expect([...state.notes]).toEqual([
      ['1b2c3d', {added: 1_699_999_000, ends: 1_700_000_600, persisted: false}],
      ['4e5f60', {added: 1_699_999_000, ends: undefined, persisted: true}],
    ]);
  });
});
