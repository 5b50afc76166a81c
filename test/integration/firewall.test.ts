import {type ChildProcess, spawn} from 'node:child_process';
import {homedir} from 'node:os';
import {setTimeout as delay} from 'node:timers/promises';
import {afterEach, beforeAll, beforeEach, describe, expect, it} from 'vitest';
import {NODE_STATUS, parsePeers} from '../../src/components/calico/node-status.js';
import {packageFile} from '../../src/support/template.js';
import {ADDRESSES, ensureCluster, hw5, inMachine, LAB, onLab} from '../support/lab.js';

const [, NODE1, NODE2] = ADDRESSES;
/**
 * The rules of both variants. Calico's change by themselves, with its endpoints; a table of the legacy variant stays, empty, once it has been used.
 */
const SAVE = `{ iptables-nft-save; ip6tables-nft-save; { iptables-legacy-save; ip6tables-legacy-save; } | grep -e ^-A -e ^:HW5; } 2>/dev/null |
  grep -v -e '^#' -e cali | sed 's/ \\[[0-9:]*\\]$//'`;

/** The addresses of the cluster's containers on a node. */
const CONTAINERS =
  "docker ps -q | xargs docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' | grep -o '192[.]168[.][0-9.]*'";

interface ProofJson {
  readonly id: string;
  readonly node: string;
  readonly ok: boolean;
  readonly hitsBefore: number;
  readonly hitsAfter: number;
  readonly probes: readonly {
    readonly probe: string;
    readonly expected: string;
    readonly before: {kind: string} | null;
    readonly after: {kind: string; detail: string};
  }[];
  readonly remarks: readonly string[];
}

interface ListedJson {
  readonly id: string;
  readonly node: string;
  readonly exercise: string;
  readonly hits: number;
  readonly endsInSeconds: number | null;
  readonly persisted: boolean;
}

async function firewall(
  args: readonly string[],
): Promise<{id: string; proofs: ProofJson[]; nodes: {node: string; result: string}[]}> {
  return JSON.parse((await onLab(['--json', 'firewall', ...args])).stdout as string);
}

async function list(): Promise<readonly ListedJson[]> {
  return JSON.parse((await onLab(['--json', 'firewall', 'list'])).stdout as string).rules;
}

const save = (machine: string): Promise<string> => inMachine(machine, SAVE);

/** Polls a condition. @throws Error after the limit */
async function until(what: string, isTrue: () => Promise<boolean>, seconds = 30): Promise<void> {
  const limit = Date.now() + seconds * 1000;
  while (!(await isTrue())) {
    if (Date.now() > limit) throw new Error(`${what}: not within ${seconds} s`);
    await delay(300);
  }
}

interface Session {
  readonly peer: string;
  /** Seconds of the day. */
  readonly since: number;
}

/** The BGP sessions of all nodes, with the times since which they are up. */
async function sessions(): Promise<readonly Session[]> {
  const tables = await Promise.all(['node0', 'node1', 'node2'].map((machine) => inMachine(machine, NODE_STATUS)));
  return tables.flatMap(parsePeers).map(({address, state, since, info}) => {
    const [hours = 0, minutes = 0, seconds = 0] = since.split(':').map(Number);
    return {peer: `${address} ${state} ${info}`, since: (hours * 60 + minutes) * 60 + seconds};
  });
}

/** What `hw5 firewall` left on the machine: chains, files, units, timers. */
async function traces(machine: string): Promise<string> {
  return inMachine(
    machine,
    `${SAVE} | grep HW5; ls -d /run/hw5-firewall /etc/hw5/firewall /etc/systemd/system/hw5-firewall.service 2>/dev/null
systemctl list-units --all --plain --no-legend 'hw5-firewall*'; true`,
  );
}

beforeAll(async () => {
  await ensureCluster();
  await onLab(['firewall', 'reset', '--no-probe']);
});

let before: string;
beforeEach(async () => {
  before = await save('node1');
});
afterEach(async () => {
  await onLab(['firewall', 'reset', '--no-probe']);
});

