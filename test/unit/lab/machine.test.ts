import {spawnSync} from 'node:child_process';
import {mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {BUILD_SCRIPT} from '../../../src/lab/base/build-script.js';
import {defineLab, labFrom} from '../../../src/lab/lab.js';
import {parseHierarchies} from '../../../src/lab/machine/cgroups.js';
import {machineFiles} from '../../../src/lab/machine/files.js';
import {LAUNCH_SCRIPT, machineCgroup, nspawnArguments} from '../../../src/lab/machine/launch-script.js';
import {isLeader, parseIdentity} from '../../../src/lab/machine/processes.js';
import {writeFiles, writeLinks} from '../../../src/lab/machine/provision.js';

const lab = labFrom(defineLab({name: 'x', count: 2, subnet: '198.18.0.192/27'}), {
  cache: '/c',
  state: '/s',
  saves: '/saves',
  run: '/r',
  emulators: '/p',
});
const [node0] = lab.machines;
const identity = {
  machineId: 'f'.repeat(32),
  hostKey: 'HOST KEY',
  hostKeyPublic: 'PUBLIC',
  authorizedKeys: 'ssh-ed25519 AAAA',
  resolvConf: 'nameserver 10.0.0.53\n',
  isSudoAsking: false,
};

describe("a machine's files", () => {
  const text = (path: string, change: Partial<typeof identity> = {}): string | undefined =>
    machineFiles(lab, node0!, {...identity, ...change}).find((file) => file.path === path)?.text;

  it('give it its static address and no other', () => {
    const unit = text('/etc/systemd/network/10-host0.network');
    expect(unit).toContain('Address=198.18.0.202/27\nGateway=198.18.0.193\n');
    expect(unit).toContain('LinkLocalAddressing=no');
  });

  it('keep networkd from removing the routes of BIRD', () => {
    expect(text('/etc/systemd/networkd.conf.d/lab.conf')).toContain('ManageForeignRoutes=no');
  });

  it('name all machines', () => {
    expect(text('/etc/hosts')).toContain('198.18.0.202 node0\n198.18.0.203 node1\n');
  });

  it('let sudo require the password only where that is configured', () => {
    expect(text('/etc/sudoers.d/lab')).toBe('hw5 ALL=(ALL:ALL) NOPASSWD: ALL\n');
    expect(text('/etc/sudoers.d/lab', {isSudoAsking: true})).toBe('hw5 ALL=(ALL:ALL) ALL\n');
  });

  it('make secrets readable for root only, and the login key for its user only', () => {
    const files = new Map(machineFiles(lab, node0!, identity).map((file) => [file.path, file]));
    expect(files.get('/etc/ssh/ssh_host_ed25519_key')?.mode).toBe(0o600);
    expect(files.get('/home/hw5/.ssh/authorized_keys')).toMatchObject({mode: 0o600, ownedByUser: true});
  });
});

describe('writing into the upper layer', () => {
  let root: string;
  let layers: {lower: string; upper: string};
  const user = {uid: process.getuid!(), gid: process.getgid!()};

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hw5-lab-'));
    layers = {lower: join(root, 'lower'), upper: join(root, 'upper')};
    await mkdir(join(layers.lower, 'usr/lib/systemd'), {recursive: true});
    await mkdir(join(layers.lower, 'root'), {mode: 0o700});
    await symlink('usr/lib', join(layers.lower, 'lib'));
    await mkdir(layers.upper);
  });
  afterEach(() => rm(root, {recursive: true, force: true}));

  it('follows a link of the base, so as not to hide what is behind it', async () => {
    await writeFiles(layers, [{path: '/lib/systemd/x', mode: 0o644, text: 'x'}], user);
    expect(await readFile(join(layers.upper, 'usr/lib/systemd/x'), 'utf8')).toBe('x');
    await expect(stat(join(layers.upper, 'lib'))).rejects.toThrow();
  });

  it('keeps the modes of directories that the base has', async () => {
    await writeFiles(layers, [{path: '/root/x', mode: 0o644, text: 'x'}], user);
    expect((await stat(join(layers.upper, 'root'))).mode & 0o777).toBe(0o700);
  });

  it('sets the modes of files regardless of the umask', async () => {
    await writeFiles(layers, [{path: '/root/x', mode: 0o777, text: 'x'}], user);
    expect((await stat(join(layers.upper, 'root/x'))).mode & 0o777).toBe(0o777);
  });

  it('makes directories of the user private', async () => {
    await writeFiles(layers, [{path: '/root/.ssh/x', mode: 0o600, text: 'x', ownedByUser: true}], user);
    expect((await stat(join(layers.upper, 'root/.ssh'))).mode & 0o777).toBe(0o700);
  });

  it('copies programs', async () => {
    await writeFile(join(root, 'tool'), 'program');
    await writeFiles(layers, [{path: '/root/tool', mode: 0o755, program: join(root, 'tool')}], user);
    expect(await readFile(join(layers.upper, 'root/tool'), 'utf8')).toBe('program');
  });

  it('reports what to do when a program was not built', async () => {
    const write = writeFiles(layers, [{path: '/root/tool', mode: 0o755, program: '/nowhere/tool'}], user);
    await expect(write).rejects.toMatchObject({message: expect.stringContaining('/nowhere/tool'), hint: 'run `npm run build`'});
  });

  it('makes links through links', async () => {
    await writeLinks(layers, [['/lib/systemd/y', '/dev/null']]);
    expect(await readlink(join(layers.upper, 'usr/lib/systemd/y'))).toBe('/dev/null');
  });
});

