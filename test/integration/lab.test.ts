import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {copyFile, readdir, readFile, writeFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Emit} from '../../src/engine/events.js';
import {baseAt} from '../../src/lab/base/base.js';
import {labDown} from '../../src/lab/down.js';
import {labExec, sshCommand} from '../../src/lab/exec.js';
import {type LabHost, labHost} from '../../src/lab/host.js';
import {defineLab, labFrom} from '../../src/lab/lab.js';
import {findMachine} from '../../src/lab/machine/processes.js';
import {cable} from '../../src/lab/network/bridge.js';
import {findResolver} from '../../src/lab/network/resolver.js';
import {labPowerOff, labPowerOn} from '../../src/lab/power.js';
import type {Preinstalled} from '../../src/lab/preinstalled.js';
import {run, tryRun} from '../../src/lab/run.js';
import {loadLab} from '../../src/lab/state.js';
import {labStatus} from '../../src/lab/status.js';
import {labUp} from '../../src/lab/up.js';

const options = {name: 'lab-test', count: 2, subnet: '198.18.0.160/27', sudoPassword: ['node1']};
const host = labHost(process.env, homedir());
const context = {emit: () => undefined};
const lab = labFrom(defineLab(options), host);
const [node0, node1] = lab.machines as [(typeof lab.machines)[number], (typeof lab.machines)[number]];
const preinstalled: Preinstalled = {
  packages: [],
  files: [
    {path: '/usr/local/bin/hello', mode: 0o755, text: '#!/bin/sh\necho hello\n'},
    {
      path: '/etc/systemd/system/hello.service',
      mode: 0o644,
      text: '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/local/bin/hello\n[Install]\nWantedBy=multi-user.target\n',
    },
  ],
  enable: ['hello.service'],
};

const sourceFile = (name: string): string => fileURLToPath(new URL(`../../src/lab/${name}.ts`, import.meta.url));
const up = () => labUp(options, host, preinstalled, context);
const inside = async (machine: string, script: string): Promise<string> => {
  const result = await labExec({lab: lab.name, machine}, ['sh', '-c', script], host);
  return `${result.stdout}${result.stderr}`.trim();
};
const pids = async (): Promise<(number | undefined)[]> =>
  Promise.all(lab.machines.map(async (machine) => (await findMachine(lab, machine))?.supervisor.pid));
const rules = async (): Promise<string[]> =>
  (await run(['iptables-save']))
    .split('\n')
    .filter((line) => new RegExp(`[ :]${lab.chain}\\b`).test(line))
    .map((line) => line.replace(/\[.*\]/, ''));

/** Everything of the lab that can be found on the host, except for the cache. */
async function traces(): Promise<string[]> {
  const names = [lab.name, lab.bridge, ...lab.machines.map((machine) => machine.nspawnName)];
  const isOurs = (text: string): boolean => names.some((name) => text.includes(name));
  const lines = (text: string): string[] => text.split('\n').filter(isOurs);
  const directories = ['/var/lib/hw5/labs', '/run/hw5/labs', '/run/systemd/nspawn/propagate', '/run/netns'];
  const cgroups = (await readdir('/sys/fs/cgroup')).flatMap((name) => [
    `/sys/fs/cgroup/${name}/hw5-lab`,
    '/sys/fs/cgroup/hw5-lab',
  ]);
  const entries = await Promise.all([...directories, ...new Set(cgroups)].map((path) => readdir(path).catch((): string[] => [])));
  return [
    ...entries.flat().filter(isOurs),
    ...(await rules()),
    ...lines(await run(['ip', '-o', 'link'])),
    ...lines(await readFile('/proc/self/mounts', 'utf8')),
    ...lines(await run(['ps', '-eo', 'stat,args'])).filter((line) => !line.startsWith('Z') && line.includes('nspawn')),
  ];
}