describe('the report’s exercises, on node1', () => {
  let upSince: readonly Session[];
  beforeAll(async () => {
    upSince = await sessions();
  });

  const outcome = (proof: ProofJson, probe: string): string | undefined =>
    proof.probes.find((one) => one.probe === probe)?.after.detail;

  it('deny-ip: the denied node gets "Destination Port Unreachable", pings to it get no answer, the cluster keeps working', async () => {
    const {id, proofs} = await firewall(['deny-ip', NODE2, '--node', 'node1']);
    const [proof] = proofs;
    expect(proof!.ok).toBe(true);
    expect(outcome(proof!, 'ping node2 → node1')).toBe('0/2 Destination Port Unreachable');
    expect(outcome(proof!, 'ping node1 → node2')).toBe('0/2');
    expect(outcome(proof!, 'ping node0 → node1')).toBe('2/2');
    expect(outcome(proof!, 'bgp node1 – node2')).toMatch(/^Established since /);
    expect(outcome(proof!, 'tcp/2379 (etcd) node1 → node2')).toBe('connected');
    expect(proof!.hitsAfter).toBeGreaterThan(proof!.hitsBefore);
    expect(await inMachine('node1', 'ETCDCTL_API=2 etcdctl cluster-health')).toContain('cluster is healthy');
    await until('the cluster is healthy', async () => (await hw5(['--lab-name', LAB.name, 'status'])).exitCode === 0, 120);
    await until('plan has nothing to change', async () => (await hw5(['--lab-name', LAB.name, 'plan'])).exitCode === 0, 120);

    const again = await firewall(['deny-ip', NODE2, '--node', 'node1', '--no-probe']);
    expect(again.nodes).toMatchObject([{node: 'node1', result: 'unchanged'}]);

    const removed = await firewall(['remove', id]);
    expect(removed.proofs[0]!.ok).toBe(true);
    expect(await save('node1')).toBe(before);
    expect(await traces('node1')).toBe('');
  });

  it('deny-mac, in both scopes: the same effect, on containers too, as Felix’s rules in the other variant of iptables spare nothing', async () => {
    const mac = await inMachine('node2', 'cat /sys/class/net/host0/address');
    const {proofs} = await firewall(['deny-mac', mac.trim(), '--node', 'node1', '--scope', 'both']);
    const [proof] = proofs;
    expect(proof!.ok).toBe(true);
    expect(outcome(proof!, 'ping node2 → node1')).toMatch(/^0\/2/);
    const containers = proof!.probes.filter(({probe}) => probe.startsWith('ping node2 → ') && probe.endsWith(' on node1'));
    expect(containers.map(({before: was, after}) => [was?.kind, after.kind])).toEqual([['answered', 'refused']]);
    expect(await inMachine('node1', 'ip6tables-save')).toContain(mac.trim());
    await onLab(['firewall', 'reset', '--no-probe']);
    expect(await save('node1')).toBe(before);
    expect(await traces('node1')).toBe('');
  });

  it.each([
    ['node1', 'iptables-nft'],
    ['node2', 'iptables-legacy'],
  ])(
    'on %s, where they are in %s: a container’s address is denied to other containers and to its own node',
    async (node, tool) => {
      const [address] = (await inMachine(node, CONTAINERS)).split('\n');
      const {id, proofs} = await firewall(['deny-ip', address!, '--node', node, '--scope', 'both']);
      const [proof] = proofs;
      expect(proof!.ok).toBe(true);
      const own = proof!.probes.filter(({probe}) => probe.startsWith('ping ') && probe.endsWith(` on ${node} → ${node}`));
      expect(own[0]).toMatchObject({
        expected: 'fails',
        before: {kind: 'answered'},
        after: {detail: expect.stringMatching(/^0\/2/)},
      });
      expect(await inMachine(node, `${tool}-save`)).toContain(`hw5:${id} deny-ip`);
      await firewall(['remove', id, '--no-probe']);
      expect(await traces(node)).toBe('');
    },
  );

  it('deny-mac for containers, with iptables-legacy: Felix’s rules in the same variant accept their packets ahead of Docker’s, and yet they are denied', async () => {
    const mac = await inMachine('node1', 'cat /sys/class/net/host0/address');
    const {proofs} = await firewall(['deny-mac', mac.trim(), '--node', 'node2', '--scope', 'containers']);
    const [proof] = proofs;
    expect(proof!.ok).toBe(true);
    const containers = proof!.probes.filter(({probe}) => probe.startsWith('ping node1 → '));
    expect(containers.map(({before: was, after}) => [was?.kind, after.kind])).toEqual([['answered', 'silent']]);
    expect(await inMachine('node2', 'iptables-legacy-save -t mangle')).toContain(mac.trim());
  });

  it('http-only: HTTP passes, SSH from elsewhere and pings do not, and hw5 still gets in', async () => {
    const {id, proofs} = await firewall(['http-only', '--node', 'node1']);
    const [proof] = proofs;
    expect(proof!.ok).toBe(true);
    expect(outcome(proof!, 'http node0 → node1')).toBe('200 OK');
    expect(outcome(proof!, 'ping node0 → node1')).toBe('0/2');
    expect(outcome(proof!, 'tcp/22 (ssh) node0 → node1')).toBe('no answer');
    expect(outcome(proof!, 'ping node1 → node0')).toBe('2/2');
    await firewall(['remove', id, '--no-probe']);
    expect(await save('node1')).toBe(before);
  });

  it('deny-ping: pings from that address get no answer, pings to it still work', async () => {
    const {proofs} = await firewall(['deny-ping', NODE2, '--node', 'node1']);
    const [proof] = proofs;
    expect(proof!.ok).toBe(true);
    expect(outcome(proof!, 'ping node2 → node1')).toBe('0/2 Destination Port Unreachable');
    expect(outcome(proof!, 'ping node1 → node2')).toBe('2/2');
    expect(outcome(proof!, 'tcp/22 (ssh) node2 → node1')).toBe('connected');
  });

  it('an address that no node has is reported as not proven', async () => {
    const {proofs} = await firewall(['deny-ip', '10.2.67.113', '--node', 'node1']);
    expect(proofs[0]).toMatchObject({
      ok: true,
      probes: [],
      remarks: ['no other node of this cluster has 10.2.67.113: rule and counter only'],
    });
  });

  it('http-only --strict cuts off SSH, as it did the report’s author, and ends by itself', async () => {
    const {proofs} = await firewall(['http-only', '--node', 'node1', '--strict', '--for', '25s']);
    expect(proofs[0]!.ok).toBe(true);
    expect(outcome(proofs[0]!, 'tcp/22 (ssh) node0 → node1')).toBe('no answer');
    const cut = await hw5(['--lab-name', LAB.name, 'firewall', 'list', '--node', 'node1']);
    expect(cut.exitCode).toBe(1);
    expect(cut.all).toContain('no answer from node1');
    await until('node1 is as it was', async () => (await save('node1')) === before, 60);
    expect(await list()).toEqual([]);
    expect(await traces('node1')).toBe('');
  });

  it('none of them has reset a BGP session', async () => {
    expect(upSince).toHaveLength(6);
    const now = await sessions();
    expect(now.map(({peer}) => peer)).toEqual(upSince.map(({peer}) => peer));
    // BIRD computes the time from how long ago it was: it may be a second off
    for (const [index, {since}] of now.entries())
      expect(Math.abs(since - upSince[index]!.since), now[index]!.peer).toBeLessThanOrEqual(2);
  });
});

