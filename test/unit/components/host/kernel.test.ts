import {describe, expect, it} from 'vitest';
import {kernel} from '../../../../src/components/host/kernel.js';
import {contextOf, fileAfter, lines, plan, undo} from '../situation.js';

describe('kernel settings', () => {
  const CONF = '/etc/sysctl.d/90-hw5.conf';
  const before = 'net.ipv4.ip_forward = 0\nnet.ipv4.conf.all.rp_filter = 2\nnet.ipv4.conf.default.rp_filter = 2';
  const nothing = {conf: undefined, before: undefined, values: before};
  const first = plan(kernel, nothing);
  const installed = {
    conf: fileAfter(first, CONF),
    backup: fileAfter(first, '/etc/hw5/restore/sysctl.conf'),
    values: fileAfter(first, CONF)
      .content.split('\n')
      .filter((line) => line.startsWith('net.'))
      .join('\n'),
  };

  it('are set now and at boot, with a backup of the old values', () => {
    expect(lines(first)).toEqual([
      'write /etc/hw5/restore/sysctl.conf (mode 0644)',
      `write ${CONF} (mode 0644)`,
      `set them: sysctl -q -p ${CONF}`,
    ]);
    expect(installed.backup.content).toBe(`${before}\n`);
    expect(plan(kernel, installed)).toEqual([]);
  });

  it('are read together with those that Calico sets and does not restore', () => {
    const {script} = kernel.facts(contextOf({})).values!;
    for (const key of ['net.ipv6.conf.all.forwarding', 'net.netfilter.nf_conntrack_max', 'net.ipv4.conf.default.rp_filter'])
      expect(script.split(' ')).toContain(key);
  });

  it('are set again when they were changed, and the backup is kept', () => {
    expect(lines(plan(kernel, {...installed, values: before}))).toEqual([`set them: sysctl -q -p ${CONF}`]);
    expect(lines(plan(kernel, {...installed, conf: undefined}))).toEqual([
      `write ${CONF} (mode 0644)`,
      `set them: sysctl -q -p ${CONF}`,
    ]);
  });

  it('are kept with the value that Felix changes, too, where an earlier release made the backup without it', () => {
    const [, , felix] = before.split('\n');
    const backup = {...installed.backup, content: installed.backup.content.replace(`${felix}\n`, '')};
    const values = `${installed.values}\n${felix}`;
    const actions = plan(kernel, {...installed, backup, values});
    expect(lines(actions)).toEqual(['change /etc/hw5/restore/sysctl.conf (mode 0644)']);
    expect(fileAfter(actions, '/etc/hw5/restore/sysctl.conf')).toEqual(installed.backup);
    expect(plan(kernel, {...installed, values: values.replace(/2$/, '1')})).toEqual([]);
    expect(plan(kernel, {...installed, backup})).toEqual([]);
  });

  it('get their old values again', () => {
    expect(lines(undo(kernel, installed))).toEqual([
      `remove ${CONF}`,
      'set the old values: sysctl -e -q -p /etc/hw5/restore/sysctl.conf',
      'remove /etc/hw5/restore/sysctl.conf',
    ]);
    expect(undo(kernel, nothing)).toEqual([]);
  });
});
