import {describe, expect, it} from 'vitest';
import {calicoctl} from '../../../../src/components/calico/calicoctl.js';
import {fakeInputs} from '../../../support/fake-inputs.js';
import {clusterOf, fileAfter, lines, plan, undo} from '../situation.js';

const URL = 'https://github.com/projectcalico/calicoctl/releases/download/v1.6.5/calicoctl';
const CONFIG = '/etc/calico/calicoctl.cfg';

describe('calicoctl', () => {
  const nothing = {
    hash: undefined,
    origin: undefined,
    configuration: undefined,
    hasConfigBackup: false,
    hasProgramBackup: false,
  };
  const first = plan(calicoctl, nothing);
  const config = fileAfter(first, CONFIG);
  const installed = {
    hash: 'a'.repeat(64),
    origin: fileAfter(first, '/etc/hw5/calicoctl.origin'),
    configuration: config,
    hasConfigBackup: false,
    hasProgramBackup: false,
  };
  const pinned = clusterOf(`calico: {calicoctl: {url: "${URL}", sha256: "${'a'.repeat(64)}"}}`);

  it('is downloaded by the host, which records from where', () => {
    expect(lines(first)).toEqual([
      'write /etc/hw5/calicoctl.origin (mode 0644)',
      `download /usr/local/bin/calicoctl from ${URL}`,
      'change /etc/hw5/calicoctl.origin (mode 0644)',
      `write ${CONFIG} (mode 0644)`,
    ]);
    expect(config.content).toContain('http://198.18.0.10:2379,http://198.18.0.11:2379,http://198.18.0.12:2379');
  });

  it('is kept when it came from there', () => {
    expect(plan(calicoctl, installed)).toEqual([]);
  });

  it.each<[string, object]>([
    ['it is missing', {hash: undefined}],
    ['it came from another URL', {origin: {content: 'http://old\n', mode: '644'}}],
  ])('is downloaded again when %s', (_, observed) => {
    expect(lines(plan(calicoctl, {...installed, ...observed}))).toContainEqual(expect.stringMatching(/^download/));
  });

  it('is identified by its hash alone if that is pinned', () => {
    expect(plan(calicoctl, {...installed, origin: undefined}, {cluster: pinned})).toEqual([]);
    expect(lines(plan(calicoctl, {...installed, hash: 'b'.repeat(64)}, {cluster: pinned}))).toEqual([
      'change /etc/hw5/calicoctl.origin (mode 0644)',
      `download /usr/local/bin/calicoctl from ${URL}`,
      'change /etc/hw5/calicoctl.origin (mode 0644)',
    ]);
  });

  it('is uploaded when it is a file of the controller', () => {
    const inputs = fakeInputs({calicoctl: {path: '/here/calicoctl', sha256: 'b'.repeat(64)}});
    expect(lines(plan(calicoctl, installed, {inputs}))).toEqual([
      'change /etc/hw5/calicoctl.origin (mode 0644)',
      'upload /usr/local/bin/calicoctl',
      'change /etc/hw5/calicoctl.origin (mode 0644)',
    ]);
    expect(plan(calicoctl, {...installed, hash: 'b'.repeat(64)}, {inputs})).toEqual([]);
  });

  it('backs up a foreign configuration without reading it, and restores it', () => {
    const actions = plan(calicoctl, {...installed, configuration: 'foreign'});
    expect(lines(actions)).toEqual([
      `back up the existing one: cp -p -- ${CONFIG} /etc/hw5/restore/calicoctl.cfg`,
      `write ${CONFIG} (mode 0644)`,
    ]);
    expect(lines(undo(calicoctl, {...installed, hasConfigBackup: true}))[0]).toBe(
      `restore the backup: mv -f -- /etc/hw5/restore/calicoctl.cfg ${CONFIG}`,
    );
    expect(lines(undo(calicoctl, installed))[0]).toBe(`remove ${CONFIG}`);
  });

  it('backs up a foreign program, and restores it', () => {
    const foreign = {...installed, hash: 'b'.repeat(64), origin: undefined};
    expect(lines(plan(calicoctl, foreign, {cluster: pinned}))[0]).toBe(
      'back up the existing one: cp -p -- /usr/local/bin/calicoctl /etc/hw5/restore/calicoctl',
    );
    expect(lines(undo(calicoctl, {...installed, hasProgramBackup: true}))).toContain(
      'restore the backup: mv -f -- /etc/hw5/restore/calicoctl /usr/local/bin/calicoctl',
    );
  });

  it.each([
    ['managed', undefined, `remove /usr/local/bin/calicoctl`],
    ['foreign', 'b'.repeat(64), 'restore the backup: mv -f -- /etc/hw5/restore/calicoctl /usr/local/bin/calicoctl'],
  ])('that was %s before an interrupted download is still known as such', (_, hash, undone) => {
    const cut = {...installed, hash, origin: undefined};
    const actions = plan(calicoctl, cut);
    for (const [index, {kind}] of actions.entries()) {
      if (kind !== 'download') continue;
      const [note] = actions.slice(0, index).filter((action) => action.kind === 'write');
      const half = {...cut, origin: {content: String(note!.content), mode: '644'}, hasProgramBackup: hash !== undefined};
      expect(lines(plan(calicoctl, half))).toContainEqual(expect.stringMatching(/^download/));
      expect(lines(undo(calicoctl, half))).toContain(undone);
    }
    expect(actions.map(({kind}) => kind)).toContain('download');
    const kept = {...cut, hasProgramBackup: true};
    expect(lines(undo(calicoctl, kept))).toContain(
      'restore the backup: mv -f -- /etc/hw5/restore/calicoctl /usr/local/bin/calicoctl',
    );
  });

  it('removes only what is managed', () => {
    expect(undo(calicoctl, nothing)).toEqual([]);
    expect(undo(calicoctl, {...installed, configuration: 'foreign', origin: undefined})).toEqual([]);
    expect(lines(undo(calicoctl, {...nothing, origin: installed.origin}))).toContain('remove /usr/local/bin/calicoctl');
  });
});