describe('a change that is not confirmed', () => {
  /** sshd does not answer new connections as soon as a change waits to be confirmed: as if the rule had locked hw5 out. */
  const LOCK_OUT = `pid=$(systemctl show -p MainPID --value ssh)
systemd-run --quiet --collect --unit=test-lock-out sh -c "while [ ! -e /run/hw5-firewall/pending/tx ]; do :; done; kill -STOP $pid"`;
  const LET_IN = 'kill -CONT $(systemctl show -p MainPID --value ssh); systemctl stop test-lock-out 2>/dev/null; true';

  afterEach(async () => {
    await inMachine('node1', LET_IN);
  });

  function start(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [packageFile('bin/hw5.js'), '--lab-name', LAB.name, 'firewall', ...args], {
      cwd: homedir(),
      stdio: 'ignore',
    });
  }

  it('is rolled back by the host although the controller was killed in between', async () => {
    await inMachine('node1', LOCK_OUT);
    const controller = start(['deny-ip', NODE2, '--node', 'node1', '--no-probe', '--confirm-within', '6s']);
    const ended = new Promise((resolve) => controller.once('exit', resolve));
    await until('the rule is in the kernel', async () => (await save('node1')).includes('deny-ip'));
    controller.kill('SIGKILL');
    await ended;
    expect(await save('node1')).toContain('deny-ip');
    await until('the host has rolled it back', async () => (await save('node1')) === before);
    expect(await traces('node1')).toBe('');
  });

  it('is rolled back when the new connection fails, and hw5 reports it', async () => {
    await inMachine('node1', LOCK_OUT);
    const result = await hw5([
      '--lab-name',
      LAB.name,
      'firewall',
      'http-only',
      '--node',
      'node1',
      '--no-probe',
      '--confirm-within',
      '5s',
    ]);
    expect(result.exitCode).toBe(1);
    expect(result.all).toContain('node1 does not let hw5 in over a new connection');
    await until('the host has rolled it back', async () => (await save('node1')) === before);
  });

  it('leaves a rule that was confirmed before where it is', async () => {
    const {id} = await firewall(['deny-ping', NODE2, '--node', 'node1', '--no-probe']);
    await inMachine('node1', LOCK_OUT);
    const result = await hw5([
      '--lab-name',
      LAB.name,
      'firewall',
      'remove',
      id,
      '--node',
      'node1',
      '--no-probe',
      '--confirm-within',
      '5s',
    ]);
    expect(result.exitCode).toBe(1);
    await until('the rule is back', async () => (await save('node1')).includes(`hw5:${id} deny-ping`));
    await inMachine('node1', LET_IN);
    expect((await list()).map((rule) => rule.id)).toEqual([id]);
  });
});

