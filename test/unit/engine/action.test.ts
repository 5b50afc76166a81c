import {describe, expect, it} from 'vitest';
import {type Action, describe as describeAction, ensureFile, ensureRunning, ensureUpload} from '../../../src/engine/action.js';
import type {UnitState} from '../../../src/engine/facts.js';
import {Secret} from '../../../src/host/command.js';
import {SECRETS} from '../../support/fake-inputs.js';

describe('a desired file', () => {
  it.each([
    ['is left alone when content and mode are right', {content: 'a', mode: '644'}, 0o644, 0],
    ['is written when it is not there', undefined, 0o644, 1],
    ['is written when its content differs', {content: 'b', mode: '644'}, 0o644, 1],
    ['is written when its mode differs', {content: 'a', mode: '644'}, 0o600, 1],
  ])('%s', (_, observed, mode, writes) => {
    expect(ensureFile('/f', 'a', observed, mode)).toHaveLength(writes);
  });

  it('is written with its old content, for the diff', () => {
    expect(ensureFile('/f', 'a', {content: 'b', mode: '644'})).toEqual([
      {kind: 'write', path: '/f', content: 'a', mode: 0o644, before: 'b'},
    ]);
  });

  it('is uploaded when its hash differs or it is missing', () => {
    const local = {path: '/here', sha256: 'aa'};
    expect(ensureUpload('/p', local, 'aa')).toEqual([]);
    for (const observed of ['bb', undefined]) {
      expect(ensureUpload('/p', local, observed)).toEqual([{kind: 'upload', path: '/p', localFile: '/here', mode: 0o755}]);
    }
  });
});

describe('a unit that is to run', () => {
  const installed: UnitState = {
    isLoaded: true,
    isActive: true,
    activeState: 'active',
    isPausing: false,
    isEnabled: true,
    isMasked: false,
    needsReload: false,
    restarts: 0,
  };
  const write: Action = {kind: 'write', path: '/u', content: '', mode: 0o644};

  it.each<[string, Partial<UnitState>, Action[], string[]]>([
    ['is left alone when it runs', {}, [], []],
    ['is started when it does not run', {isActive: false}, [], ['restart']],
    ['begins without the pause after its failures', {isActive: false, restarts: 7}, [], ['reset-failed', 'restart']],
    ['keeps the count of its restarts while it runs', {restarts: 7}, [write], ['daemon-reload', 'restart']],
    ['is enabled when it would not start at boot', {isEnabled: false}, [], ['enable']],
    ['is read again and restarted when its file was changed', {}, [write], ['daemon-reload', 'restart']],
    ['is read again and restarted when systemd has not read its file', {needsReload: true}, [], ['daemon-reload', 'restart']],
    ['is brought up from nothing', {isActive: false, isEnabled: false}, [write], ['daemon-reload', 'enable', 'restart']],
  ])('%s', (_, observed, changed, verbs) => {
    const actions = ensureRunning('x.service', {...installed, ...observed}, changed);
    expect(actions.map((action) => action.kind === 'systemctl' && action.verb)).toEqual(verbs);
  });
});

describe('an action in one line', () => {
  it.each<[Action, string]>([
    [{kind: 'run', title: 'greet', argv: ['echo', "it's", '$HOME']}, "greet: echo 'it'\\''s' '$HOME'"],
    [{kind: 'script', title: 'tidy up', script: 'rm x'}, 'tidy up'],
    [{kind: 'write', path: '/a', content: 'x', mode: 0o644}, 'write /a (mode 0644)'],
    [{kind: 'write', path: '/a', content: 'x', mode: 0o600, before: ''}, 'change /a (mode 0600)'],
    [{kind: 'upload', path: '/a', localFile: '/b', mode: 0o755}, 'upload /a'],
    [{kind: 'remove', path: '/a'}, 'remove /a'],
    [{kind: 'systemctl', verb: 'daemon-reload', units: []}, 'systemctl daemon-reload'],
    [{kind: 'systemctl', verb: 'stop', units: ['a', 'b']}, 'systemctl stop a b'],
    [{kind: 'feed', title: 'load', localFile: '/t', argv: ['docker', 'load']}, 'load: docker load'],
    [{kind: 'fetch', title: 'save', localFile: '/t', argv: ['docker', 'save']}, 'save: docker save'],
    [{kind: 'download', url: 'http://x/y', path: '/a', mode: 0o755}, 'download /a from http://x/y'],
  ])('%#: %j', (action, line) => {
    expect(describeAction(action)).toBe(line);
  });

  it('and as JSON contains no secret', () => {
    const actions: Action[] = [
      {kind: 'write', path: '/a', content: new Secret(SECRETS.token), mode: 0o600},
      {kind: 'run', title: 'log in', argv: ['login'], stdin: new Secret(SECRETS.token)},
    ];
    const text = actions.map(describeAction).join() + JSON.stringify(actions);
    expect(text).not.toContain(SECRETS.token);
  });
});