describe("a machine's processes", () => {
  it('are led by process 1 one namespace below', () => {
    expect(isLeader('Name:\tsystemd\nState:\tS (sleeping)\nNSpid:\t7147\t1\n')).toBe(true);
  });

  it.each([
    ['the supervisor', 'State:\tS (sleeping)\nNSpid:\t7000\n'],
    ['another process of the machine', 'State:\tS (sleeping)\nNSpid:\t7150\t12\n'],
    ['process 1 of a container in the machine', 'State:\tS (sleeping)\nNSpid:\t7200\t90\t1\n'],
    ['a defunct process 1', 'State:\tZ (zombie)\nNSpid:\t7147\t1\n'],
    ['nothing', ''],
  ])('are not led by %s', (_, status) => {
    expect(isLeader(status)).toBe(false);
  });

  it.each(['', '{"pid":1', '{"pid":"1","startTime":2,"bootId":"x"}', 'null'])('are not named by a damaged file: %j', (text) => {
    expect(parseIdentity(text)).toBeUndefined();
  });

  it('have a cgroup that no other machine of any lab has', () => {
    const other = labFrom(defineLab({name: 'y', subnet: '198.18.1.0/24'}), {
      cache: '/c',
      state: '/s',
      saves: '/saves',
      run: '/r',
      emulators: '/p',
    });
    const cgroups = [lab, other].flatMap((each) => each.machines.map((machine) => machineCgroup(each, machine)));
    expect(new Set(cgroups).size).toBe(5);
  });

  it('are found in every hierarchy that is mounted', () => {
    const mounts = `cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0
tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
`;
    expect(parseHierarchies(mounts)).toEqual([
      {mount: '/sys/fs/cgroup/cpu', version: 1},
      {mount: '/sys/fs/cgroup/unified', version: 2},
    ]);
  });

  it('run in a network and with a Docker directory of their own', () => {
    const argv = nspawnArguments(lab, node0!);
    expect(argv).toContain('--network-bridge=br-x');
    expect(argv).toContain('--bind=/s/x/node0/docker:/var/lib/docker');
  });
});

describe.each([
  ['the launch script', LAUNCH_SCRIPT],
  ['the build script', BUILD_SCRIPT],
])('%s', (_, script) => {
  it('is a script that sh can read', () => {
    expect(spawnSync('sh', ['-n'], {input: script, encoding: 'utf8'})).toMatchObject({status: 0, stderr: ''});
  });
});
