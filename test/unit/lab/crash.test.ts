import {mkdir, mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {baseAt} from '../../../src/lab/base/base.js';
import type {LabHost} from '../../../src/lab/host.js';
import {makeKeyPair, publicHalf} from '../../../src/lab/keys.js';
import {defineLab, type Lab, labFrom} from '../../../src/lab/lab.js';
import {createMachine, findCreated} from '../../../src/lab/machine/create.js';
import {readRecord, writeRecord} from '../../../src/lab/state.js';
import {addressLiteral} from '../../../src/support/address.js';

describe('what a power failure or a full disk left incomplete', () => {
  let root: string;
  let host: LabHost;
  let lab: Lab;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hw5-crash-'));
    host = {
      cache: join(root, 'cache'),
      state: join(root, 'state/labs'),
      saves: join(root, 'saves'),
      run: join(root, 'run'),
      emulators: root,
    };
    lab = labFrom(defineLab({name: 'x', count: 1, subnet: '198.18.0.192/27'}), host);
    await writeRecord(host, lab, {name: 'x', count: 1, subnet: lab.subnet, sudoPassword: [], baseKey: 'k'});
  });
  afterEach(() => rm(root, {recursive: true}));

  it.each(['', '{"name": "x", "co', '\0\0\0\0'])('is no record of a lab: %j', async (text) => {
    expect(await readRecord(host, 'x')).toMatchObject({count: 1, baseKey: 'k'});
    await writeFile(lab.files.definition, text);
    expect(await readRecord(host, 'x')).toBeUndefined();
  });

  it('is not confused with the record of another version of hw5, which is an error', async () => {
    await writeFile(lab.files.definition, '{"name": "x", "machines": 3}');
    await expect(readRecord(host, 'x')).rejects.toThrow('lab.json was not written by this version of hw5');
  });

  it('is no key', async () => {
    const pair = await makeKeyPair(root, 'hw5 lab x');
    const path = join(root, 'key');
    expect(await publicHalf(path)).toBeUndefined();
    await writeFile(path, pair.private, {mode: 0o600});
    expect(await publicHalf(path)).toBe(pair.public);
    await writeFile(path, pair.private.slice(0, 100));
    expect(await publicHalf(path)).toBeUndefined();
    await writeFile(path, '');
    expect(await publicHalf(path)).toBeUndefined();
  });

  it('does not count as the disk of a machine: it is made again without what the incomplete one contained', async () => {
    const [machine] = lab.machines as [(typeof lab.machines)[number]];
    const base = baseAt(host, 'k');
    for (const path of ['ssh/sshd_config.d', 'sudoers.d', 'systemd/network', 'systemd/networkd.conf.d', 'systemd/system'])
      await mkdir(join(base.tree, 'etc', path), {recursive: true});
    await mkdir(join(base.tree, 'home/hw5/.ssh'), {recursive: true});
    await writeFile(join(base.tree, 'etc/passwd'), `hw5:x:${process.getuid!()}:${process.getgid!()}::/home/hw5:/bin/sh\n`);
    const parts = {
      base,
      host,
      resolver: {addresses: [addressLiteral('192.0.2.53')], resolvConf: 'nameserver 192.0.2.53\n'},
      authorizedKeys: 'ssh-ed25519 AAAA',
      preinstalled: {packages: [], files: [], enable: []},
    };
    const mark = join(machine.directory, 'created');
    expect(await findCreated(machine)).toBeUndefined();
    const line = await createMachine(lab, machine, parts);
    expect(await findCreated(machine)).toBe(line);
    for (const half of ['', line.slice(0, 15), line.slice(0, -1), '\0'.repeat(line.length)]) {
      await writeFile(mark, half);
      expect(await findCreated(machine)).toBeUndefined();
    }
    await writeFile(join(machine.directory, 'upper/etc/half'), '');
    const second = await createMachine(lab, machine, parts);
    expect(second).not.toBe(line);
    expect(await findCreated(machine)).toBe(second);
    await expect(stat(join(machine.directory, 'upper/etc/half'))).rejects.toThrow('ENOENT');
    expect(await readFile(join(machine.directory, 'upper/etc/hostname'), 'utf8')).toBe('node0\n');
  });
});