describe('rules and time', () => {
  it('--for: a rule ends by itself, and only that one', async () => {
    const {id} = await firewall(['deny-ip', '10.9.9.9', '--node', 'node1', '--no-probe']);
    const brief = await firewall(['deny-ip', NODE2, '--node', 'node1', '--no-probe', '--for', '5s']);
    expect((await list()).map((rule) => rule.id).sort()).toEqual([id, brief.id].sort());
    await until('the brief rule is gone', async () => !(await save('node1')).includes(brief.id));
    expect((await list()).map((rule) => rule.id)).toEqual([id]);
  });

  it('--for: rules of other tools stay, also those whose comments mention rules of hw5', async () => {
    const CHAIN = 'test-odd';
    await inMachine(
      'node1',
      `set -e; iptables -N ${CHAIN}
iptables -A ${CHAIN} ! -s 10.0.0.0/8 -p tcp ! --dport 22 -m comment --comment 'with "-j HW5-INPUT" and \\ left' -j RETURN
iptables -A INPUT -s 9.9.9.9 -m comment --comment 'x -j HW5-INPUT y' -j ${CHAIN}
iptables -A INPUT -s 9.9.9.8 -m comment --comment '-g HW5-FORWARD' -j REJECT
iptables -A INPUT -s 9.9.9.7 -m comment --comment 'hw5:abcdef deny-ip' -j DROP`,
    );
    try {
      const odd = await save('node1');
      await firewall(['deny-ip', NODE2, '--node', 'node1', '--no-probe', '--for', '3s', '--scope', 'both']);
      await until('the rule is gone', async () => !(await save('node1')).includes('\n:HW5-'));
      expect(await save('node1')).toBe(odd);
      expect(await traces('node1')).not.toMatch(/^:HW5|^-A HW5|hw5-firewall/m);
    } finally {
      await inMachine(
        'node1',
        `iptables-save | sed -n '/^-A INPUT -s 9.9.9./s/^-A/-D/p' | sed '1i*filter' | sed '$aCOMMIT' | iptables-restore --noflush
iptables -F ${CHAIN}; iptables -X ${CHAIN}`,
      );
    }
    expect(await save('node1')).toBe(before);
  });

  it('--persist and --for: a rule that has ended leaves nothing for the next boot', async () => {
    await firewall(['deny-ip', NODE2, '--node', 'node1', '--no-probe', '--persist', '--for', '3s', '--scope', 'both']);
    await until('node1 is as it was', async () => (await save('node1')) === before && (await traces('node1')) === '');
  });

  it('--for: a rule whose timer was stopped is reported as overdue', async () => {
    const {id} = await firewall(['deny-ip', '10.9.9.9', '--node', 'node1', '--no-probe', '--for', '5s']);
    await inMachine('node1', `systemctl stop hw5-firewall-end-${id}.timer`);
    const overdue = async () => (await hw5(['--lab-name', LAB.name, 'firewall', 'list'])).all;
    await until('list reports it', async () => (await overdue())!.includes(`rule ${id} should have ended`));
  });

  it('--persist: a rule survives a reboot, another does not, and reset leaves nothing for the next', async () => {
    const kept = await firewall(['deny-ping', NODE2, '--node', 'node1', '--no-probe', '--persist', '--for', '1h']);
    await firewall(['deny-ip', '10.9.9.9', '--node', 'node1', '--no-probe']);
    await hw5(['lab', 'power', 'off', '--name', LAB.name, 'node1']);
    await hw5(['lab', 'power', 'on', '--name', LAB.name, 'node1']);
    await until('node1 answers', async () => (await hw5(['--lab-name', LAB.name, 'firewall', 'list'])).exitCode === 0, 60);
    const rules = await list();
    expect(rules).toMatchObject([{id: kept.id, node: 'node1', exercise: 'deny-ping', persisted: true}]);
    expect(rules[0]!.endsInSeconds).toBeGreaterThan(3000);
    expect(JSON.parse((await onLab(['--json', 'firewall', 'verify', kept.id])).stdout as string).proofs[0].ok).toBe(true);
    await onLab(['firewall', 'reset', '--no-probe']);
    expect(await traces('node1')).toBe('');
  });
});

