import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {directories} from '../../../../src/components/host/directories.js';
import {observe} from '../../../../src/engine/observe.js';
import {LocalHost} from '../../../../src/host/local-host.js';
import {contextOf, lines, plan, undo} from '../situation.js';

describe("hw5's directories", () => {
  const state = (of: string) => ({'/var/lib/hw5': of, '/usr/local/lib/hw5': of, '/etc/hw5/restore': of, '/etc/hw5': of});

  it('are made if they are missing', () => {
    expect(lines(plan(directories, state('absent')))).toEqual([
      'make them: install -d -m 0755 /var/lib/hw5 /usr/local/lib/hw5 /etc/hw5/restore /etc/hw5',
    ]);
    expect(lines(plan(directories, {...state('in use'), '/var/lib/hw5': 'absent'}))).toEqual([
      'make them: install -d -m 0755 /var/lib/hw5',
    ]);
    expect([...plan(directories, state('empty')), ...plan(directories, state('in use'))]).toEqual([]);
  });

  it('are removed if they are empty, the inner before the outer', () => {
    expect(lines(undo(directories, {...state('empty'), '/var/lib/hw5': 'in use'}))).toEqual([
      'remove those that are empty: rmdir --ignore-fail-on-non-empty /usr/local/lib/hw5 /etc/hw5/restore /etc/hw5',
    ]);
    expect([...undo(directories, state('in use')), ...undo(directories, state('absent'))]).toEqual([]);
  });

  it('are empty if they contain only directories', async () => {
    const root = await mkdtemp(join(tmpdir(), 'hw5-folders-'));
    try {
      await mkdir(join(root, 'full/inner'), {recursive: true});
      await mkdir(join(root, 'nested/inner/most'), {recursive: true});
      await writeFile(join(root, 'full/inner/file'), '');
      const facts = directories.facts(contextOf({}));
      const fact = facts['/etc/hw5']!;
      const at = (name: string) => ({...fact, script: fact.script.replaceAll('/etc/hw5', join(root, name))});
      const observed = await observe(new LocalHost(), {full: at('full'), nested: at('nested'), none: at('none')});
      expect(observed).toEqual({full: 'in use', nested: 'empty', none: 'absent'});
    } finally {
      await rm(root, {recursive: true});
    }
  });
});