/** For an isolated environment: other labs may be up on the host, settings are restored with the last one, and foreign rules must not be changed. */
const world: LabHost = {...host, state: '/run/state', saves: '/run/saves', run: '/run/hw5/labs'};

/** Runs a program in a network namespace with its own /run. @param prepare a shell script. @returns what it prints */
function runInWorld(prepare: string, program: string): Promise<string> {
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', program];
  const begin = 'mount -t tmpfs tmpfs /run; mkdir /run/systemd /run/mount; ip link set lo up';
  return run(['unshare', '--net', '--mount', 'sh', '-ec', `${begin}; ${prepare}; exec "$@"`, 'sh', ...node]);
}

describe.sequential('a lab', () => {
  beforeAll(async () => {
    await labDown({name: lab.name}, host, context);
    await up();
  });
  afterAll(() => labDown({name: lab.name}, host, context));

  it('is up, with machines that a user who is not root logs in to with the key and the host keys of the lab', async () => {
    expect((await labStatus({name: lab.name}, host)).isUp).toBe(true);
    for (const machine of lab.machines) {
      const ssh = sshCommand(lab, machine.name);
      expect(await run([...ssh, 'hostname; id -un'])).toBe(`${machine.name}\nhw5\n`);
    }
  });

  it('has machines with a real systemd, different ids, what was preinstalled, and the services as Debian leaves them', async () => {
    // sshd answers before Docker and etcd have started
    const services = () => inside('node0', 'ps -p 1 -o comm=; hello; systemctl is-active hello docker etcd ssh').catch(String);
    await expect
      .poll(services, {timeout: 60_000, interval: 500})
      .toBe(['systemd', 'hello', 'active', 'active', 'active', 'active'].join('\n'));
    expect(await inside('node0', 'cat /etc/machine-id')).not.toBe(await inside('node1', 'cat /etc/machine-id'));
    expect(await inside('node0', 'systemctl is-enabled docker etcd')).toBe('enabled\nenabled');
    expect(await inside('node0', 'systemctl --failed --no-legend')).toBe('');
    expect(await inside('node0', 'ip -4 -o address show host0 | wc -l')).toBe('1');
  });

  it('has machines whose sudo requires a password, where that is configured', async () => {
    expect(await run([...sshCommand(lab, 'node0'), 'sudo -n id -u'])).toBe('0\n');
    expect((await tryRun([...sshCommand(lab, 'node1'), 'sudo -n id -u'])).stderr).toContain('a password is required');
    const password = await readFile(node1.sudoPasswordFile, 'utf8');
    expect(await run([...sshCommand(lab, 'node1'), 'sudo -S -p "" id -u'], {stdin: `${password}\n`})).toBe('0\n');
  });

  it('gets more processor time than a single process of the host', async () => {
    const read = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');
    const weights = [await read('/sys/fs/cgroup/cpu/hw5-lab/cpu.shares'), await read('/sys/fs/cgroup/hw5-lab/cpu.weight')];
    // under systemd the machines are units like all others
    if (!existsSync('/run/systemd/system')) expect(weights).toContainEqual(expect.stringMatching(/^16(384|00)\n$/));
  });

  it('has a Docker that sets limits and builds with packages from the network', async () => {
    const {baseKey} = await loadLab(host, lab.name);
    await copyFile(baseAt(host, baseKey).tar, join(node0.directory, 'docker', 'base.tar'));
    await inside('node0', 'docker import /var/lib/docker/base.tar base; rm /var/lib/docker/base.tar');
    const limit = 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null';
    expect(await inside('node0', `docker run --rm --memory 64m --cpus 0.5 base sh -c '${limit}'`)).toBe(String(64 * 2 ** 20));
    const dockerfile = 'FROM base\\nRUN apt-get -q update && apt-get -q -y install --no-install-recommends tree\\n';
    expect(
      await inside('node0', `printf '${dockerfile}' | docker build -q -t tree - && docker run --rm tree tree --version`),
    ).toContain('tree v');
    expect(await inside('node1', 'docker images -q')).toBe('');
  });

  it('lets its machines reach each other and names, and nothing private', async () => {
    expect(await inside('node0', 'ping -q -c1 -W2 node1 >/dev/null && getent hosts deb.debian.org >/dev/null && echo fine')).toBe(
      'fine',
    );
    // An unused address in the benchmarking range.
    expect(await inside('node0', 'ping -q -c1 -W2 198.19.255.1')).toContain('1 errors');
    const counters = await run(['iptables', '-nvxL', lab.chain]);
    expect(Number(/^\s*(\d+).* 198\.18\.0\.0\/15 /m.exec(counters)?.[1])).toBeGreaterThan(0);
  });

  it('that is up stays as it is when brought up again, twice at a time too', async () => {
    const before = [await pids(), await rules()];
    await Promise.all([up(), up()]);
    expect([await pids(), await rules()]).toEqual(before);
  });

  it('cannot be changed into another one', async () => {
    await expect(labUp({...options, count: 3}, host, preinstalled, context)).rejects.toThrow('exists with 2 machines');
    const overlapping = {name: 'lab-test-b', subnet: '198.18.0.128/26'};
    await expect(labUp(overlapping, host, preinstalled, context)).rejects.toThrow('is in use on this host already');
    await labDown(overlapping, host, context);
  });

  it.each(['supervisor', 'process 1'] as const)(
    'is repaired when the %s of a machine is killed, and keeps its disk',
    async (victim) => {
      await inside('node0', `echo ${JSON.stringify(victim)} > /root/kept; sync`);
      const [, other] = await pids();
      const found = await findMachine(lab, node0);
      process.kill(victim === 'supervisor' ? found!.supervisor.pid : found!.leader, 'SIGKILL');
      await expect.poll(() => findMachine(lab, node0), {timeout: 10_000}).toBeUndefined();
      expect((await labStatus({name: lab.name}, host)).isUp).toBe(false);
      await up();
      expect(await inside('node0', 'cat /root/kept')).toBe(victim);
      expect((await pids())[1]).toBe(other);
    },
  );

  it('has its network repaired under running machines', async () => {
    const before = await pids();
    const rulesBefore = await rules();
    await run(['ip', 'link', 'delete', lab.bridge]);
    await run(['iptables', '-w', '-F', lab.chain]);
    await run([
      'iptables',
      '-w',
      '-t',
      'nat',
      '-D',
      'POSTROUTING',
      '-m',
      'comment',
      '--comment',
      `hw5:lab:${lab.name}`,
      '-j',
      lab.chain,
    ]);
    await up();
    expect(await pids()).toEqual(before);
    expect(await rules()).toEqual(rulesBefore);
    expect(await inside('node0', 'ping -q -c1 -W2 node1 >/dev/null && getent hosts deb.debian.org >/dev/null && echo fine')).toBe(
      'fine',
    );
  });

  it('switches machines off and on where nothing else helps: one without its cable, one whose sshd is stopped', async () => {
    for (const machine of ['node0', 'node1']) await inside(machine, 'echo kept > /root/kept; sync');
    await inside('node0', 'systemctl stop ssh.socket ssh.service');
    await run(['ip', 'link', 'delete', cable(node1)]);
    const actions: string[] = [];
    const emit: Emit = (event) => {
      if (event.type === 'action' && event.action.includes('switching')) actions.push(`${event.host} ${event.action}`);
    };
    await labUp(options, host, preinstalled, {emit, answerLimitMs: 5_000});
    expect(actions.sort()).toEqual([
      'node0 has not answered SSH for 5 s: switching it off and on',
      'node1 its network cable is gone: switching it off and on',
    ]);
    expect((await labStatus({name: lab.name}, host)).isUp).toBe(true);
    for (const machine of ['node0', 'node1']) expect(await inside(machine, 'cat /root/kept')).toBe('kept');
  });

  it('has machines that can be switched off and on', async () => {
    await inside('node1', 'docker info >/dev/null && systemctl disable hello && echo on > /root/kept; sync');
    await labPowerOff({lab: lab.name, machine: 'node1'}, host, {});
    expect((await labStatus({name: lab.name}, host)).machines).toMatchObject([
      {isRunning: true, answersSsh: true},
      {isRunning: false, answersSsh: false},
    ]);
    await expect(labExec({lab: lab.name, machine: 'node1'}, ['true'], host)).rejects.toThrow('node1 is off');
    await labPowerOn({lab: lab.name, machine: 'node1'}, host, {});
    // A unit that was disabled stays so: units are enabled only when the disk is made.
    expect(await inside('node1', 'cat /root/kept; systemctl is-enabled hello')).toBe('on\ndisabled');
  });

  it('gets the files of another build: a machine that is on restarts what runs them, one that is off starts with them', async () => {
    const files = preinstalled.files.map((file) => ({...file, text: (file.text ?? '').replace('echo hello', 'echo welcome')}));
    const begun = () => inside('node0', 'systemctl show --value --property=ActiveEnterTimestampMonotonic hello');
    const [before, running] = [await begun(), await pids()];
    await labPowerOff({lab: lab.name, machine: 'node1'}, host, {});
    const renewed: string[] = [];
    const emit: Emit = (event) => {
      if (event.type === 'step-end') renewed.push(`${event.host} ${event.outcome}`);
    };
    await labUp(options, host, {...preinstalled, files}, {emit});
    expect(renewed.sort()).toEqual(['node0 changed', 'node1 changed', 'this host unchanged']);
    expect([await inside('node0', 'hello'), await inside('node1', 'hello')]).toEqual(['welcome', 'welcome']);
    expect((await pids())[0]).toBe(running[0]);
    expect(await begun()).not.toBe(before);
    await up();
    expect(await inside('node1', 'hello')).toBe('hello');
  });

  it('gets the resolver that the host has now, as after a change of networks, whether a machine is on or off', async () => {
    const {resolvConf} = await findResolver();
    for (const machine of ['node0', 'node1']) await inside(machine, 'echo nameserver 192.0.2.1 > /etc/resolv.conf; sync');
    await labPowerOff({lab: lab.name, machine: 'node1'}, host, {});
    await up();
    for (const machine of ['node0', 'node1']) expect(await inside(machine, 'cat /etc/resolv.conf')).toBe(resolvConf.trim());
  });

  it('makes again what a power failure left incomplete: a disk, the key of all machines', async () => {
    const [, other] = await pids();
    await inside('node1', 'echo on > /root/kept; sync');
    await writeFile(join(node0.directory, 'created'), '');
    await writeFile(lab.files.key, '');
    await up();
    expect((await pids())[1]).toBe(other);
    expect(await inside('node1', 'cat /root/kept')).toBe('on');
    for (const machine of lab.machines)
      expect(await run([...sshCommand(lab, machine.name), 'hostname'])).toBe(`${machine.name}\n`);
  });

  it('leaves nothing when it is taken down, whether or not it is up', async () => {
    expect(await traces()).not.toEqual([]);
    expect(await labDown({name: lab.name}, host, context)).toBe(true);
    expect(await traces()).toEqual([]);
    expect(await labDown({name: lab.name}, host, context)).toBe(false);
    await expect(labStatus({name: lab.name}, host)).rejects.toThrow('there is no lab "lab-test"');
  });

  it('leaves nothing when it is taken down after hw5 was killed while bringing it up', async () => {
    const program = `
      import {labUp} from ${JSON.stringify(sourceFile('up'))};
      const emit = ({type, action}) => type === 'action' && console.log(action);
      await labUp(${JSON.stringify(options)}, ${JSON.stringify(host)}, ${JSON.stringify(preinstalled)}, {emit});`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await traces()).not.toEqual([]);
    await labDown({name: lab.name}, host, context);
    expect(await traces()).toEqual([]);
  });

  it('leaves the host as it was, to the last sysctl, rule and file', async () => {
    const observe = [
      'find /run -not -name xtables.lock | sort',
      'ip -o link',
      'iptables-save | grep "^-" || true',
      'cat /proc/sys/net/ipv4/ip_forward',
      'ls -d /sys/fs/cgroup/hw5-lab/world /sys/fs/cgroup/*/hw5-lab/world || true',
    ].join('; ');
    const program = `
      import {execSync} from 'node:child_process';
      import {labDown} from ${JSON.stringify(sourceFile('down'))};
      import {labUp} from ${JSON.stringify(sourceFile('up'))};
      const observe = () => execSync(${JSON.stringify(observe)}, {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']});
      const [options, host, preinstalled] = ${JSON.stringify([{name: 'world', count: 1}, world, preinstalled])};
      const context = {emit: () => undefined};
      const before = observe();
      await labUp(options, host, preinstalled, context);
      const during = observe();
      await labDown(options, host, context);
      console.log(JSON.stringify({before, during, after: observe()}));`;
    const output = await runInWorld('echo 0 > /proc/sys/net/ipv4/ip_forward', program);
    const {before, during, after} = JSON.parse(output) as Record<'before' | 'during' | 'after', string>;
    expect(before.split('\n')).toContain('0');
    expect(during.split('\n')).toContain('1');
    expect(during).toContain('HW5-LAB-world');
    expect(after).toBe(before);
  });
});

