import {execFile} from 'node:child_process';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {docker} from '../../../src/components/docker/component.js';
import {linkLocal} from '../../../src/components/docker/link-local.js';
import {itemsUp} from '../../../src/engine/items.js';
import {clusterOf, contextOf, fileAfter, lines, plan, targets, undo, withRoles} from './situation.js';

const DROP_IN = '/etc/systemd/system/docker.service.d/zz-hw5-ipv6.conf';
const BACKUP = '/etc/hw5/restore/ipv6.conf';
const setNow = (key: string) => `set it for interfaces that appear from now on: sysctl -q -w net.ipv6.conf.default.${key}=1`;

describe('the link-local addresses of the containers’ interfaces', () => {
  const nothing = {setting: {key: 'addr_gen_mode', value: '0'}, dropIn: undefined, backup: undefined};
  const first = plan(linkLocal, nothing);
  const installed = {
    setting: {key: 'addr_gen_mode', value: '1'},
    dropIn: fileAfter(first, DROP_IN),
    backup: fileAfter(first, BACKUP),
  };

  it('are turned off now, and whenever dockerd starts, with the old value kept: existing interfaces are not touched', () => {
    expect(lines(first)).toEqual([
      `write ${BACKUP} (mode 0644)`,
      `write ${DROP_IN} (mode 0644)`,
      'systemctl daemon-reload',
      setNow('addr_gen_mode'),
    ]);
    expect(installed.backup.content).toBe('net.ipv6.conf.default.addr_gen_mode = 0\n');
    expect(installed.dropIn.content).toMatch(/^After=network-online.target$/m);
    expect(installed.dropIn.content).not.toMatch(/conf[./]all|^Exec(?!StartPre=-)/m);
    expect(plan(linkLocal, installed)).toEqual([]);
  });

  it('are turned off without a restart of dockerd, before dockerd gets its own drop-in', () => {
    expect(lines(first).filter((line) => line.includes('restart'))).toEqual([]);
    expect(itemsUp(clusterOf(), [...linkLocalFirst()]).find(({key}) => key === 'docker@node1')!.needs).toContain(
      'link-local@node1',
    );
  });

  it('are turned off again when another program has turned them on, and the first value is kept', () => {
    expect(lines(plan(linkLocal, {...installed, setting: nothing.setting}))).toEqual([setNow('addr_gen_mode')]);
    expect(lines(plan(linkLocal, {...nothing, backup: installed.backup}))).toEqual(lines(first).slice(1));
  });

  it('stay off after `down` where they were off before', () => {
    const off = {...nothing, setting: {key: 'disable_ipv6', value: '1'}};
    expect(lines(plan(linkLocal, off))).toEqual([...lines(first).slice(0, 3)]);
    expect(fileAfter(plan(linkLocal, off), BACKUP).content).toBe('net.ipv6.conf.default.disable_ipv6 = 1\n');
  });

  it('need another setting once a secret for stable addresses is set: both old values are kept', () => {
    const changed = {...installed, setting: {key: 'disable_ipv6', value: '0'}};
    expect(lines(plan(linkLocal, changed))).toEqual([
      `change ${BACKUP} (mode 0644)`,
      `change ${DROP_IN} (mode 0644)`,
      'systemctl daemon-reload',
      setNow('disable_ipv6'),
    ]);
    expect(fileAfter(plan(linkLocal, changed), BACKUP).content).toBe(
      'net.ipv6.conf.default.addr_gen_mode = 0\nnet.ipv6.conf.default.disable_ipv6 = 0\n',
    );
  });

  it('need nothing where the kernel has no IPv6', () => {
    expect(plan(linkLocal, {...nothing, setting: undefined})).toEqual([]);
    expect(undo(linkLocal, {...nothing, setting: undefined})).toEqual([]);
  });

  it('get the old value again', () => {
    const restored = [`set the old value: sysctl -e -q -p ${BACKUP}`, `remove ${BACKUP}`];
    expect(lines(undo(linkLocal, installed))).toEqual([
      `remove ${DROP_IN}`,
      'remove /etc/systemd/system/docker.service.d if it is empty',
      'systemctl daemon-reload',
      ...restored,
    ]);
    expect(lines(undo(linkLocal, {...installed, dropIn: undefined}))).toEqual(restored);
  });

  it('matter on the hosts of containers and proxies, and are restored on all', () => {
    const cluster = withRoles(clusterOf(), 'node2', ['etcd']);
    expect(targets(linkLocal, cluster)).toEqual(['node0', 'node1']);
    expect(linkLocal.undoTargets!(cluster)).toHaveLength(3);
  });

  describe('with files in place of the kernel’s settings', () => {
    let directory: string;
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'hw5-ipv6-'));
    });
    afterEach(() => rm(directory, {recursive: true}));
    const sh = (text: string) =>
      promisify(execFile)('sh', ['-c', text.replaceAll('/proc/sys/net/ipv6/conf/default', directory)]).then(
        ({stdout}) => ({stdout, code: 0}),
        ({code, stdout}) => ({stdout, code}),
      );

    it.each<[string, Record<string, string>, object | undefined]>([
      ['a usual one', {disable_ipv6: '0', addr_gen_mode: '0'}, {key: 'addr_gen_mode', value: '0'}],
      ['one with a secret', {disable_ipv6: '0', addr_gen_mode: '0', stable_secret: 'a:b'}, {key: 'disable_ipv6', value: '0'}],
      ['an old one', {disable_ipv6: '1'}, {key: 'disable_ipv6', value: '1'}],
    ])('are read from %s', async (_, files, expected) => {
      for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), `${content}\n`);
      const {setting} = linkLocal.facts(contextOf({}));
      expect(setting!.parse(await sh(setting!.script))).toEqual(expected);
    });

    it('are read from none without IPv6', async () => {
      const {setting} = linkLocal.facts(contextOf({}));
      expect(setting!.parse(await sh(setting!.script.replaceAll('/default', '/no-such')))).toBeUndefined();
    });

    it('are set by the drop-in, which makes no file where the setting is missing', async () => {
      const [, command] = /^ExecStartPre=-\/bin\/sh -c '(.*)'$/m.exec(installed.dropIn.content)!;
      expect(await sh(command!)).toMatchObject({code: 0});
      await expect(readFile(join(directory, 'addr_gen_mode'))).rejects.toThrow('ENOENT');
      await writeFile(join(directory, 'addr_gen_mode'), '0\n');
      await sh(command!);
      expect(await readFile(join(directory, 'addr_gen_mode'), 'utf8')).toBe('1\n');
    });
  });
});

/** The steps up to docker's, which needs this one. */
function linkLocalFirst() {
  return [...['preflight', 'kernel', 'packages', 'etcd'].map((name) => ({...linkLocal, name, needs: []})), linkLocal, docker];
}