describe('rules that were changed by hand', () => {
  const failing = async (command: string): Promise<string> => {
    const result = await hw5(['--lab-name', LAB.name, 'firewall', command]);
    expect(result.exitCode).toBe(1);
    return result.all!;
  };

  it.each([
    ['was deleted', 'iptables -F HW5-INPUT', /node1: rule \w{6}, \d+s old, is not in the kernel any more/],
    [
      'has an ACCEPT ahead of it',
      `iptables -I INPUT -s ${NODE2} -j ACCEPT`,
      /rules that let packets pass are ahead of hw5's in INPUT/,
    ],
    ['has no jump to it', 'iptables -D INPUT -j HW5-INPUT', /nothing leads from INPUT to hw5's rules/],
  ])('a rule that %s is found by list and verify, and repaired by the same command', async (_, script, message) => {
    const args = ['deny-ip', NODE2, '--node', 'node1', '--no-probe'];
    await firewall(args);
    await inMachine('node1', script);
    try {
      expect(await failing('list')).toMatch(message);
      expect(await failing('verify')).toMatch(message);
      await firewall(args);
      await onLab(['firewall', 'list']);
    } finally {
      await inMachine('node1', `iptables -D INPUT -s ${NODE2} -j ACCEPT 2>/dev/null; true`);
    }
  });

  it('a rule that is gone can be forgotten', async () => {
    const {id} = await firewall(['deny-ip', NODE2, '--node', 'node1', '--no-probe']);
    await inMachine('node1', 'iptables -F HW5-INPUT');
    await firewall(['remove', id]);
    await onLab(['firewall', 'list']);
    expect(await save('node1')).toBe(before);
    expect(await traces('node1')).toBe('');
  });
});

describe('hosts in another state', () => {
  it('one of three is down: the others are done, the failure is listed, exit code 1', async () => {
    // with iptables-legacy; it survives the reboot
    const kept = await firewall(['deny-ping', NODE1, '--node', 'node2', '--no-probe', '--persist']);
    await hw5(['lab', 'power', 'off', '--name', LAB.name, 'node2']);
    try {
      const result = await hw5(['--lab-name', LAB.name, 'firewall', 'deny-ip', '10.9.9.9', '--no-probe']);
      expect(result.exitCode).toBe(1);
      expect(result.all).toMatch(/✓ node0/);
      expect(result.all).toMatch(/✓ node1/);
      expect(result.all).toMatch(/✗ .*node2/);
    } finally {
      await hw5(['lab', 'power', 'on', '--name', LAB.name, 'node2']);
    }
    await until('node2 answers', async () => (await hw5(['--lab-name', LAB.name, 'firewall', 'list'])).exitCode === 0, 60);
    expect((await list()).filter(({node}) => node === 'node2')).toMatchObject([{id: kept.id, persisted: true}]);
    expect(await inMachine('node2', 'iptables-legacy-save')).toContain(`hw5:${kept.id} deny-ping`);
  });

  it('a mix of variants is an error that names them', async () => {
    await inMachine('node1', 'iptables-legacy -A INPUT -s 10.1.1.1 -j ACCEPT');
    try {
      const result = await hw5(['--lab-name', LAB.name, 'firewall', 'deny-ip', NODE2, '--node', 'node1', '--no-probe']);
      expect(result.exitCode).toBe(1);
      expect(result.all).toMatch(
        /node1 has iptables rules in both variants: nf_tables \(Docker\) and legacy \((Calico, )?1 rule of other tools\)/,
      );
    } finally {
      await inMachine('node1', 'iptables-legacy -D INPUT -s 10.1.1.1 -j ACCEPT');
    }
    expect(await save('node1')).toBe(before);
  });

  it('what cannot be a change fails', async () => {
    const cases = [
      [['deny-ip', 'node2'], 2, 'is not an IP address'],
      [['deny-mac', 'ff:ff:ff:ff:ff:ff'], 2, 'broadcast'],
      [['deny-ip', NODE2, '--node', 'node7'], 2, 'the cluster has no node node7'],
      [['http-only', '--strict'], 2, '--strict needs --for'],
      [['remove', '000000'], 1, 'no node has a rule 000000'],
      [['remove', 'xyz'], 2, 'not the id of a rule'],
      [['deny-ip', NODE2, '--for', 'soon'], 2, 'not a duration'],
    ] as const;
    for (const [args, code, text] of cases) {
      const result = await hw5(['--lab-name', LAB.name, 'firewall', ...args]);
      expect([args, result.exitCode, result.all]).toEqual([args, code, expect.stringContaining(text)]);
    }
  });
});