it('warns when the rules of another firewall keep its machines from the resolver, and not when the host gets no answer either', async () => {
  // Behind w0 is everything else: a resolver that returns every query.
  const resolver = `
    const {execSync} = require('node:child_process');
    const socket = require('node:dgram').createSocket('udp4');
    socket.on('message', (query, {port, address}) => socket.send(query, port, address));
    process.stdin.once('data', () => {
      execSync('ip address add 203.0.113.53/24 dev w1 && ip link set w1 up');
      socket.bind(53, '203.0.113.53', () => process.stdout.write('ready'));
    });`;
  const program = `
    import {execSync, spawn} from 'node:child_process';
    import {once} from 'node:events';
    import {labDown} from ${JSON.stringify(sourceFile('down'))};
    import {labUp} from ${JSON.stringify(sourceFile('up'))};
    const [options, host, preinstalled] = ${JSON.stringify([{name: 'world', count: 1}, world, preinstalled])};
    const context = {emit: () => undefined};
    const resolver = spawn('unshare', ['--net', process.execPath, '-e', ${JSON.stringify(resolver)}], {stdio: ['pipe', 'pipe', 'inherit']});
    const blocked = [];
    try {
      while (execSync('readlink /proc/' + resolver.pid + '/ns/net /proc/self/ns/net | uniq | wc -l').toString().trim() === '1');
      execSync('ip link add w0 type veth peer name w1 netns ' + resolver.pid);
      execSync('ip address add 203.0.113.1/24 dev w0 && ip link set w0 up && ip route add default via 203.0.113.53');
      resolver.stdin.write('go');
      await once(resolver.stdout, 'data');
      for (const change of ['true', 'iptables -t mangle -I FORWARD -i br-world ! -o br-world -j DROP', 'ip link set w0 down']) {
        execSync(change);
        blocked.push((await labUp(options, host, preinstalled, context)).blockedResolver ?? null);
      }
    } finally {
      await labDown(options, host, context);
      resolver.kill();
    }
    console.log(JSON.stringify(blocked));`;
  const ask = 'echo nameserver 203.0.113.53 > /run/resolv.conf; mount --bind /run/resolv.conf "$(readlink -f /etc/resolv.conf)"';
  expect(JSON.parse(await runInWorld(ask, program))).toEqual([null, '203.0.113.53', null]);
});
